"""A video as its source describes it, from submission to the finished result."""

from typing import Annotated, ClassVar, Literal

from pydantic import AwareDatetime, Field

from vidmap_contracts.event import Event, Message
from vidmap_contracts.job import ProcessingOptions

Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
MetadataSource = Literal["youtube_data_api", "yt_dlp", "oembed"]


class Chapter(Message):
    """A chapter that the uploader set."""

    title: str
    start: Seconds
    end: Seconds


class CaptionTrack(Message):
    """A caption track that can be fetched."""

    language: str
    """As the source names it; `<language>-orig` is the recognised original of an automatic track."""
    kind: Literal["manual", "automatic"]


class VideoMetadata(Message):
    """What is known of a video before its words are read."""

    title: str
    channel: str | None = None
    channel_id: str | None = None
    duration: Seconds | None = None
    """Seconds; None where the source does not tell (oEmbed)."""
    language: str | None = None
    description: str = ""
    published_at: AwareDatetime | None = None
    thumbnail_url: str | None = None
    chapters: tuple[Chapter, ...] = ()
    caption_tracks: tuple[CaptionTrack, ...] = ()
    source: MetadataSource


class VideoSubmitted(Event):
    """A job was released from the queue: the pipeline begins."""

    stage: ClassVar[str] = "gateway"

    options: ProcessingOptions = ProcessingOptions()


class MetadataExtracted(Event):
    """The metadata stage knows the video."""

    stage: ClassVar[str] = "metadata"

    options: ProcessingOptions = ProcessingOptions()
    metadata: VideoMetadata


class VideoIndexed(Event):
    """The result is stored and can be found: the run is complete."""

    stage: ClassVar[str] = "indexer"

    options: ProcessingOptions = ProcessingOptions()
