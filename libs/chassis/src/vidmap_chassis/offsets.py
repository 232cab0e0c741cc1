"""Which records of a partition are open, and how far it may be committed. Pure: no broker, no clock, no tasks.

Offsets may have gaps (compaction, transactions), so what is tracked is the oldest open offset, never a count.
"""

from enum import Enum


class Verdict(Enum):
    """What to do with a record that the broker handed out."""

    NEW = "new"
    REPEATED = "repeated"
    """Still open here, or done here: skip it."""
    LOG_BEGAN_ANEW = "log began anew"
    """The broker lost the partition's log: forget what was open, then ask again."""


class PartitionOffsets:
    """The open records of one partition.

    Invariant: `position` is never past an open record.
    """

    def __init__(self) -> None:
        self._open: dict[int, int] = {}
        """Offset to timestamp (ms), in ascending order of offsets."""
        self._newest = -1
        self._committed = -1

    @property
    def open(self) -> tuple[int, ...]:
        """Offsets that are being worked on, ascending."""
        return tuple(self._open)

    @property
    def position(self) -> int:
        """The offset that may be committed: the oldest open record, or the one after the newest."""
        return next(iter(self._open), self._newest + 1)

    @property
    def ahead(self) -> int:
        """How far the newest record is past the oldest open one, 0 where none is open."""
        return self._newest - next(iter(self._open), self._newest)

    @property
    def uncommitted(self) -> bool:
        """Whether `position` moved since the last commit."""
        return self._newest >= 0 and self.position > self._committed

    def judge(self, offset: int, timestamp: int) -> Verdict:
        """What a record is, from its offset and its broker timestamp (ms)."""
        if offset < self._committed or self._open.get(offset, timestamp) != timestamp:
            return Verdict.LOG_BEGAN_ANEW
        return Verdict.REPEATED if offset <= self._newest else Verdict.NEW

    def take(self, offset: int, timestamp: int) -> None:
        """Open a record that was judged `NEW`."""
        if offset <= self._newest:
            raise ValueError(f"offset {offset} is not past {self._newest}")
        self._newest = offset
        self._open[offset] = timestamp

    def finish(self, offset: int) -> None:
        """Close a record: it was handled, or its failure is safe with the broker."""
        del self._open[offset]

    def committed(self, position: int) -> None:
        """The broker took a commit of `position`."""
        self._committed = max(self._committed, position)
