"""Storing a finished result, and saying so."""

from vidmap_contracts.mindmap import MindmapGenerated
from vidmap_contracts.video import VideoIndexed
from vidmap_indexer.ports import Clock, VideoStore


class Indexing:
    """The last stage of a run.

    Args:
        store: where results go.
        clock: the time.
    """

    def __init__(self, store: VideoStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def store(self, event: MindmapGenerated) -> None:
        """Store the result; once or again makes no difference.

        Raises:
            TransientError: the database is away.
        """
        await self._store.replace(event)

    def indexed(self, event: MindmapGenerated) -> VideoIndexed:
        """The fact that the result can be found: the database indexes segments as it stores them."""
        return VideoIndexed.caused_by(event, at=self._clock(), options=event.options)
