"""Durations, chapters, words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidmap_metadata.domain import Mark, in_words, is_too_long, parse_chapters, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("PT3M19S", 199),
        ("PT1H2M3S", 3723),
        ("P1DT2H", 93_600),
        ("PT0S", 0),
        ("P0D", 0),
        ("PT45S", 45),
        ("PT2H", 7200),
        ("P1W", 604_800),
        ("PT1.5S", 1.5),
        ("PT13H", 46_800),
    ],
)
def test_duration_is_in_seconds_when_it_is_iso_8601(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "P", "PT", "garbage", "1:02", "PT3M19", "P1Y", "-PT1S", "PT3M19S\n"])
def test_duration_is_refused_when_it_is_something_else(text: str) -> None:
    with pytest.raises(ValueError, match="not a duration"):
        parse_duration(text)


@given(st.integers(0, 10), st.integers(0, 23), st.integers(0, 59), st.integers(0, 59))
def test_duration_comes_back_when_youtube_writes_it(days: int, hours: int, minutes: int, seconds: int) -> None:
    text = f"P{days}DT{hours}H{minutes}M{seconds}S"
    assert parse_duration(text) == ((days * 24 + hours) * 60 + minutes) * 60 + seconds


def test_chapters_are_read_when_the_description_lists_them() -> None:
    description = "About.\n\n0:00 Begin\n1:30 - The middle part\n(1:02:03) The end \n\nMore at 5 pm."
    assert parse_chapters(description, 4000) == (
        Mark("Begin", 0, 90),
        Mark("The middle part", 90, 3723),
        Mark("The end", 3723, 4000),
    )


@pytest.mark.parametrize(
    "description",
    [
        "",
        "At 3:00 we begin.",
        "0:00 One\n1:00 Two",
        "0:10 One\n1:00 Two\n2:00 Three",
        "0:00 One\n2:00 Two\n1:00 Three",
        "0:00 One\n1:00 Two\n20:00 After the end",
        "0:00\n1:00\n2:00",
    ],
)
def test_no_chapters_are_read_when_youtube_would_show_none(description: str) -> None:
    assert parse_chapters(description, 600) == ()


def test_no_chapters_are_read_when_the_duration_is_unknown() -> None:
    assert parse_chapters("0:00 One\n1:00 Two\n2:00 Three", None) == ()


@given(st.text(max_size=300), st.floats(1, 50_000))
def test_chapters_cover_the_video_in_order_when_there_are_any(description: str, duration: float) -> None:
    chapters = parse_chapters(f"0:00 One\n{description}\n0:01 Two", duration)
    if chapters:
        assert chapters[0].start == 0
        assert chapters[-1].end == duration
        assert all(mark.start < mark.end for mark in chapters)


@pytest.mark.parametrize(("duration", "expected"), [(43_200, False), (43_201, True), (None, False), (0, False)])
def test_video_is_too_long_when_it_is_past_the_limit(duration: float | None, *, expected: bool) -> None:
    assert is_too_long(duration, 43_200) is expected


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (43_200, "12 hours"),
        (5400, "1 hour 30 minutes"),
        (61, "1 minute 1 second"),
        (45.4, "45 seconds"),
        (0, "0 seconds"),
    ],
)
def test_duration_reads_well_when_it_is_put_into_words(seconds: float, words: str) -> None:
    assert in_words(seconds) == words
