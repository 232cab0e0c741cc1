"""Which records of a consumer are open, and how far each partition may be committed.

Pure: no broker, no clock, no tasks. What happens to a record, in any order with the others:

    arrive ──▶ (waits for a slot) ──▶ admit ──▶ open ──▶ finish
                                        ├─▶ repeated: still open here, or done here
                                        └─▶ turned away: a rebalance passed while it waited; it comes again

Offsets may have gaps (compaction, transactions), so what is tracked is the oldest open offset, never a count.
"""

from collections.abc import Collection, Hashable
from dataclasses import dataclass, field
from enum import Enum
from typing import Generic, TypeVar

P = TypeVar("P", bound=Hashable)
"""A partition, as the client names it."""


class Admission(Enum):
    """What to do with a record that has got a slot."""

    TAKEN = "taken"
    REPEATED = "repeated"
    TURNED_AWAY = "turned away"


@dataclass(frozen=True, slots=True)
class Entry(Generic[P]):
    """One open record. `log` tells records apart that have the same offset in two lives of a partition."""

    partition: P
    log: int
    offset: int


@dataclass(slots=True)
class _Log:
    """What is known of one partition's log since it was assigned, or since it began anew."""

    life: int
    newest: int = -1
    committed: int = -1
    open: dict[int, None] = field(default_factory=dict[int, None])
    """Offsets in ascending order."""
    seen: dict[int, int] = field(default_factory=dict[int, int])
    """Offset to timestamp (ms) of what was admitted and is not committed yet."""

    @property
    def position(self) -> int:
        return next(iter(self.open), self.newest + 1)

    def admit(self, offset: int, timestamp: int) -> None:
        self.newest = offset
        self.open[offset] = None
        self.seen[offset] = timestamp

    def commit(self, position: int) -> None:
        self.committed = max(self.committed, position)
        for offset in [offset for offset in self.seen if offset < position]:
            del self.seen[offset]

    def began_anew(self, offset: int, timestamp: int) -> bool:
        """Below the committed offset, or where this log had another record, or none: the broker lost the log."""
        return offset < self.committed or (offset <= self.newest and self.seen.get(offset) != timestamp)


class Flight(Generic[P]):
    """The open records of one consumer.

    Invariant: no position to commit is ever past an open record.
    """

    def __init__(self) -> None:
        self._logs: dict[P, _Log] = {}
        self._lives = 0
        self._generation = 0
        self._held = False

    def arrive(self) -> int:
        """A record came and waits for a slot: remember which assignment it came under."""
        return self._generation

    def admit(self, partition: P, offset: int, timestamp: int, arrived: int) -> tuple[Admission, list[Entry[P]]]:
        """Decide on a record that has got a slot; a record that is `TAKEN` is open from now on.

        Args:
            partition: where it is from.
            offset: its offset there.
            timestamp: the broker's, ms.
            arrived: what `arrive` returned.

        Returns:
            The decision, and the entries that are void because the broker lost the log that they were from.
        """
        if self._held or arrived != self._generation:
            return Admission.TURNED_AWAY, []
        log, void = self._log_for(partition, offset, timestamp)
        if offset <= log.newest:
            return Admission.REPEATED, void
        log.admit(offset, timestamp)
        return Admission.TAKEN, void

    def _log_for(self, partition: P, offset: int, timestamp: int) -> tuple[_Log, list[Entry[P]]]:
        log = self._logs.get(partition)
        if log is not None and not log.began_anew(offset, timestamp):
            return log, []
        void = self._entries(partition, log)
        self._lives += 1
        self._logs[partition] = _Log(self._lives)
        return self._logs[partition], void

    def entry(self, partition: P, offset: int) -> Entry[P]:
        """The entry of an open record."""
        return Entry(partition, self._logs[partition].life, offset)

    def finish(self, entry: Entry[P]) -> None:
        """The record was handled, or its failure is safe with the broker. Void entries change nothing."""
        log = self._logs.get(entry.partition)
        if log is not None and log.life == entry.log:
            log.open.pop(entry.offset, None)

    def revoke(self) -> None:
        """A rebalance begins: nothing is admitted until `assign`."""
        self._held = True

    def assign(self, mine: Collection[P]) -> list[Entry[P]]:
        """A rebalance ended: keep what stayed here; returns the entries of partitions that went elsewhere."""
        self._generation += 1
        self._held = False
        gone = [partition for partition in self._logs if partition not in mine]
        return [entry for partition in gone for entry in self._entries(partition, self._logs.pop(partition))]

    def due(self, mine: Collection[P]) -> dict[P, int]:
        """What to commit: for each partition that moved, its oldest open offset, or the one after the newest."""
        return {
            partition: log.position
            for partition, log in self._logs.items()
            if partition in mine and log.newest >= 0 and log.position > log.committed
        }

    def committed(self, positions: dict[P, int]) -> None:
        """The broker took a commit."""
        for partition, position in positions.items():
            if partition in self._logs:
                self._logs[partition].commit(position)

    def confirm(self, committed: dict[P, int]) -> list[Entry[P]]:
        """Compare with what the broker says was committed; less than was taken of us means that it lost the log.

        To be asked after a rebalance and before a commit: a position of the lost log would hide records of the new one.
        Returns the entries that are void.
        """
        lost = [partition for partition, position in committed.items() if position < self._committed_here(partition)]
        return [entry for partition in lost for entry in self._entries(partition, self._logs.pop(partition))]

    def unanchored(self, partition: P) -> bool:
        """Whether nothing of this log was committed yet: then `confirm` could not see that it was lost."""
        return self._committed_here(partition) < 0

    def _committed_here(self, partition: P) -> int:
        return self._logs[partition].committed if partition in self._logs else -1

    def ahead(self, partition: P) -> int:
        """How far the newest record is past the oldest open one, 0 where none is open."""
        log = self._logs.get(partition)
        return log.newest - next(iter(log.open), log.newest) if log is not None else 0

    def _entries(self, partition: P, log: _Log | None) -> list[Entry[P]]:
        return [Entry(partition, log.life, offset) for offset in log.open] if log is not None else []
