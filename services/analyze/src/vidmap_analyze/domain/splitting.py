"""One nested tree of topics, cut from the top: each cut goes where it lowers the cost of the whole most.

Greedy divisive segmentation as in TreeSeg (Gklezakos et al. 2024, arXiv 2407.12028). Because the second level only
goes on cutting what the first level left, it is nested without further work.
"""

import heapq
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from vidmap_analyze.domain.costs import Matrix

_LONGEST_MINIMUM_UNITS = 5


@dataclass(frozen=True, order=True, slots=True)
class _Cut:
    change: float
    """Of the cost; below 0 where the cut helps."""
    at: int
    first: int
    stop: int


class _Cutter:
    """Cuts a row of units further and further.

    Args:
        costs: from `span_costs`.
        cuts: where it is cut already.
        shortest: fewest units in a piece.
    """

    def __init__(self, costs: Matrix, cuts: Sequence[int], shortest: int) -> None:
        self._costs = costs
        self._shortest = shortest
        self.cuts = list(cuts)
        self._waiting: list[_Cut] = []
        for first, stop in spans(cuts, len(costs) - 1):
            self._consider(first, stop)

    def next(self) -> int | None:
        """Make the best cut that is left and return where; None where no piece is long enough."""
        if not self._waiting:
            return None
        best = heapq.heappop(self._waiting)
        self.cuts.append(best.at)
        self._consider(best.first, best.at)
        self._consider(best.at, best.stop)
        return best.at

    def _consider(self, first: int, stop: int) -> None:
        low, high = first + self._shortest, stop - self._shortest
        if high < low:
            return
        totals = self._costs[first, low : high + 1] + self._costs[low : high + 1, stop]
        best = int(totals.argmin())
        change = round(float(totals[best] - self._costs[first, stop]), 9)
        heapq.heappush(self._waiting, _Cut(change, low + best, first, stop))


def cut(costs: Matrix, pieces: int, begun: Sequence[int] = ()) -> tuple[int, ...]:
    """Cut until there are `pieces` pieces, or every piece is one unit.

    Args:
        costs: from `span_costs`, shape (n + 1, n + 1).
        pieces: how many to end with.
        begun: cuts that are there already, ascending; they stay.

    Returns:
        units at which pieces begin, ascending; 0 is never among them.
    """
    shortest = shortest_piece(len(costs) - 1, pieces)
    while True:
        cutter = _Cutter(costs, begun, shortest)
        while len(cutter.cuts) < pieces - 1 and cutter.next() is not None:
            pass
        if len(cutter.cuts) >= pieces - 1 or shortest == 1:
            return tuple(sorted(cutter.cuts))
        shortest //= 2


def subdivide(costs: Matrix, branches: Sequence[int], pieces: int, most: int | None) -> tuple[int, ...]:
    """Go on cutting below the first level: every branch in two where it can be, then wherever it helps most.

    Args:
        costs: from `span_costs`.
        branches: the cuts of the first level, ascending.
        pieces: how many pieces to end with.
        most: pieces in one branch at most; None for any number.

    Returns:
        all cuts, those of `branches` among them, ascending.
    """
    size = len(costs) - 1
    shortest = shortest_piece(size, pieces)
    begun = list(branches)
    if pieces >= 2 * (len(branches) + 1):
        for first, stop in spans(branches, size):
            part = _Cutter(costs[first : stop + 1, first : stop + 1], (), shortest)
            if (at := part.next()) is not None:
                begun.append(first + at)
    if most is None:
        return cut(costs, pieces, sorted(begun))
    return _capped(_Cutter(costs, sorted(begun), shortest), branches, pieces, most)


def _capped(cutter: _Cutter, branches: Sequence[int], pieces: int, most: int) -> tuple[int, ...]:
    """Cut on, but leave out the cuts that would give a branch more than `most` pieces."""
    kept = sorted(cutter.cuts)
    counts = [1] * (len(branches) + 1)
    for at in set(kept) - set(branches):
        counts[bisect_right(branches, at)] += 1
    while len(kept) < pieces - 1 and (at := cutter.next()) is not None:
        branch = bisect_right(branches, at)
        if counts[branch] < most:
            counts[branch] += 1
            kept.append(at)
    return tuple(sorted(kept))


def shortest_piece(size: int, pieces: int) -> int:
    """Fewest units that a topic may have, where `size` units are cut into `pieces`: no slivers at the ends."""
    return max(2, min(_LONGEST_MINIMUM_UNITS, size // (10 * max(1, pieces)) + 2))


def spans(cuts: Sequence[int], size: int) -> list[tuple[int, int]]:
    """The stretches [first, stop) between cuts, of `size` units in all."""
    return list(pairwise([0, *cuts, size]))
