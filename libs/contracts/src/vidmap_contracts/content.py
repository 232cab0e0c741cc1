"""What a transcript is about: a tree of topics that covers it in time."""

from typing import Annotated, ClassVar

from pydantic import Field

from vidmap_contracts.event import Event, Message
from vidmap_contracts.job import ProcessingOptions
from vidmap_contracts.transcript import Transcript
from vidmap_contracts.video import Seconds, VideoMetadata


class Topic(Message):
    """A stretch of the transcript about one thing. Its topics lie inside it, in order, without overlap."""

    label: str
    summary: str
    first_segment: Annotated[int, Field(ge=0)]
    last_segment: Annotated[int, Field(ge=0)]
    """Inclusive."""
    start: Seconds
    end: Seconds
    topics: tuple["Topic", ...] = ()


class ContentAnalyzed(Event):
    """The topics of the video are known."""

    stage: ClassVar[str] = "analyze"

    options: ProcessingOptions = ProcessingOptions()
    metadata: VideoMetadata
    transcript: Transcript
    summary: str = ""
    topics: tuple[Topic, ...]
