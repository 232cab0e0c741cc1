"""What the indexer needs from outside."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from vidmap_contracts.mindmap import MindmapGenerated

Clock = Callable[[], datetime]


class VideoStore(Protocol):
    """Keeps finished results."""

    async def replace(self, event: MindmapGenerated) -> None:
        """Store the result with its searchable segments, in the place of an older one for the same options.

        A newer result stays. Raises TransientError where the store is away.
        """
        ...
