"""Gives stretches of units what a reader sees of them: labels, summaries and times."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, count

from vidmap_analyze.domain.candidates import Counts
from vidmap_analyze.domain.casing import Casing
from vidmap_analyze.domain.features import Features
from vidmap_analyze.domain.labels import Named, Namer, Naming, first_words
from vidmap_analyze.domain.material import Line, Outline, Stretch
from vidmap_analyze.domain.phrases import Phrases
from vidmap_analyze.domain.sentences import summary_of
from vidmap_analyze.domain.timing import Timeline
from vidmap_analyze.domain.units import Unit
from vidmap_analyze.domain.writing import stems

Span = tuple[int, int]
"""Units first..stop-1."""


@dataclass(frozen=True, slots=True)
class Branch:
    """A first-level topic before it is written."""

    span: Span
    title: str | None
    """What the uploader calls it."""
    parts: tuple[Span, ...]


class Writer:
    """Writes the outline of one transcript.

    Args:
        lines: the transcript.
        units: what it was cut into.
        features: numbers about the units.
        phrases: what is said in them.
        namer: gives out labels.
    """

    def __init__(
        self, lines: Sequence[Line], units: Sequence[Unit], features: Features, phrases: Phrases, namer: Namer
    ) -> None:
        self._lines = lines
        self._units = units
        self._features = features
        self._phrases = phrases
        self._namer = namer
        self._casing = Casing(unit.text for unit in units)
        self._timeline = Timeline(lines)
        self._summaries: set[str] = set()

    def write(self, branches: Sequence[Branch]) -> Outline:
        """The outline of these branches. Names go to the first level first: it has the choice."""
        summary = self._summary((0, len(self._units)))
        named = self._name_branches(branches)
        heads = [self._stretch(branch.span, name) for branch, name in zip(branches, named, strict=True)]
        everywhere = [self._phrases.counts(*span) for branch in branches for span in branch.parts]
        stretches: list[Stretch] = []
        for branch, head, name in zip(branches, heads, named, strict=True):
            parts = self._parts(branch.parts, name, everywhere)
            stretches.append(
                Stretch(head.label, head.summary, head.first, head.last, head.start, head.end, tuple(parts))
            )
        return Outline(summary, tuple(stretches))

    def _name_branches(self, branches: Sequence[Branch]) -> list[Named]:
        titled = {branch.span: self._namer.take(branch.title) for branch in branches if branch.title}
        untitled = [branch.span for branch in branches if branch.span not in titled]
        everywhere = [self._phrases.counts(*branch.span) for branch in branches]
        names = self._namer.name([self._naming(span) for span in untitled], everywhere, list(titled.values()))
        found = titled | dict(zip(untitled, names, strict=True))
        return [found[branch.span] for branch in branches]

    def _parts(self, spans: Sequence[Span], parent: Named, everywhere: Sequence[Counts]) -> list[Stretch]:
        names = self._namer.name([self._naming(span) for span in spans], everywhere, [parent])
        return [self._stretch(span, name) for span, name in zip(spans, names, strict=True)]

    def _naming(self, span: Span) -> Naming:
        return Naming(self._phrases.counts(*span), self._features.centre(*span))

    def _stretch(self, span: Span, name: Named) -> Stretch:
        first, last = self._units[span[0]].first, self._units[span[1] - 1].last
        summary = self._summary(span)
        start, end = self._timeline.of(first, last)
        return Stretch(self._label(name, summary, span), summary, first, last, start, end)

    def _label(self, name: Named, summary: str, span: Span) -> str:
        if name.verbatim:
            return name.phrase
        if name.phrase:
            return self._casing.label(name.phrase)
        phrase = first_words(summary, self._phrases.stop_words) or first_words(summary, ())
        numbered = (f"{phrase} ({number})" for number in count(span[0] + 1))
        free = next(told for told in chain([phrase], numbered) if stems(told) not in self._namer.taken)
        self._namer.taken.add(stems(free))
        return self._casing.label(free)

    def _summary(self, span: Span) -> str:
        units = self._units[span[0] : span[1]]
        lines = self._lines[units[0].first : units[-1].last + 1]
        texts = [" ".join(line.text.split()) for line in lines]
        # Where each line begins in the joined text, and where each unit does.
        places = [0, *accumulate(len(text) + 1 for text in texts)]
        begins = [places[unit.first - units[0].first] for unit in units]
        central = self._features.centrality(*span)

        def score(place: float) -> float:
            return float(central[max(0, bisect_right(begins, place) - 1)])

        pieces = [unit.text for unit in units]
        summary = summary_of(" ".join(texts), score, frozenset(self._summaries), pieces)
        self._summaries.add(summary)
        return summary
