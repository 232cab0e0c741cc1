"""How many topics, and which ones the uploader gave."""

import pytest
from tests.unit.analyze.conftest import talk

from vidmap_analyze.domain.chapters import chapter_starts
from vidmap_analyze.domain.material import Line, Mark, Material
from vidmap_analyze.domain.plan import Plan, plan
from vidmap_analyze.domain.units import Unit


def _material(minutes: float, **asked: int) -> Material:
    return Material((Line("word", 0.0, minutes * 60),), **asked)


@pytest.mark.parametrize(("minutes", "branches"), [(5, 4), (16, 4), (25, 5), (49, 7), (81, 9), (720, 9)])
def test_first_level_grows_with_the_root_of_the_length_when_nothing_is_asked(minutes: float, branches: int) -> None:
    planned = plan(_material(minutes), words=int(minutes * 150), units=1500)
    assert planned.branches == branches
    assert 2 * branches <= planned.leaves <= 6 * branches


@pytest.mark.parametrize(("minutes", "words"), [(1.5, 400), (10, 149)])
def test_topics_are_flat_when_video_is_short(minutes: float, words: int) -> None:
    planned = plan(_material(minutes), words=words, units=30)
    assert planned.leaves == planned.branches <= 3


def test_there_is_one_topic_when_hardly_anything_is_said() -> None:
    assert plan(_material(1), words=12, units=2) == Plan(1, 1, None)


def test_numbers_are_exact_when_asked_for() -> None:
    assert plan(_material(60, branches=3, leaves=17), 9000, 600) == Plan(3, 17, None)
    assert plan(_material(1, branches=3, leaves=5), 100, 30) == Plan(3, 5, None)


def test_branches_leave_room_when_only_leaves_are_asked_for() -> None:
    assert plan(_material(60, leaves=6), 9000, 600) == Plan(3, 6, None)
    assert plan(_material(60, leaves=1), 9000, 600) == Plan(1, 1, None)


def test_there_are_no_more_topics_than_units_when_text_is_too_short() -> None:
    assert plan(_material(60, branches=9, leaves=40), 9000, 5) == Plan(5, 5, None)


def _units(*begins: int) -> list[Unit]:
    return [Unit("word", begin, begin, 10) for begin in begins]


def _talk(*marks: Mark, branches: int | None = None) -> Material:
    return Material(talk(4), marks=marks, branches=branches)


MARKS = (Mark("Start", 0.0), Mark("Middle", 70.0), Mark("End", 215.5))


def test_chapters_begin_with_the_nearest_unit_when_they_are_used() -> None:
    assert chapter_starts(_talk(*MARKS), _units(*range(48))) == {0: "Start", 12: "Middle", 36: "End"}


def test_chapters_are_left_out_when_branches_are_asked_for() -> None:
    assert chapter_starts(_talk(*MARKS, branches=5), _units(*range(48))) == {}


@pytest.mark.parametrize("count", [0, 2, 13])
def test_chapters_are_left_out_when_they_are_too_few_or_too_many(count: int) -> None:
    marks = [Mark(f"Part {index}", index * 20.0) for index in range(count)]
    assert chapter_starts(_talk(*marks), _units(*range(48))) == {}


def test_chapter_is_dropped_when_nobody_speaks_in_it() -> None:
    silent = (*MARKS, Mark("Credits", 290.0))
    assert chapter_starts(_talk(*silent), _units(*range(48))) == {0: "Start", 12: "Middle", 36: "End"}


def test_chapters_are_left_out_when_times_are_unknown() -> None:
    material = Material(tuple(Line(line.text) for line in talk(4)), marks=MARKS)
    assert chapter_starts(material, _units(*range(48))) == {}
