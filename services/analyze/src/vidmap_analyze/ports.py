"""What the service needs from outside."""

from typing import Protocol

from vidmap_analyze.domain.material import Material, Outline


class Analyser(Protocol):
    """Finds the topics of a transcript, off the event loop."""

    async def analyse(self, material: Material) -> Outline:
        """The outline; without topics where nobody speaks. Cancelling it stops the work.

        Raises:
            ModelMissingError: the embedding model is not there.
            WorkerDiedError: the process that did the work is gone.
        """
        ...


class OutlineStore(Protocol):
    """Keeps outlines by all that shaped them."""

    async def load(self, material: Material) -> Outline | None:
        """What was made of the same material by this version of the analysis."""
        ...

    async def save(self, video_id: str, material: Material, outline: Outline) -> None:
        """Keep it; again does no harm."""
        ...
