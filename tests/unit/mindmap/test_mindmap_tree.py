"""What a valid tree is, and what is put right."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidmap_mindmap.domain.tree import InvalidTreeError, Place, Tree, check, fitted, numbered, walk


def place(start: float, end: float, *children: Place, label: str = "Tides") -> Place:
    return Place("n0", label, "", start, end, children)


def tree(root: Place, duration: float = 100.0) -> Tree:
    return Tree("abcdefghijk", "en", duration, numbered(root, "n0"))


@st.composite
def places(draw: st.DrawFn, start: float = 0.0, end: float = 100.0, depth: int = 3) -> Place:
    """A valid tree: cuts in order, children between them."""
    count = draw(st.integers(0, 3)) if depth else 0
    edges = sorted(draw(st.sets(st.integers(int(start), int(end)), min_size=2 * count, max_size=2 * count)))
    spans = [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if b - a >= 8 or depth == 1]
    children = [draw(places(float(a), float(b), depth - 1 if b - a >= 8 else 0)) for a, b in spans]
    return place(start, end, *children, label=draw(st.text(min_size=1).filter(str.strip)))


@given(places())
def test_tree_passes_when_it_is_valid(root: Place) -> None:
    check(tree(root))


@given(places(end=160.0))
def test_tree_passes_when_it_hung_over_the_end_and_was_fitted(root: Place) -> None:
    inside = replace(root, end=100.0, children=fitted(root.children, 100.0))
    check(tree(inside))
    kept = [node.label for node in walk(root) if node.start < 100]
    assert [node.label for node in walk(inside)] == kept


@given(places())
def test_ids_are_paths_when_numbered(root: Place) -> None:
    found = {node.id: node for node in walk(numbered(root, "n0"))}
    assert len(found) == len(list(walk(root)))
    for path, node in found.items():
        for position, child in enumerate(node.children):
            assert found[f"{path}.{position}"] is child


@pytest.mark.parametrize(
    ("root", "reason"),
    [
        (place(0, 100, place(10, 10)), r"n0\.0 ends at 10 s"),
        (place(0, 100, place(30, 20)), r"n0\.0 ends at 20 s"),
        (place(0, 100, place(0, 50), place(40, 60)), r"n0\.1 does not lie inside n0"),
        (place(0, 100, place(50, 60), place(0, 10)), r"n0\.1 does not lie inside n0"),
        (place(0, 100, place(10, 20, place(5, 15))), r"n0\.0\.0 does not lie inside n0\.0"),
        (place(0, 100, place(10, 20, place(15, 25))), r"n0\.0\.0 does not lie inside n0\.0"),
        (place(0, 100, place(10, 20, label=" ")), r"n0\.0 has no label"),
        (place(0, 110), "n0 does not lie inside the video"),
        (place(0, 0), "n0 ends at 0 s"),
    ],
)
def test_error_names_the_node_when_tree_is_broken(root: Place, reason: str) -> None:
    with pytest.raises(InvalidTreeError, match=reason):
        check(tree(root))
