"""Sentences of a topic, word for word, and the one that stands for it."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from vidmap_analyze.domain.cleaning import cleaned
from vidmap_analyze.domain.units import TERMINAL
from vidmap_analyze.domain.writing import word_count

FEWEST_WORDS, MOST_WORDS = 8, 30
_ABBREVIATION = re.compile(r"(?:\b(?:[A-Z]|Mr|Mrs|Ms|Dr|Prof|St|vs|etc|e\.g|i\.e|No|Inc|Fig|approx)\.)$")
_CLAUSE_END = re.compile(r"[,;:，；、](?=\s|$)|[，；、]")
_FRAGMENT_PENALTY = 0.15
_CONNECTIVE_PENALTY = 0.05
_JOINT_PENALTY = 0.05
# A sentence that begins so leans on the one before it.
_CONNECTIVE = re.compile(
    r"(?:and|but|so|or|because|then|well|now|okay|ok|yeah|yes|no|um|uh|oh|it|it's|this|that|these|those|they|he|she)\b",
    re.IGNORECASE,
)
_COMFORTABLE_WORDS = 13
_BREVITY_PENALTY = 0.02


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of text and where it lies in the text that it was taken from."""

    text: str
    middle: float
    """Position of its middle, in characters."""
    sentences: int = 1


Score = Callable[[float], float]
"""How central the text is at a position in characters; -1 to 1."""


def summary_of(text: str, score: Score, used: frozenset[str] = frozenset(), pieces: Sequence[str] = ()) -> str:
    """The sentence, or run of short sentences, nearest the topic's centre; 8 to 30 words where there is one.

    Args:
        text: the lines of the topic as the source has them.
        score: how central each place in the text is.
        used: sentences that stand for other topics already; taken only where there is nothing else.
        pieces: what to choose from where the text has no sentences: the texts of its units.

    Returns:
        words of `text` as they stand there, without sound tags.
    """
    passages = list(_passages(text, pieces)) or list(_cut_down(text))
    fresh = [passage for passage in passages if passage.text not in used]
    best = max(fresh or passages, key=lambda passage: (_worth(passage, score), -passage.middle), default=None)
    return cleaned(text) if best is None else best.text


def _worth(passage: Passage, score: Score) -> float:
    """How well a passage stands for its topic: how central it is, less what makes it hard to read alone."""
    worth = score(passage.middle) - _JOINT_PENALTY * min(passage.sentences - 1, 3)
    worth -= _BREVITY_PENALTY * max(0, _COMFORTABLE_WORDS - word_count(passage.text))
    if passage.text[:1].islower() and TERMINAL.search(passage.text):
        worth -= _FRAGMENT_PENALTY
    if _CONNECTIVE.match(passage.text):
        worth -= _CONNECTIVE_PENALTY
    return round(worth, 6)


def _passages(text: str, pieces: Sequence[str]) -> Iterator[Passage]:
    """Runs of sentences of the right length, where no sound tag breaks the words."""
    sentences = list(_sentences(text)) if TERMINAL.search(text) else list(_located(text, pieces))
    for index, (first, _) in enumerate(sentences):
        for joined, (_, stop) in enumerate(sentences[index:], start=1):
            spoken = cleaned(text[first:stop])
            words = word_count(spoken)
            if words >= FEWEST_WORDS:
                if words <= MOST_WORDS and spoken in text[first:stop]:
                    yield Passage(spoken, (first + stop) / 2, joined)
                break


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    """Where sentences begin and end; what follows the last full stop is none."""
    first = 0
    for match in TERMINAL.finditer(text):
        if _ABBREVIATION.search(text[max(0, match.start() - 8) : match.end()]):
            continue
        yield first, match.end()
        first = match.end() + (len(text) > match.end() and text[match.end()].isspace())


def _located(text: str, pieces: Sequence[str]) -> Iterator[tuple[int, int]]:
    place = 0
    for piece in pieces:
        at = text.find(piece, place)
        if at >= 0:
            place = at + len(piece)
            yield at, place


def _cut_down(text: str) -> Iterator[Passage]:
    """The beginning of a text that has no sentence of the right length: to the last comma in it, else 30 words."""
    stop = _after_words(text, MOST_WORDS)
    commas = [match.start() for match in _CLAUSE_END.finditer(text[:stop])]
    if stop < len(text) and commas and word_count(text[: commas[-1]]) >= FEWEST_WORDS:
        stop = commas[-1]
    if stop:
        yield Passage(cleaned(text[:stop]), stop / 2)


def _after_words(text: str, most: int) -> int:
    """How many characters the first `most` words take."""
    if word_count(text) <= most:
        return len(text)
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if word_count(text[:middle]) <= most else (low, middle - 1)
    while 0 < low < len(text) and text[low - 1].isalnum() and text[low].isalnum() and text[low].isascii():
        low -= 1
    return len(text[:low].rstrip())
