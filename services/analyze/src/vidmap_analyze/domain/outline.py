"""From a transcript to its outline: the whole analysis in order. Deterministic: equal input, equal output."""

from collections.abc import Sequence

from vidmap_analyze.domain.chapters import chapter_starts
from vidmap_analyze.domain.cleaning import cleaned
from vidmap_analyze.domain.costs import Matrix
from vidmap_analyze.domain.features import measure
from vidmap_analyze.domain.instruments import Instruments
from vidmap_analyze.domain.labels import Namer
from vidmap_analyze.domain.material import Material, Outline
from vidmap_analyze.domain.phrases import Phrases
from vidmap_analyze.domain.plan import Plan, plan
from vidmap_analyze.domain.splitting import cut, spans, subdivide
from vidmap_analyze.domain.units import Unit, merged, units_of
from vidmap_analyze.domain.writer import Branch, Writer
from vidmap_analyze.domain.writing import Writing, writing_of

# The cost matrix holds the square of this: 18 MB. Twelve hours of speech come to it as blocks of about 30 s.
MOST_UNITS = 1500
_UNITS_PER_WANTED_TOPIC = 4


def outline(material: Material, instruments: Instruments) -> Outline:
    """Find the topics of a transcript.

    Args:
        material: the transcript and what is asked of it.
        instruments: models and libraries.

    Returns:
        first-level topics with second-level topics in them, which cover all lines in order without overlap;
        an outline without topics where nobody speaks.
    """
    units = _units(material)
    if not units:
        return Outline()
    writing = writing_of(" ".join(unit.text for unit in units), material.language)
    stop_words = instruments.stop_words("en" if writing is Writing.ENGLISH else material.language)
    features = measure(units, writing, stop_words, instruments)
    titles = chapter_starts(material, units)
    planned = plan(material, sum(unit.words for unit in units), len(units), len(titles))
    phrases = Phrases(units, writing, stop_words, instruments)
    namer = Namer(instruments.encode if features.vectors is not None else None)
    return Writer(material.lines, units, features, phrases, namer).write(_branches(features.costs, planned, titles))


def _units(material: Material) -> list[Unit]:
    texts = [cleaned(line.text) for line in material.lines]
    wanted = _UNITS_PER_WANTED_TOPIC * max(material.branches or 0, material.leaves or 0)
    return merged(units_of(material.lines, texts, wanted), MOST_UNITS)


def _branches(costs: Matrix, planned: Plan, titles: dict[int, str]) -> list[Branch]:
    """The first-level stretches of units and what lies in them; the uploader's chapters where there are any."""
    firsts = tuple(sorted(titles))[1:] if titles else cut(costs, planned.branches)
    leaves: Sequence[int] = firsts
    if planned.leaves > planned.branches:
        leaves = subdivide(costs, firsts, planned.leaves, planned.most_parts)
    size = len(costs) - 1
    branches: list[Branch] = []
    for first, stop in spans(firsts, size):
        parts = [span for span in spans(leaves, size) if first <= span[0] < stop]
        # An undivided branch has no second level, unless an exact number of second-level topics was asked for.
        alone = len(parts) == 1 and (planned.most_parts is not None or planned.leaves == planned.branches)
        branches.append(Branch((first, stop), titles.get(first), () if alone else tuple(parts)))
    return branches
