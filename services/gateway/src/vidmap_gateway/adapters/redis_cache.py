"""Finished videos in Redis, for an hour: saves the look-up in Postgres."""

from typing import Any
from uuid import UUID

from vidmap_gateway.adapters.redis import Client, RedisLink

TTL_S = 3600


class RedisResultCache:
    """Remembers which run made the result of a video."""

    def __init__(self, link: RedisLink) -> None:
        self._link = link

    async def get(self, video_id: str, options_digest: str) -> UUID | None:
        """The completed run, where it is known."""
        found: Any = await self._link.ask(lambda redis: redis.get(_key(video_id, options_digest)))
        try:
            return UUID(found) if found else None
        except ValueError:  # somebody else wrote there
            return None

    async def put(self, video_id: str, options_digest: str, run_id: UUID) -> None:
        """Remember a completed run."""

        async def write(redis: Client) -> None:
            await redis.set(_key(video_id, options_digest), str(run_id), ex=TTL_S)

        await self._link.ask(write)


def _key(video_id: str, options_digest: str) -> str:
    return f"vidmap:video:{video_id}:{options_digest}"
