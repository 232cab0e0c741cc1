"""What the service needs from outside."""

from dataclasses import dataclass
from typing import Protocol

from vidmap_contracts.video import MetadataSource, VideoMetadata
from vidmap_metadata.domain import Liveness


@dataclass(frozen=True, slots=True)
class Found:
    """What a source knows of a video."""

    metadata: VideoMetadata
    liveness: Liveness = Liveness.RECORDED


class Source(Protocol):
    """Something that describes videos."""

    @property
    def name(self) -> MetadataSource:
        """Which one it is."""
        ...

    async def find(self, video_id: str) -> Found | None:
        """What it knows; None where it does not know this video, for a reason that it does not tell.

        Raises:
            TransientError: it cannot be asked now; another source may be.
            PermanentError: there is no use in asking anybody.
        """
        ...


class MetadataStore(Protocol):
    """Remembers what was found, for a while."""

    async def load(self, video_id: str) -> VideoMetadata | None:
        """What was found not long ago."""
        ...

    async def save(self, video_id: str, metadata: VideoMetadata) -> None:
        """Remember it; again does no harm."""
        ...
