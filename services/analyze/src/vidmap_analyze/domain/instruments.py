"""What the analysis needs from models and libraries, as plain functions that come in from outside."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from vidmap_analyze.domain.costs import Matrix
from vidmap_analyze.domain.labels import Encode
from vidmap_analyze.domain.writing import Writing

StopWords = frozenset[str]
TermGram = Callable[[Sequence[str], Writing, StopWords], Matrix]
"""Dot products of the texts' TF-IDF vectors, shape (n, n)."""
NounPhrases = Callable[[Sequence[str]], list[list[str]]]
"""The noun phrases of each of some English texts, without articles and the like."""


@dataclass(frozen=True, slots=True)
class Instruments:
    """The functions that are not pure rules."""

    term_gram: TermGram
    noun_phrases: NounPhrases
    stop_words: Callable[[str | None], StopWords]
    """The function words of a language, lower case; empty where none are known."""
    encode: Encode | None = None
    """Embeds English; None to go by terms alone."""
