"""Phrases that could name a topic, counted: word n-grams between stop words, and character n-grams."""

import re
from collections import Counter
from collections.abc import Collection, Iterable

from vidmap_analyze.domain.stopwords import STOP_WORDS, VAGUE
from vidmap_analyze.domain.writing import SPACELESS_RANGES, words

Counts = Counter[str]
"""Lower-case phrase to how often it is said."""

MOST_PHRASE_WORDS = 7
_FEWEST_LETTERS = 3
_LONGEST_NGRAM = 4
_LONGEST_INNER_STOPS = 1
_CLAUSE = re.compile(r"[.,;:!?()\[\]\"“”„«»—…¿¡。，、！？；：]|--|\s[-–]\s")
_RUN = re.compile(f"[{SPACELESS_RANGES}A-Za-z0-9]+")
_FEWEST_CHARACTERS, _MOST_CHARACTERS = 2, 8
# Particles, pronouns and auxiliaries of Chinese and the kana of Japanese grammar: no name begins or ends with one.
_LOOSE_CHARACTERS = frozenset(
    "的了是我你他她它们这那在和就也都有个吧呢啊吗不会要说很到去来把被让给对跟与及或但而之其些么什怎样得地着过还又再没为以于"
    "因所如果可能能做看想讲觉然后里上下好大多少一二三两几每各从向等最更太只才已经当时候呀嘛哦嗯啦哈您咱谁哪此且并"
    "はがをにのでともへやかなよねてただすまるれしいうおっんりらけこそあどえせくさめみちつ"
)


def phrase_counts(phrases: Iterable[str]) -> Counts:
    """Noun phrases that say something, counted without regard to case."""
    return Counter(phrase.lower() for phrase in phrases if is_telling(phrase))


def is_telling(phrase: str) -> bool:
    """Whether a phrase has at least one word that says what it is about, and no word that is no word."""
    found = phrase.lower().split()
    if not 1 <= len(found) <= MOST_PHRASE_WORDS or len(set(found)) < len(found):
        return False
    # Letters that are spelt out, or what is left of a clipped word.
    if len(found[0]) < 2 or len(found[-1].strip(".")) < 2:
        return False
    return any(_is_telling_word(word) for word in found)


def _is_telling_word(word: str) -> bool:
    letters = sum(letter.isalpha() for letter in word)
    return letters >= _FEWEST_LETTERS and word not in VAGUE and word not in STOP_WORDS


def word_ngrams(text: str, stop_words: Collection[str]) -> Counts:
    """One to four words in a row that neither begin nor end with a stop word, within one clause."""
    counts: Counts = Counter()
    for clause in _CLAUSE.split(text.lower()):
        found = words(clause)
        for length in range(1, _LONGEST_NGRAM + 1):
            for first in range(len(found) - length + 1):
                gram = found[first : first + length]
                if _is_bounded(gram, stop_words):
                    counts[" ".join(gram)] += 1
    return counts


def _is_bounded(gram: list[str], stop_words: Collection[str]) -> bool:
    stops = [word in stop_words or len(word) < 2 or word.isdigit() for word in gram]
    inner = _LONGEST_INNER_STOPS if len(gram) > 2 else 0
    if len(set(gram)) < len(gram) or max(len(word) for word in gram) < _FEWEST_LETTERS:
        return False
    return not stops[0] and not stops[-1] and sum(stops) <= inner


def character_ngrams(text: str) -> Counts:
    """Two to eight characters in a row, for scripts without spaces; of two that always come together, the longer."""
    counts: Counts = Counter()
    for run in _RUN.findall(text.lower()):
        for length in range(_FEWEST_CHARACTERS, min(_MOST_CHARACTERS, len(run)) + 1):
            for first in range(len(run) - length + 1):
                counts[run[first : first + length]] += 1
    said_again = {gram: count for gram, count in counts.items() if count > 1} or counts
    inside = {part for gram, count in said_again.items() for part in _parts(gram) if said_again.get(part) == count}
    return Counter({gram: count for gram, count in said_again.items() if gram not in inside and _is_whole(gram)})


def _parts(gram: str) -> tuple[str, str]:
    return gram[1:], gram[:-1]


def _is_whole(gram: str) -> bool:
    loose = sum(character in _LOOSE_CHARACTERS for character in gram)
    return gram[0] not in _LOOSE_CHARACTERS and gram[-1] not in _LOOSE_CHARACTERS and loose <= len(gram) // 3
