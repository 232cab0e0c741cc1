"""Names for topics: what is said there often and elsewhere seldom, and lies near the middle of what is said there."""

import math
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from vidmap_analyze.domain.candidates import Counts
from vidmap_analyze.domain.writing import SPACELESS, stems, words

Vectors = npt.NDArray[np.float32]
Encode = Callable[[Sequence[str]], Vectors]
"""Texts to rows of length 1."""

_KEPT = 24
_WORDS_PRIOR = {1: 0.8, 2: 1.25, 3: 1.3, 4: 1.1}
_CHARACTERS_PRIOR = {2: 0.8, 3: 1.1, 4: 1.3, 5: 1.3, 6: 1.3, 7: 1.1}
_SAME = 0.75
"""Cosine above which two phrases name the same thing."""
_SINGLE_WORD_LEAD = 0.6
_CONTAINING_LEAD = 0.5


@dataclass(frozen=True, slots=True)
class Named:
    """A label that was given."""

    phrase: str
    """Lower case; empty where nothing was left to name the topic by."""
    vector: Vectors | None = None
    stems: frozenset[str] = frozenset()
    verbatim: bool = False
    """Whether the phrase is written as it is: an uploader's title."""


@dataclass(frozen=True, slots=True)
class Naming:
    """A topic that waits for a name."""

    counts: Counts
    centre: Vectors | None = None
    """Mean of its units' embeddings, of length 1."""


@dataclass(slots=True)
class Namer:
    """Gives names to topics, none of them twice.

    Args:
        encode: embeds phrases; None for languages without an encoder, which go by the counts alone.
    """

    encode: Encode | None = None
    taken: set[frozenset[str]] = field(default_factory=set[frozenset[str]])

    def name(self, topics: Sequence[Naming], everywhere: Sequence[Counts], near: Sequence[Named] = ()) -> list[Named]:
        """A name for each of some sibling topics.

        Args:
            topics: the siblings, in order.
            everywhere: the counts of all topics of their level, to tell what is said everywhere.
            near: names that theirs must differ from beside each other's: the parent's.

        Returns:
            one for each topic; its phrase is empty where nothing is left to name it by.
        """
        spread = Counter(phrase for counts in everywhere for phrase in counts)
        given = list(near)
        for topic in topics:
            given.append(self._best(topic, spread, len(everywhere), given))
        return given[len(near) :]

    def take(self, label: str) -> Named:
        """A label that was given otherwise, so that no topic gets it again."""
        found = stems(label)
        self.taken.add(found)
        vector = self.encode([label])[0] if self.encode else None
        return Named(label, vector, found, verbatim=True)

    def _best(self, topic: Naming, spread: Counts, level: int, given: Sequence[Named]) -> Named:
        weights = {phrase: _weight(phrase, topic.counts[phrase], spread[phrase], level) for phrase in topic.counts}
        # Phrases of equal weight come in the order of their letters, never in that of a hash.
        phrases = sorted(weights, key=lambda phrase: (-weights[phrase], phrase))[:_KEPT]
        phrases = [phrase for phrase in phrases if self._is_free(stems(phrase), given)]
        if not phrases:
            return Named("")
        scores = np.array([weights[phrase] for phrase in phrases])
        scores = scores / scores.max()
        vectors = None
        if self.encode is not None and topic.centre is not None:
            vectors = self.encode(phrases)
            scores = 0.5 * scores + 0.5 * _scaled(vectors @ topic.centre) - _repeats(vectors, given)
        chosen = _choose(phrases, scores)
        named = Named(phrases[chosen], None if vectors is None else vectors[chosen], stems(phrases[chosen]))
        self.taken.add(named.stems)
        return named

    def _is_free(self, found: frozenset[str], given: Sequence[Named]) -> bool:
        return found not in self.taken and not any(found <= other.stems for other in given)


def _weight(phrase: str, count: int, spread: int, level: int) -> float:
    spaceless = SPACELESS.search(phrase) is not None
    prior = _CHARACTERS_PRIOR.get(len(phrase), 1.0) if spaceless else _WORDS_PRIOR.get(phrase.count(" ") + 1, 1.0)
    return math.sqrt(count) * math.log(1 + level / max(1, spread)) * prior


def _scaled(similarities: Vectors) -> npt.NDArray[np.float64]:
    """From 0 for the least similar to 1 for the most, without the last bits."""
    values = np.round(similarities.astype(np.float64), 5)
    return (values - values.min()) / (np.ptp(values) + 1e-9)


def _repeats(vectors: Vectors, given: Sequence[Named]) -> npt.NDArray[np.float64]:
    """1 for each phrase that says what a name near it says already, else 0."""
    others = [other.vector for other in given if other.vector is not None]
    if not others:
        return np.zeros(len(vectors))
    return np.where((vectors @ np.array(others).T).max(axis=1) > _SAME, 1.0, 0.0)


def _choose(phrases: Sequence[str], scores: npt.NDArray[np.float64]) -> int:
    """The best phrase; a single word only where no longer phrase comes near it.

    A longer phrase that has the word inside need only come half as near.
    """
    best = int(np.argmax(scores))
    if " " in phrases[best] or SPACELESS.search(phrases[best]):
        return best
    inside = stems(phrases[best])
    near = [
        index
        for index, phrase in enumerate(phrases)
        if " " in phrase
        and scores[index] >= scores[best] * (_CONTAINING_LEAD if inside <= stems(phrase) else _SINGLE_WORD_LEAD)
    ]
    return max(near, key=lambda index: (scores[index], -index), default=best)


def first_words(text: str, stop_words: Collection[str], most: int = 6) -> str:
    """The first words of a text that say something: a name where no phrase is left.

    Args:
        text: the topic's summary.
        stop_words: words to pass over, lower case.
        most: words to take; of a run of characters without spaces, twice as many characters.
    """
    told = [word for word in words(text) if word.lower() not in stop_words and len(word) > 1]
    return " ".join(word[: 2 * most] if SPACELESS.search(word) else word for word in told[:most])
