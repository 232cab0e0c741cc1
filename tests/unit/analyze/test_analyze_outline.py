"""The whole analysis, without models: what must hold for every outline."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.unit.analyze.conftest import SUBJECTS, talk

from vidmap_analyze.domain.instruments import Instruments
from vidmap_analyze.domain.material import Line, Mark, Material, Outline, Stretch
from vidmap_analyze.domain.outline import outline
from vidmap_analyze.domain.writing import stems

SENTENCES = st.sampled_from(
    [
        "",
        "[Music]",
        "um yeah okay",
        "The tidal bulge follows the moon around the earth.",
        "A sourdough bread needs flour and water and a night of rest.",
        "the steam engine drives the pump without a stop",
        "Every suspension bridge hangs from its cables. And the",
        "月亮吸引着地球上所有的海水。",
    ]
)


@st.composite
def materials(draw: st.DrawFn) -> Material:
    texts = draw(st.lists(SENTENCES, min_size=1, max_size=70))
    timed = draw(st.booleans())
    step = draw(st.floats(0.0, 20.0))
    lines = [Line(text, index * step, (index + 1) * step) if timed else Line(text) for index, text in enumerate(texts)]
    asked = st.none() | st.integers(1, 12)
    return Material(tuple(lines), draw(st.sampled_from([None, "en", "de", "zh"])), (), draw(asked), draw(asked))


def assert_holds(found: Outline, material: Material) -> None:
    """The topics cover all lines in order without overlap, and so do the parts of each."""
    assert_covers(found.stretches, 0, len(material.lines) - 1)
    for stretch in found.stretches:
        if stretch.parts:
            assert_covers(stretch.parts, stretch.first, stretch.last)
        siblings = [stems(part.label) for part in stretch.parts]
        assert len(set(siblings)) == len(siblings)
        assert stems(stretch.label) not in siblings
    spoken = " ".join(" ".join(line.text for line in material.lines).split())
    for stretch in (*found.stretches, *(part for parent in found.stretches for part in parent.parts)):
        assert stretch.label.strip()
        assert "[Music]" in spoken or stretch.summary in spoken


def assert_covers(stretches: tuple[Stretch, ...], first: int, last: int) -> None:
    assert stretches[0].first == first
    assert stretches[-1].last == last
    for before, after in pairwise(stretches):
        assert after.first == before.last + 1
        assert before.end is None or after.start is None or before.end <= after.start
    for stretch in stretches:
        assert stretch.start is None or stretch.end is None or stretch.start < stretch.end


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(materials())
@example(Material((Line("um yeah okay", None, None),) * 3, None, (), 2, 3))  # nothing to name them by, three times
def test_outline_holds_when_transcript_is_any(instruments: Instruments, material: Material) -> None:
    found = outline(material, instruments)
    if found.stretches:
        assert_holds(found, material)
        assert found == outline(material, instruments)
    else:
        assert all(line.text in {"", "[Music]"} for line in material.lines)


@pytest.mark.parametrize(("branches", "leaves"), [(2, 4), (4, 9), (6, 30), (5, 7), (1, 8), (9, 9)])
def test_numbers_of_topics_are_exact_when_asked_for(instruments: Instruments, branches: int, leaves: int) -> None:
    material = Material(talk(6), "en", (), branches, leaves)
    found = outline(material, instruments)
    assert len(found.stretches) == branches
    assert sum(len(stretch.parts) or 1 for stretch in found.stretches) == leaves
    assert_holds(found, material)


def test_topics_begin_where_subjects_change_when_talk_has_sections(instruments: Instruments) -> None:
    found = outline(Material(talk(6), "en", (), 6), instruments)
    assert [stretch.first for stretch in found.stretches] == [0, 12, 24, 36, 48, 60]
    assert [stretch.label.lower() for stretch in found.stretches] == list(SUBJECTS)


def test_topics_are_nested_and_few_when_nothing_is_asked(instruments: Instruments) -> None:
    material = Material(talk(6, sentences=30), "en")
    found = outline(material, instruments)
    assert 4 <= len(found.stretches) <= 9
    assert all(2 <= len(stretch.parts) <= 6 for stretch in found.stretches)
    assert_holds(found, material)


def test_topics_are_flat_when_video_is_short(instruments: Instruments) -> None:
    found = outline(Material(talk(2, sentences=5), "en"), instruments)
    assert 1 <= len(found.stretches) <= 3
    assert not any(stretch.parts for stretch in found.stretches)


def test_chapters_are_the_first_level_when_uploader_set_them(instruments: Instruments) -> None:
    marks = (Mark("Bulges & moons", 0), Mark("Bread", 70), Mark("Bridges", 144))
    found = outline(Material(talk(4), "en", marks), instruments)
    assert [(stretch.label, stretch.first) for stretch in found.stretches] == [
        ("Bulges & moons", 0),
        ("Bread", 12),
        ("Bridges", 24),
    ]
    assert all(stretch.parts for stretch in found.stretches)


def test_times_are_unknown_when_lines_have_none(instruments: Instruments) -> None:
    material = Material(tuple(replace(line, start=None, end=None) for line in talk(4)), "en", (), 4)
    found = outline(material, instruments)
    assert [(stretch.start, stretch.end) for stretch in found.stretches] == [(None, None)] * 4
    assert [stretch.first for stretch in found.stretches] == [0, 12, 24, 36]


def test_work_is_bounded_when_talk_is_very_long(instruments: Instruments) -> None:
    sizes: list[int] = []

    def measured(texts, writing, stop_words):  # type: ignore[no-untyped-def]
        sizes.append(len(texts))
        return instruments.term_gram(texts, writing, stop_words)

    found = outline(Material(talk(6, sentences=1000), "en"), replace(instruments, term_gram=measured))
    assert sizes == [1500]
    assert len(found.stretches) == 9


def test_there_are_no_topics_when_nobody_speaks(instruments: Instruments) -> None:
    assert outline(Material((Line("[Music]", 0, 5), Line("", 5, 9))), instruments) == Outline()


def test_embeddings_have_their_say_when_there_is_an_encoder(instruments: Instruments) -> None:
    """Words never repeat, so that terms know nothing: only the encoder sees that the subject changes."""
    lines = tuple(
        Line(f"{'sea' if index < 20 else 'oven'}{chr(97 + index % 26)}{index} stands here alone.")
        for index in range(50)
    )

    def encode(texts):  # type: ignore[no-untyped-def]
        return np.array([[1, 0] if text.startswith("sea") else [0, 1] for text in texts], dtype=np.float32)

    found = outline(Material(lines, "en", (), 2), replace(instruments, encode=encode))
    assert [stretch.first for stretch in found.stretches] == [0, 20]
