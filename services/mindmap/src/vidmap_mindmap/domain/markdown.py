"""A mind map as Markdown: an outline that reads well, and that markmap draws as a map.

Every node is a heading (deeper ones are list items), which markmap takes for nodes; its summary is a paragraph, which
markmap passes over. Headings link to the second of the video.
"""

import re
from collections.abc import Iterator

from vidmap_mindmap.domain.links import clock, watch_url
from vidmap_mindmap.domain.tree import Place, Tree

_DEEPEST_HEADING = 4
# What CommonMark, GitHub's tables and strikethrough, or markmap's formulas take for markup anywhere in a line,
_MARKUP = re.compile(r"[\\`*_\[\]<~|$]|&(?=#?\w+;)")
# and what they take for it where a line begins. Labels stand behind a bracket, summaries at the front.
_OPENING = re.compile(r"^(?:[#>+\-=]|\d{1,9}(?=[.)]))")


def render(tree: Tree) -> str:
    """The whole map as one document that ends with a line break."""
    return "\n".join(_lines(tree, tree.root, 1)).rstrip() + "\n"


def escaped(text: str) -> str:
    """Text on one line that Markdown shows as it is."""
    marked = _MARKUP.sub(r"\\\g<0>", " ".join(text.split()))
    opening = _OPENING.match(marked)
    if opening is None:
        return marked
    number = opening.group() if opening.group().isdecimal() else ""
    return f"{number}\\{marked[len(number) :]}"


def _lines(tree: Tree, place: Place, level: int) -> Iterator[str]:
    link = f"[{escaped(place.label)}]({watch_url(tree.video_id, place.start)}) ({clock(place.start)})"
    if level <= _DEEPEST_HEADING:
        yield f"{'#' * level} {link}"
        yield ""
        if place.summary.strip():
            yield escaped(place.summary)
            yield ""
    else:
        yield f"{'  ' * (level - _DEEPEST_HEADING - 1)}- {link}"
    for child in place.children:
        yield from _lines(tree, child, level + 1)
    if level == _DEEPEST_HEADING and place.children:
        yield ""
