"""Words in many scripts: which way a text is written decides how it is cut, weighed and named."""

import re
from enum import StrEnum

from vidmap_analyze.domain.stopwords import STOP_WORDS

_WORD = re.compile(r"[^\W_]+(?:['’\-][^\W_]+)*")
# Chinese, Japanese, Thai, Lao, Khmer and Burmese are written without spaces between words.
SPACELESS_RANGES = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
SPACELESS = re.compile(f"[{SPACELESS_RANGES}]")
_SPACELESS_RUN = re.compile(f"[{SPACELESS_RANGES}]+")
_LETTER = re.compile(r"[^\W\d_]")
_LATIN = re.compile(r"[A-Za-zÀ-ɏ]")
# About three in ten words of spoken English are among the stop words; other languages share only a few of them.
_ENGLISH_SHARE = 0.2
_CHARACTERS_PER_WORD = 2
_SAMPLE = 50_000


class Writing(StrEnum):
    """The ways of writing that are told apart."""

    ENGLISH = "english"
    SPACED = "spaced"
    """Any other language with spaces between its words."""
    SPACELESS = "spaceless"


def writing_of(text: str, language: str | None) -> Writing:
    """How a text is written.

    Args:
        text: the text, or a good part of it.
        language: what its source says, as BCP 47. The script wins where the two disagree.
    """
    sample = text[:_SAMPLE]
    letters = len(_LETTER.findall(sample)) or 1
    if len(SPACELESS.findall(sample)) > letters / 3:
        return Writing.SPACELESS
    if len(_LATIN.findall(sample)) < letters / 2:
        return Writing.SPACED
    if language is not None:
        return Writing.ENGLISH if language.split("-")[0].lower() == "en" else Writing.SPACED
    return Writing.ENGLISH if _looks_english(sample) else Writing.SPACED


def _looks_english(text: str) -> bool:
    found = words(text.lower())
    return sum(word in STOP_WORDS for word in found) >= _ENGLISH_SHARE * max(1, len(found))


def words(text: str) -> list[str]:
    """The words of a text in order; a run of characters without spaces counts as one."""
    return _WORD.findall(text)


def word_count(text: str) -> int:
    """How many words a text has; two characters of a script without spaces count as one."""
    characters = len(SPACELESS.findall(text))
    spaced = len(_WORD.findall(_SPACELESS_RUN.sub(" ", text))) if characters else len(_WORD.findall(text))
    return spaced + (characters + _CHARACTERS_PER_WORD - 1) // _CHARACTERS_PER_WORD


def stem(word: str) -> str:
    """A word without its ending, coarse on purpose: what this calls equal must not stand beside each other."""
    bare = word.lower().replace("’", "'").removesuffix("'s").replace("-", "")
    for ending in ("ations", "ation", "ments", "ment", "ings", "ing", "ies", "ed", "es", "ly", "s", "y", "e"):
        if bare.endswith(ending) and len(bare) - len(ending) >= 3:
            bare = bare.removesuffix(ending)
            break
    return bare[:-1] if len(bare) > 3 and bare[-1] == bare[-2] else bare


def stems(text: str) -> frozenset[str]:
    """The stems of a text's words, in no order."""
    return frozenset(stem(word) for word in words(text))
