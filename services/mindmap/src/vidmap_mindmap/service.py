"""The use case: from topics to a mind map that holds, rendered in every format."""

from collections.abc import Callable
from datetime import datetime

from vidmap_contracts.content import ContentAnalyzed, Topic
from vidmap_contracts.mindmap import MindMap, MindmapGenerated, Node
from vidmap_mindmap.domain.renderers import render_all
from vidmap_mindmap.domain.tree import InvalidTreeError, Place, Tree, check, fitted, numbered
from vidmap_mindmap.errors import BrokenAnalysisError

_ROOT = "n0"


class Drawing:
    """Turns analysed content into a mind map.

    Args:
        clock: the present moment.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock

    def draw(self, event: ContentAnalyzed) -> MindmapGenerated:
        """The event that follows.

        Raises:
            BrokenAnalysisError: the topics cannot be a map.
        """
        tree = tree_of(event)
        if event.topics and not tree.root.children:
            raise BrokenAnalysisError(f"all of them begin after the video's end at {tree.duration:g} s")
        try:
            check(tree)
        except InvalidTreeError as error:
            raise BrokenAnalysisError(str(error)) from error
        return MindmapGenerated.caused_by(
            event,
            at=self._clock(),
            options=event.options,
            metadata=event.metadata,
            transcript=event.transcript,
            mindmap=mindmap_of(tree),
            exports=render_all(tree),
        )


def tree_of(event: ContentAnalyzed) -> Tree:
    """The topics under a root that is the whole video."""
    duration = event.metadata.duration or _last_second(event)
    root = Place(
        id=_ROOT,
        label=" ".join(event.metadata.title.split()) or event.video_id,
        summary=event.summary,
        start=0.0,
        end=duration,
        children=fitted((_place_of(topic) for topic in event.topics), duration),
    )
    return Tree(event.video_id, event.transcript.language, duration, numbered(root, _ROOT))


def _last_second(event: ContentAnalyzed) -> float:
    """Where the source does not tell the duration, the video ends with its last word."""
    ends = [segment.end for segment in event.transcript.segments] + [topic.end for topic in event.topics]
    return max(ends, default=0.0)


def _place_of(topic: Topic) -> Place:
    children = tuple(_place_of(part) for part in topic.topics)
    return Place(_ROOT, " ".join(topic.label.split()), topic.summary, topic.start, topic.end, children)


def mindmap_of(tree: Tree) -> MindMap:
    """The tree as messages say it."""
    return MindMap(
        video_id=tree.video_id,
        title=tree.root.label,
        language=tree.language,
        duration=tree.duration,
        root=_node_of(tree.root),
    )


def _node_of(place: Place) -> Node:
    return Node(
        id=place.id,
        label=place.label,
        summary=place.summary,
        start=place.start,
        end=place.end,
        children=tuple(_node_of(child) for child in place.children),
    )
