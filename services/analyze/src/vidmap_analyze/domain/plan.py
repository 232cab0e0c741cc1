"""How many topics a transcript gets."""

import math
from dataclasses import dataclass

from vidmap_analyze.domain.material import Material

SHORT_MINUTES = 2.0
SHORT_WORDS = 150
_WORDS_PER_MINUTE = 150
FEWEST_BRANCHES, MOST_BRANCHES = 4, 9
FEWEST_PARTS, MOST_PARTS = 2, 6
_LEAVES_PER_ROOT_MINUTE = 3
_UNITS_PER_TOPIC = 4
_SHORT_WORDS_PER_TOPIC = 60
FEWEST_MARKS, MOST_MARKS = 3, 12


@dataclass(frozen=True, slots=True)
class Plan:
    """Numbers of topics."""

    branches: int
    leaves: int
    """All of the second level; equal to `branches` where there is none."""
    most_parts: int | None
    """Second-level topics in one branch at most; None where the number of leaves was asked for."""


def plan(material: Material, words: int, units: int, marked: int = 0) -> Plan:
    """How many topics to make.

    The first level grows with the root of the length, from 4 to 9 topics; the second has 2 to 6 in each of them.
    Under two minutes or 150 words there is one flat level. What the options ask for is made, where there are
    enough units.

    Args:
        material: the transcript and what is asked of it.
        words: how many are spoken.
        units: how many there are to cut between.
        marked: first-level topics that the uploader's chapters give; 0 for none.
    """
    minutes = spoken_minutes(material, words)
    short = minutes < SHORT_MINUTES or words < SHORT_WORDS
    branches = min(material.branches or marked or _branches(minutes, words, units, short=short), units)
    if material.leaves is not None:
        leaves = min(material.leaves, units)
        if material.branches is None and not marked:
            branches = max(1, min(branches, leaves // FEWEST_PARTS))
        return Plan(branches, max(leaves, branches), None)
    if short:
        return Plan(branches, branches, None)
    return Plan(branches, _leaves(minutes, branches, units), MOST_PARTS)


def spoken_minutes(material: Material, words: int) -> float:
    """The length of the transcript; from the number of words where the lines have no times."""
    last = material.lines[-1]
    end = last.end if last.end is not None else last.start
    return words / _WORDS_PER_MINUTE if end is None else (end - (material.lines[0].start or 0.0)) / 60


def _branches(minutes: float, words: int, units: int, *, short: bool) -> int:
    if short:
        return max(1, min(3, words // _SHORT_WORDS_PER_TOPIC, units // 2))
    wanted = min(max(round(math.sqrt(minutes)), FEWEST_BRANCHES), MOST_BRANCHES)
    return max(1, min(wanted, units // _UNITS_PER_TOPIC))


def _leaves(minutes: float, branches: int, units: int) -> int:
    wanted = round(_LEAVES_PER_ROOT_MINUTE * math.sqrt(minutes))
    wanted = min(max(wanted, FEWEST_PARTS * branches), MOST_PARTS * branches)
    return max(branches, min(wanted, units // _UNITS_PER_TOPIC))
