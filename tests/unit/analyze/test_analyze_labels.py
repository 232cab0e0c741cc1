"""Candidates for names, and who gets which."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest

from vidmap_analyze.adapters.nouns import noun_phrases, stop_words
from vidmap_analyze.domain.candidates import character_ngrams, is_telling, word_ngrams
from vidmap_analyze.domain.labels import Namer, Naming, Vectors, first_words


def test_noun_phrases_lose_articles_when_text_is_english() -> None:
    found = noun_phrases(["The tidal bulge is a mirror of the rotating earth.", "He saw two old fishing boats."])
    assert "tidal bulge" in found[0]
    assert "mirror of the rotating earth" in found[0]
    assert found[1] == ["old fishing boats"]


def test_stop_words_are_known_when_spacy_knows_the_language() -> None:
    assert "der" in stop_words("de-AT")
    assert stop_words("xx-none") == frozenset()
    assert stop_words(None) == frozenset()


@pytest.mark.parametrize(
    ("phrase", "telling"),
    [
        ("tidal bulge", True),
        ("tides", True),
        ("lot of stuff", False),
        ("second part", False),
        ("12 34", False),
        ("it", False),
        ("very very", False),
        ("g icon", False),
    ],
)
def test_phrase_is_a_candidate_when_it_says_something(phrase: str, telling: bool) -> None:
    assert is_telling(phrase) is telling


def test_ngrams_stay_inside_clauses_when_counted() -> None:
    counts = word_ngrams("der hohe Deich, das Meer hinter dem Deich", {"der", "das", "dem", "hinter"})
    assert counts["hohe deich"] == 1
    assert counts["deich"] == 2
    assert "deich meer" not in counts
    assert not any(phrase.startswith("der") for phrase in counts)


def test_longer_run_is_kept_when_characters_always_come_together() -> None:
    counts = character_ngrams("潮汐发电很好。我们看潮汐发电。")
    assert counts["潮汐发电"] == 2
    assert "潮汐发" not in counts
    assert not any(gram.startswith("的") for gram in character_ngrams("的潮汐的潮汐"))


def test_name_is_what_is_said_here_and_not_elsewhere_when_there_is_no_encoder() -> None:
    here, there = Counter({"tidal bulge": 4, "evening lecture": 5}), Counter({"sour dough": 4, "evening lecture": 5})
    names = Namer().name([Naming(here), Naming(there)], [here, there])
    assert [name.phrase for name in names] == ["tidal bulge", "sour dough"]


def test_names_differ_after_stemming_when_siblings_and_parent_say_the_same() -> None:
    namer = Namer()
    counts = Counter({"tidal bulge": 9, "tidal bulges": 8, "bulge": 7, "low water": 1})
    [parent] = namer.name([Naming(counts)], [counts])
    children = namer.name([Naming(counts), Naming(counts)], [counts, counts], [parent])
    assert [parent.phrase, *(child.phrase for child in children)] == ["tidal bulge", "low water", ""]


def _encode(texts: Sequence[str]) -> Vectors:
    """Sea to the right, bread to the top."""
    sea = {"high water", "sea level", "tide"}
    return np.array([[1, 0] if text in sea else [0, 1] for text in texts], dtype=np.float32)


def test_name_is_near_the_centre_when_counts_are_equal() -> None:
    counts = Counter({"warm oven": 2, "high water": 2})
    [name] = Namer(_encode).name([Naming(counts, np.array([1, 0], dtype=np.float32))], [counts])
    assert name.phrase == "high water"


def test_sibling_says_something_else_when_a_synonym_would_be_best() -> None:
    counts = Counter({"high water": 3, "sea level": 3, "warm oven": 1})
    topic = Naming(counts, np.array([1, 0], dtype=np.float32))
    names = Namer(_encode).name([topic, topic], [counts, counts])
    assert [name.phrase for name in names] == ["high water", "warm oven"]


def test_longer_name_is_preferred_when_single_word_leads_by_little() -> None:
    counts = Counter({"turbines": 4, "tidal turbines": 1})
    [name] = Namer().name([Naming(counts)], [counts])
    assert name.phrase == "tidal turbines"


def test_given_title_is_taken_when_names_are_looked_for() -> None:
    namer = Namer()
    title = namer.take("The Tidal Bulge!")
    assert title.verbatim
    counts = Counter({"the tidal bulges": 5, "low water": 1})
    [name] = namer.name([Naming(counts)], [counts], [title])
    assert name.phrase == "low water"


def test_first_words_are_those_that_say_something_when_nothing_else_is_left() -> None:
    assert first_words("so, we see the tide", {"so", "we", "the"}) == "see tide"
    assert first_words("月亮吸引海水所以会有潮汐现象发生", ()) == "月亮吸引海水所以会有潮汐"
