"""Which records of a retry topic are due, and how far its partition may be committed. Pure: no broker, no clock.

A record waits until it is due, but no longer in one pass than its topic's fixed delay: what is due later goes to the
end of the longest topic again. Records of one partition need not become due in order.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Held(Generic[R]):
    """One record that waits. Times are epoch seconds."""

    record: R
    offset: int
    due: float
    """When it goes back to where it came from."""
    leaves: float
    """When it leaves this topic at the latest."""

    def is_ready(self, now: float) -> bool:
        """Whether it is due, or has waited here long enough."""
        return now >= min(self.due, self.leaves)

    def goes_home(self, now: float) -> bool:
        """Whether it goes back to its origin, and not through the topic once more."""
        return now >= self.due


class Waiting(Generic[R]):
    """The records of one partition that wait."""

    def __init__(self) -> None:
        self._held: dict[int, Held[R]] = {}
        self._newest = -1

    def __len__(self) -> int:
        return len(self._held)

    def hold(self, records: Iterable[Held[R]]) -> None:
        """Add records, in the order of their offsets."""
        for held in records:
            self._held[held.offset] = held
            self._newest = held.offset

    def ready(self, now: float) -> list[Held[R]]:
        """What has to be sent now, earliest first."""
        return sorted((held for held in self._held.values() if held.is_ready(now)), key=lambda held: held.due)

    def sent(self, held: Held[R]) -> None:
        """The broker has taken the record."""
        del self._held[held.offset]

    @property
    def position(self) -> int:
        """What may be committed: the oldest record that still waits, or the one after the newest."""
        return next(iter(self._held), self._newest + 1)

    def next_at(self) -> float | None:
        """When the next record is ready; None where none waits."""
        return min((min(held.due, held.leaves) for held in self._held.values()), default=None)
