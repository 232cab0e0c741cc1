"""The store of metadata, among the artefacts in Postgres."""

from datetime import timedelta

from pydantic import ValidationError

from vidmap_chassis.artefacts import Artefacts, artefact_key
from vidmap_contracts.video import VideoMetadata

_KIND = "metadata"
# Counts up when the same sources begin to give something else.
_VERSION = 1


class ArtefactStore:
    """Metadata by video.

    Args:
        artefacts: where it is kept.
        ttl: for how long.
    """

    def __init__(self, artefacts: Artefacts, ttl: timedelta) -> None:
        self._artefacts = artefacts
        self._ttl = ttl

    async def load(self, video_id: str) -> VideoMetadata | None:
        """What was kept, where this version can still read it."""
        body = await self._artefacts.get(_key(video_id))
        if body is None:
            return None
        try:
            return VideoMetadata.model_validate_json(body)
        except ValidationError:
            return None

    async def save(self, video_id: str, metadata: VideoMetadata) -> None:
        """Keep it, in place of what was there."""
        body = metadata.model_dump_json().encode()
        await self._artefacts.put(_key(video_id), body, kind=_KIND, video_id=video_id, ttl=self._ttl)


def _key(video_id: str) -> str:
    return artefact_key(_KIND, video_id, _VERSION)
