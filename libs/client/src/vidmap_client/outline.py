"""A mind map as lines of text in which every node links to its second."""

from collections.abc import Iterator
from dataclasses import dataclass

from vidmap_contracts.mindmap import MindMap, Node


@dataclass(frozen=True, slots=True)
class OutlineLine:
    """One node."""

    depth: int
    label: str
    time: str
    """Where it begins, such as `1:02:03`."""
    link: str
    """The video at that second."""


def outline(mindmap: MindMap) -> Iterator[OutlineLine]:
    """The nodes of the map from the root down, each before its children."""
    yield from _lines(mindmap.root, 0, mindmap.video_id)


def _lines(node: Node, depth: int, video_id: str) -> Iterator[OutlineLine]:
    yield OutlineLine(depth, node.label, clock_time(node.start), time_link(video_id, node.start))
    for child in node.children:
        yield from _lines(child, depth + 1, video_id)


def clock_time(seconds: float) -> str:
    """Seconds as `m:ss`, or `h:mm:ss` from an hour on."""
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def time_link(video_id: str, seconds: float) -> str:
    """The address of the video at a second."""
    return f"https://youtu.be/{video_id}?t={int(seconds)}"
