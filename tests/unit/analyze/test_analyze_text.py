"""Cleaning, ways of writing, stems, casing and times."""

import pytest

from vidmap_analyze.domain.casing import Casing
from vidmap_analyze.domain.cleaning import cleaned
from vidmap_analyze.domain.material import Line
from vidmap_analyze.domain.timing import Timeline
from vidmap_analyze.domain.writing import Writing, stems, word_count, writing_of

ENGLISH = "this is what we have been looking at and it has to do with the way that tides move in the sea " * 5
GERMAN = "wir haben gesehen wie sich das wasser bewegt und warum der mond dabei eine rolle spielt " * 5


@pytest.mark.parametrize(
    ("line", "spoken"),
    [
        ("[Music]", ""),
        ("(applause)", ""),
        ("♪ la la ♪", "la la"),
        (">> And then it moved.", "And then it moved."),
        (">> Dr. Smith: Then it moved.", "Then it moved."),
        ("&gt;&gt; hello", "hello"),
        ("SPEAKER 2: hello", "hello"),
        ("JANE DOE: hello", "hello"),
        ("- Right [Laughter] so", "Right so"),
        ("(as we saw) the sea rises", "(as we saw) the sea rises"),
        ("Note: the sea rises", "Note: the sea rises"),
        ("（拍手）今日は", "今日は"),
    ],
)
def test_only_speech_is_left_when_line_is_cleaned(line: str, spoken: str) -> None:
    assert cleaned(line) == spoken


@pytest.mark.parametrize(
    ("text", "language", "writing"),
    [
        (ENGLISH, "en-GB", Writing.ENGLISH),
        (ENGLISH, None, Writing.ENGLISH),
        (GERMAN, "de", Writing.SPACED),
        (GERMAN, None, Writing.SPACED),
        ("луна притягивает воду " * 9, "en", Writing.SPACED),
        ("月亮吸引海水，所以会有潮汐。" * 9, "en", Writing.SPACELESS),
        ("ดวงจันทร์ดึงน้ำทะเล" * 9, None, Writing.SPACELESS),
    ],
)
def test_writing_is_told_when_language_is_known_or_not(text: str, language: str | None, writing: Writing) -> None:
    assert writing_of(text, language) is writing


def test_two_characters_count_as_word_when_script_has_no_spaces() -> None:
    assert word_count("three words here") == 3
    assert word_count("月亮吸引海水") == 3
    assert word_count("用 Python 写") == 2


@pytest.mark.parametrize(
    ("one", "other"), [("Window highlights", "window highlighting"), ("Tidal study", "study, tidal"), ("Bay", "Bays")]
)
def test_stems_are_equal_when_labels_say_the_same(one: str, other: str) -> None:
    assert stems(one) == stems(other)


def test_names_keep_capitals_when_words_are_cased() -> None:
    casing = Casing(["We use Mac OS here. Tides move on Mac OS.", "The tides and the iPhone. Tides again."])
    assert casing.label("mac os tides") == "Mac OS tides"
    assert casing.label("tides") == "Tides"
    assert casing.label("iphone tides") == "iPhone tides"


def test_label_is_lowered_when_transcript_shouts() -> None:
    assert Casing(["THE TIDES MOVE ON", "AND ON MAC OS TOO"]).label("mac os") == "Mac os"


def test_times_ascend_when_lines_overlap() -> None:
    timeline = Timeline([Line("a", 0, 5), Line("b", 2, 9), Line("c", 8, 8)])
    assert timeline.of(0, 0) == (0, 2)
    assert timeline.of(0, 1) == (0, 8)
    start, end = timeline.of(2, 2)
    assert start is not None
    assert end is not None
    assert start < end


def test_times_are_unknown_when_one_start_is_missing() -> None:
    assert Timeline([Line("a", 0, 5), Line("b")]).of(0, 1) == (None, None)


def test_line_ends_where_next_begins_when_end_is_missing() -> None:
    assert Timeline([Line("a", 1.0), Line("b", 4.0)]).of(0, 0) == (1.0, 4.0)
