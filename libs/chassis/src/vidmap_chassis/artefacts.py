"""What a stage made, kept under a key of all that shaped it, so that a redelivery, a retry or a replay finds it."""

import hashlib
import json
from datetime import timedelta

from vidmap_chassis.postgres import Database, away_is_waiting

_GET = "select body from artefacts where key = $1 and (expires_at is null or expires_at > now())"
_PUT = """
insert into artefacts (key, kind, owner, video_id, body, expires_at)
values ($1, $2, $3, $4, $5, now() + $6::interval)
on conflict (key) do update set body = excluded.body, owner = excluded.owner, expires_at = excluded.expires_at
"""
_OWNED = "select key, body from artefacts where owner = $1 and kind = $2 order by key"
_COUNT = "select count(*) from artefacts where owner = $1 and kind = $2"
_DISCARD = "delete from artefacts where owner = $1 and ($2::text is null or kind = $2)"


def artefact_key(kind: str, *parts: object) -> str:
    """A key that is equal exactly where kind and parts are equal.

    Args:
        kind: what the artefact is.
        parts: all that shaped it, as values that JSON can say.
    """
    canonical = json.dumps(parts, sort_keys=True, separators=(",", ":"), default=str)
    return f"{kind}:{hashlib.sha256(canonical.encode()).hexdigest()}"


class Artefacts:
    """Bytes under a key, in Postgres. Every method raises `WaitError` while Postgres is away."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, key: str) -> bytes | None:
        """The body, or None where there is none or it is past its time."""
        with away_is_waiting():
            return await self._database.pool.fetchval(_GET, key)

    async def put(
        self,
        key: str,
        body: bytes,
        *,
        kind: str,
        video_id: str,
        owner: str | None = None,
        ttl: timedelta | None = None,
    ) -> None:
        """Store a body; storing it again replaces it.

        Args:
            key: from `artefact_key`.
            body: the bytes.
            kind: what it is.
            video_id: the video that it came from.
            owner: what it belongs to, such as a run, to list and discard it by.
            ttl: how long it is kept; None for as long as the video.
        """
        with away_is_waiting():
            await self._database.pool.execute(_PUT, key, kind, owner, video_id, body, ttl)

    async def owned(self, owner: str, kind: str) -> dict[str, bytes]:
        """All bodies of one kind that belong to `owner`, by key, in the order of their keys."""
        with away_is_waiting():
            rows = await self._database.pool.fetch(_OWNED, owner, kind)
        return {row["key"]: row["body"] for row in rows}

    async def count(self, owner: str, kind: str) -> int:
        """How many artefacts of one kind belong to `owner`."""
        with away_is_waiting():
            return int(await self._database.pool.fetchval(_COUNT, owner, kind))

    async def discard(self, owner: str, kind: str | None = None) -> int:
        """Delete what belongs to `owner` (of one kind, or all); returns how many there were."""
        with away_is_waiting():
            return _rows(await self._database.pool.execute(_DISCARD, owner, kind))


def _rows(command_tag: str) -> int:
    return int(command_tag.rsplit(" ", 1)[1])
