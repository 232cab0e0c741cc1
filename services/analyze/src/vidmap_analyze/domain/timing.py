"""When a stretch of lines begins and ends."""

from collections.abc import Sequence

from vidmap_analyze.domain.material import Line

Times = tuple[float | None, float | None]
# A topic that the source gives no length still needs one, to be a place that a player can go to.
_SHORTEST_SECONDS = 0.5


class Timeline:
    """The times of a transcript's lines, made to ascend.

    Args:
        lines: the transcript. Where one line has no start, no time is known at all.
    """

    def __init__(self, lines: Sequence[Line]) -> None:
        starts = [line.start for line in lines]
        self._known = all(start is not None for start in starts)
        self._starts: list[float] = []
        self._ends: list[float] = []
        if self._known:
            self._fill(lines, [start or 0.0 for start in starts])

    def _fill(self, lines: Sequence[Line], starts: Sequence[float]) -> None:
        latest = 0.0
        for start in starts:
            latest = max(latest, start)
            self._starts.append(latest)
        nexts = [*self._starts[1:], self._starts[-1] + _SHORTEST_SECONDS]
        for line, start, following in zip(lines, self._starts, nexts, strict=True):
            self._ends.append(max(start, following if line.end is None else line.end))

    def of(self, first: int, last: int) -> Times:
        """Seconds at which lines `first` to `last`, inclusive, begin and end; not after the next line begins."""
        if not self._known:
            return None, None
        start, end = self._starts[first], max(self._ends[first : last + 1])
        if last + 1 < len(self._starts):
            following = self._starts[last + 1]
            end = following if end <= start else min(end, following)
        return start, max(end, start + _SHORTEST_SECONDS) if last + 1 == len(self._starts) else end
