"""The formats that a map is rendered in. A new one is a function here, and nothing else changes.

`json` is the message's own model and needs no renderer.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from vidmap_mindmap.domain import markdown
from vidmap_mindmap.domain.tree import Tree

Renderer = Callable[[Tree], str]
"""A map to a whole document. The same map always gives the same text."""

RENDERERS: Mapping[str, Renderer] = MappingProxyType({"markdown": markdown.render})
"""By the name that the API calls the format."""


def render_all(tree: Tree) -> dict[str, str]:
    """The map in every format, by name."""
    return {name: render(tree) for name, render in RENDERERS.items()}
