"""Sentences that stand for a topic."""

from hypothesis import given
from hypothesis import strategies as st

from vidmap_analyze.domain.sentences import Score, summary_of
from vidmap_analyze.domain.writing import word_count

FIRST = "The moon pulls on the water of every sea in the whole wide world."
SECOND = "Every harbour master keeps a printed table of the tides beside the window."
TEXT = f"Hello. {FIRST} Look. {SECOND} Bye."


def _near(text: str, part: str) -> Score:
    place = text.index(part) + len(part) / 2
    return lambda at: 1 - abs(at - place) / len(text)


def test_most_central_sentence_is_taken_word_for_word_when_there_are_several() -> None:
    assert summary_of(TEXT, _near(TEXT, FIRST)) == FIRST
    assert summary_of(TEXT, _near(TEXT, SECOND)) == SECOND


def test_another_sentence_is_taken_when_the_best_stands_elsewhere_already() -> None:
    assert summary_of(TEXT, _near(TEXT, FIRST), used=frozenset({FIRST})) != FIRST


def test_short_sentences_are_joined_when_none_is_long_enough() -> None:
    text = "It rises. It falls. It waits a while. Then it turns."
    summary = summary_of(text, lambda at: -at)
    assert summary in text
    assert word_count(summary) >= 8


def test_sentence_goes_on_when_a_title_has_a_full_stop() -> None:
    text = "Nobody knows the tides as well as Dr. Miller of the old harbour does. End."
    assert summary_of(text, lambda at: -at) == "Nobody knows the tides as well as Dr. Miller of the old harbour does."


def test_sentence_is_cut_at_a_comma_when_all_are_too_long() -> None:
    text = ", ".join(["the water of the bay rises slowly"] * 12) + "."
    summary = summary_of(text, lambda at: 0.0)
    assert text.startswith(summary)
    assert 8 <= word_count(summary) <= 30
    assert not summary.endswith(",")


def test_sentence_with_a_sound_tag_inside_is_passed_over_when_others_are_whole() -> None:
    torn = "The water of the bay [Music] rises slowly in the early morning."
    whole = "The boats of the bay leave the harbour in the early morning."
    assert summary_of(f"{torn} {whole}", _near(f"{torn} {whole}", torn)) == whole
    assert summary_of(f">> {whole}", lambda at: 0.0) == whole


def test_units_are_chosen_from_when_there_is_no_punctuation() -> None:
    pieces = ["the water of the bay rises slowly in the morning", "the boats of the bay leave in the evening"]
    assert summary_of(" ".join(pieces), lambda at: at, pieces=pieces) == pieces[1]


def test_chinese_sentences_are_told_apart_when_there_are_no_spaces() -> None:
    text = "月亮吸引着地球上所有的海水。潮汐每天两次改变海岸的样子和颜色。"
    assert summary_of(text, lambda at: at) == "潮汐每天两次改变海岸的样子和颜色。"


@given(st.text(alphabet="ab c.,[]月。", max_size=300))
def test_summary_is_short_when_text_is_any(text: str) -> None:
    text = " ".join(text.split())
    assert word_count(summary_of(text, lambda at: 0.0)) <= 30
