"""The mind map: a tree in which every node knows the seconds of the video that it came from."""

from typing import Annotated, ClassVar

from pydantic import Field

from vidmap_contracts.event import Event, Message
from vidmap_contracts.job import ProcessingOptions
from vidmap_contracts.transcript import Transcript
from vidmap_contracts.video import Seconds, VideoMetadata


class Node(Message):
    """A node; its children lie inside `[start, end]`, in order of their start."""

    id: Annotated[str, Field(pattern=r"^n[0-9]+(\.[0-9]+)*$", examples=["n0", "n0.2.1"])]
    """The path from the root, `n0`: stable for the same analysis."""
    label: str
    summary: str = ""
    start: Seconds
    end: Seconds
    children: tuple["Node", ...] = ()


class MindMap(Message):
    """The whole map of one video."""

    video_id: str
    title: str
    language: str
    duration: Seconds
    root: Node


class MindmapGenerated(Event):
    """The map is built, validated and rendered in every text format."""

    stage: ClassVar[str] = "mindmap"

    options: ProcessingOptions = ProcessingOptions()
    metadata: VideoMetadata
    transcript: Transcript
    mindmap: MindMap
    exports: dict[str, str] = Field(default_factory=dict)
    """Format name to document; `json` is `mindmap` itself and not among them."""
