"""The Markdown export, read back by a CommonMark parser."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from vidmap_mindmap.domain.links import clock, watch_url
from vidmap_mindmap.domain.markdown import escaped, render
from vidmap_mindmap.domain.tree import Place, Tree

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
# Signs that mean something to Markdown, and a few that do not.
TEXT = st.text(alphabet="ab1. \\`*_{}[]()<>#+-!|~$&;:=@/\"'é月", min_size=1, max_size=40).filter(
    lambda text: text.strip()
)


def _shown(tokens: list[Token]) -> str:
    """What a reader sees of inline tokens."""
    return "".join(token.content for token in tokens if token.type == "text")


def _inline(document: str) -> list[tuple[str, list[Token]]]:
    """The kind of each block, and the inline tokens in it."""
    tokens = PARSER.parse(document)
    return [(before.type, token.children or []) for before, token in pairwise(tokens) if token.type == "inline"]


@given(TEXT)
def test_reader_sees_the_text_when_it_is_escaped(text: str) -> None:
    [(kind, tokens)] = _inline(escaped(text))
    assert kind == "paragraph_open"
    assert {token.type for token in tokens} <= {"text", "text_special"}
    assert _shown(tokens) == " ".join(text.split())


def _tree(label: str, summary: str) -> Tree:
    part = Place("n0.0.0", "Low water", "", 75.9, 90.0)
    branch = Place("n0.0", label, summary, 61.4, 3800.0, (part,))
    return Tree("abcdefghi-_", "en", 4000.0, Place("n0", "A talk", "All of it.", 0.0, 4000.0, (branch,)))


@given(TEXT, TEXT)
def test_labels_are_links_in_headings_when_map_is_rendered(label: str, summary: str) -> None:
    blocks = _inline(render(_tree(label, summary)))
    assert [kind for kind, _ in blocks] == [
        "heading_open",
        "paragraph_open",
        "heading_open",
        "paragraph_open",
        "heading_open",
    ]
    heading = blocks[2][1]
    assert heading[0].type == "link_open"
    assert heading[0].attrs["href"] == "https://www.youtube.com/watch?v=abcdefghi-_&t=61s"
    assert _shown(heading) == f"{' '.join(label.split())} (1:01)"
    assert _shown(blocks[3][1]) == " ".join(summary.split())


def test_document_reads_as_an_outline_when_rendered() -> None:
    assert render(_tree("Tides & moons", "The *sea* moves.")) == (
        "# [A talk](https://www.youtube.com/watch?v=abcdefghi-_&t=0s) (0:00)\n\n"
        "All of it.\n\n"
        "## [Tides & moons](https://www.youtube.com/watch?v=abcdefghi-_&t=61s) (1:01)\n\n"
        "The \\*sea\\* moves.\n\n"
        "### [Low water](https://www.youtube.com/watch?v=abcdefghi-_&t=75s) (1:15)\n"
    )


def test_deep_nodes_are_list_items_when_headings_would_run_out() -> None:
    node = Place("n", "Leaf", "", 0.0, 1.0)
    for depth in range(6, 0, -1):
        node = Place("n", f"Level {depth}", "", 0.0, 1.0, (node,))
    tokens = PARSER.parse(render(Tree("abcdefghijk", "en", 1.0, node)))
    assert [token.tag for token in tokens if token.type == "heading_open"] == ["h1", "h2", "h3", "h4"]
    assert sum(token.type == "list_item_open" for token in tokens) == 3
    assert max(token.level for token in tokens if token.type == "list_item_open") == 5


@pytest.mark.parametrize(("seconds", "shown"), [(0, "0:00"), (59.9, "0:59"), (600, "10:00"), (3661.5, "1:01:01")])
def test_seconds_are_shown_as_players_do_when_formatted(seconds: float, shown: str) -> None:
    assert clock(seconds) == shown


def test_link_starts_at_the_whole_second_when_start_has_a_fraction() -> None:
    assert watch_url("abcdefghijk", 12.9) == "https://www.youtube.com/watch?v=abcdefghijk&t=12s"
