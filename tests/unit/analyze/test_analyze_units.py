"""Lines put together to units."""

from hypothesis import given
from hypothesis import strategies as st

from vidmap_analyze.domain.material import Line
from vidmap_analyze.domain.units import Unit, merged, units_of

WORDS = "the water of the bay rises and falls as the moon goes by and the boats wait for it"


def _units(texts: list[str], times: list[tuple[float, float]] | None = None, wanted: int = 0) -> list[Unit]:
    lines = [
        Line(text, *(times[index] if times else (index * 2.0, index * 2.0 + 2))) for index, text in enumerate(texts)
    ]
    return units_of(lines, texts, wanted)


def test_units_are_sentences_when_lines_are_punctuated() -> None:
    units = _units(["The water rises", "in the bay.", "Then it", "falls again."])
    assert [(unit.first, unit.last) for unit in units] == [(0, 1), (2, 3)]


def test_line_goes_to_the_sentence_that_most_of_it_is_of_when_sentence_ends_inside() -> None:
    units = _units(
        ["The water rises in the", "bay. Then it falls again and", "leaves the boats behind. But", "never long."]
    )
    assert [(unit.first, unit.last) for unit in units] == [(0, 0), (1, 2), (3, 3)]


def test_units_have_about_fourteen_words_when_there_is_no_punctuation() -> None:
    units = _units([" ".join(WORDS.split()[index : index + 5]) for index in range(0, 15, 5)] * 8)
    assert {unit.words for unit in units} == {15}


def test_unit_ends_early_when_speaker_pauses() -> None:
    texts = ["one two three four five six seven", "eight nine ten", "eleven twelve"]
    units = _units(texts, [(0, 2), (4, 5), (5, 6)])
    assert [(unit.first, unit.last) for unit in units] == [(0, 0), (1, 2)]


def test_lines_without_words_join_the_unit_before_when_they_stand_between() -> None:
    units = _units(["", "It rises.", "", "It falls.", ""])
    assert [(unit.first, unit.last) for unit in units] == [(0, 2), (3, 4)]


def test_there_are_no_units_when_nobody_speaks() -> None:
    assert _units(["", ""]) == []


def test_unit_begins_later_than_the_one_before_when_lines_share_a_time() -> None:
    units = _units(["It rises.", "It falls.", "It waits."], [(0, 1), (0, 1), (1, 2)])
    assert [(unit.first, unit.last) for unit in units] == [(0, 1), (2, 2)]


def test_units_are_shorter_when_more_are_wanted() -> None:
    texts = ["the moon goes by"] * 40
    assert len(_units(texts, wanted=40)) == 40
    assert len(_units(texts)) == 10


@given(st.lists(st.sampled_from(["", "word", "a b c.", "Then. And so it goes on", "many words without an end"])))
def test_units_cover_all_lines_when_lines_are_any(texts: list[str]) -> None:
    units = _units(texts)
    if any(texts):
        assert [line for unit in units for line in range(unit.first, unit.last + 1)] == list(range(len(texts)))
        assert all(unit.words for unit in units)


@given(st.integers(1, 400), st.integers(1, 50))
def test_neighbours_are_joined_when_there_are_too_many(size: int, most: int) -> None:
    blocks = merged([Unit("word", index, index, 1) for index in range(size)], most)
    assert len(blocks) <= most
    assert blocks[0].first == 0
    assert blocks[-1].last == size - 1
    assert sum(block.words for block in blocks) == size
