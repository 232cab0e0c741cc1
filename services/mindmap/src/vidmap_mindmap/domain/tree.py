"""The tree of a mind map: what makes it valid, and what of a flawed one can be put right."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Place:
    """A node: a name for the seconds from `start` to `end` of the video."""

    id: str
    label: str
    summary: str
    start: float
    end: float
    children: tuple["Place", ...] = ()


@dataclass(frozen=True, slots=True)
class Tree:
    """The map of one video; `duration` in seconds."""

    video_id: str
    language: str
    duration: float
    root: Place


class InvalidTreeError(Exception):
    """The tree is no mind map; the message says which node is wrong and why."""


def fitted(places: Iterable[Place], duration: float) -> tuple[Place, ...]:
    """What lies inside the video: ends that hang over it are cut off, and what begins after it is left out.

    The last caption often stays on screen longer than the video, whose length is known in whole seconds only.
    """
    return tuple(
        replace(place, end=min(place.end, duration), children=fitted(place.children, duration))
        for place in places
        if place.start < duration
    )


def numbered(place: Place, path: str) -> Place:
    """The same tree with the path from the root as the id of each node: n0, n0.0, n0.0.1."""
    children = tuple(numbered(child, f"{path}.{position}") for position, child in enumerate(place.children))
    return replace(place, id=path, children=children)


def check(tree: Tree) -> None:
    """Nothing, where every node has a length, lies inside its parent, and follows its sibling without overlap.

    Raises:
        InvalidTreeError: otherwise.
    """
    if tree.root.start < 0 or tree.root.end > tree.duration:
        raise InvalidTreeError(f"{tree.root.id} does not lie inside the video of {tree.duration:g} s")
    for place in walk(tree.root):
        _check_place(place)


def walk(place: Place) -> Iterator[Place]:
    """The node and all below it, parents first, in order."""
    yield place
    for child in place.children:
        yield from walk(child)


def _check_place(place: Place) -> None:
    if not place.label.strip():
        raise InvalidTreeError(f"{place.id} has no label")
    if not place.start < place.end:
        raise InvalidTreeError(f"{place.id} ends at {place.end:g} s and begins at {place.start:g} s")
    free = place.start
    for child in place.children:
        if child.start < free or child.end > place.end:
            raise InvalidTreeError(f"{child.id} does not lie inside {place.id}, after the nodes before it")
        free = child.end
