"""First-level topics from the chapters that the uploader set.

Three to twelve chapters are a table of contents that a person wrote: they are taken as they are. Fewer say too little,
more would crowd the first level; then, and where the caller says how many branches there are to be, the text decides.
"""

from collections.abc import Sequence

from vidmap_analyze.domain.material import Mark, Material
from vidmap_analyze.domain.plan import FEWEST_MARKS, MOST_MARKS
from vidmap_analyze.domain.units import Unit

# Chapters are set to whole seconds, and often a moment before the first word.
_EARLY_SECONDS = 0.5


def chapter_starts(material: Material, units: Sequence[Unit]) -> dict[int, str]:
    """The units at which chapters begin, and their titles; empty where chapters are not to be used.

    A chapter in which nobody speaks has no unit of its own: the next one takes its place.
    """
    if material.branches is not None or not FEWEST_MARKS <= len(material.marks) <= MOST_MARKS:
        return {}
    begins = [material.lines[unit.first].start for unit in units]
    if any(begin is None for begin in begins):
        return {}
    titles: dict[int, str] = {}
    for mark in sorted(material.marks, key=lambda mark: mark.start):
        titles[_unit_at(mark, [begin or 0.0 for begin in begins])] = " ".join(mark.title.split())
    titles = {at: title for at, title in titles.items() if title and at < len(units)}
    if titles and 0 not in titles:
        titles[0] = titles.pop(min(titles))
    return titles if len(titles) >= FEWEST_MARKS else {}


def _unit_at(mark: Mark, begins: Sequence[float]) -> int:
    """The first unit that begins with the mark or after it, or the one that is under way where most of it follows."""
    for index, begin in enumerate(begins):
        if begin >= mark.start - _EARLY_SECONDS:
            earlier = index > 0 and mark.start - begins[index - 1] < begin - mark.start
            return index - 1 if earlier and index > 1 else index
    return len(begins)
