"""The smallest pieces that a topic can begin with: whole lines, put together to about a sentence each."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from vidmap_analyze.domain.material import Line
from vidmap_analyze.domain.writing import word_count

TERMINAL = re.compile(r"[.!?…。！？]+[\"'”’)\]」』]*(?=\s|$)|[。！？]")
# At least one full stop in so many words, or the captions were written without them.
_WORDS_PER_STOP = 40
_UNPUNCTUATED_WORDS = 14
_LONGEST_SENTENCE_WORDS = 40
_PAUSE_SECONDS = 1.0
_SHORTEST_AT_PAUSE_WORDS = 6


@dataclass(frozen=True, slots=True)
class Unit:
    """Lines `first` to `last`, inclusive, and the words in them."""

    text: str
    first: int
    last: int
    words: int


@dataclass(slots=True)
class _Open:
    """The unit that lines are being added to."""

    first: int
    words: int = 0


def units_of(lines: Sequence[Line], texts: Sequence[str], wanted: int = 0) -> list[Unit]:
    """Group lines to units: to the ends of sentences where there are any, else to 14 words, sooner at a pause.

    Args:
        lines: the transcript.
        texts: their cleaned texts, one for each line.
        wanted: units are made shorter where there would be fewer than this.

    Returns:
        units with at least one word each that cover all lines; none where nobody speaks.
    """
    counts = [word_count(text) for text in texts]
    if not any(counts):
        return []
    punctuated = _is_punctuated(texts, sum(counts))
    limit = _LONGEST_SENTENCE_WORDS if punctuated else _UNPUNCTUATED_WORDS
    if wanted:
        limit = max(1, min(limit, sum(counts) // wanted))
    starts = _starts(lines, texts, counts, limit, punctuated=punctuated)
    return _joined(starts, texts, counts)


def merged(units: Sequence[Unit], most: int) -> list[Unit]:
    """Neighbours put together, so many at a time that no more than `most` are left."""
    size = -(-len(units) // most)
    if size <= 1:
        return list(units)
    return [_one(units[first : first + size]) for first in range(0, len(units), size)]


def _one(units: Sequence[Unit]) -> Unit:
    text = " ".join(unit.text for unit in units)
    return Unit(text, units[0].first, units[-1].last, sum(unit.words for unit in units))


def _is_punctuated(texts: Sequence[str], words: int) -> bool:
    return sum(len(TERMINAL.findall(text)) for text in texts) * _WORDS_PER_STOP >= words


def _starts(
    lines: Sequence[Line], texts: Sequence[str], counts: Sequence[int], limit: int, *, punctuated: bool
) -> list[int]:
    """The lines at which units begin; 0 first."""
    starts = [0]
    current = _Open(0)
    ended = False
    for index, text in enumerate(texts):
        before, after = _sentence_edges(text) if punctuated else (False, False)
        due = ended or before or current.words >= limit or _paused(lines, index, current.words)
        if current.words and counts[index] and due and _moves_on(lines, current.first, index):
            starts.append(index)
            current = _Open(index)
        current.words += counts[index]
        ended = after or (ended and not counts[index])
    return starts


def _sentence_edges(text: str) -> tuple[bool, bool]:
    """Whether a sentence ends in the first half of a line, and whether one ends in its second half.

    Captions break lines anywhere. A line belongs to the sentence that most of it belongs to.
    """
    ends = [match.end() / len(text) for match in TERMINAL.finditer(text)]
    return any(end <= 0.5 for end in ends), any(end > 0.5 for end in ends)


def _paused(lines: Sequence[Line], index: int, words: int) -> bool:
    if index == 0 or words < _SHORTEST_AT_PAUSE_WORDS:
        return False
    end, start = lines[index - 1].end, lines[index].start
    return end is not None and start is not None and start - end >= _PAUSE_SECONDS


def _moves_on(lines: Sequence[Line], first: int, index: int) -> bool:
    """Whether a unit that begins at `index` begins later than the one before: topics need some length in time."""
    before, start = lines[first].start, lines[index].start
    return before is None or start is None or start > before


def _joined(starts: Sequence[int], texts: Sequence[str], counts: Sequence[int]) -> list[Unit]:
    units: list[Unit] = []
    for first, stop in zip(starts, [*starts[1:], len(texts)], strict=True):
        text = " ".join(text for text in texts[first:stop] if text)
        units.append(Unit(text, first, stop - 1, sum(counts[first:stop])))
    return units
