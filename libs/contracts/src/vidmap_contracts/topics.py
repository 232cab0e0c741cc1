"""Every topic of vidmap: the only place where their names and limits are written.

`vidmap topics` creates and verifies them.
"""

from dataclasses import dataclass, field

from vidmap_contracts.content import ContentAnalyzed
from vidmap_contracts.event import Event
from vidmap_contracts.job import JobProgressed
from vidmap_contracts.mindmap import MindmapGenerated
from vidmap_contracts.transcript import SpeechWindowRecognised, SpeechWindowRequested, TranscriptGenerated
from vidmap_contracts.video import MetadataExtracted, VideoIndexed, VideoSubmitted

DAY_MS = 24 * 60 * 60 * 1000
STAGE_MESSAGE_BYTES = 8 * 1024 * 1024
# What failed may be as large as what a stage topic takes, plus the headers that say why it failed.
FAILURE_MESSAGE_BYTES = STAGE_MESSAGE_BYTES + 1024 * 1024


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic as it is created on the broker."""

    name: str
    event: type[Event] | None = None
    """What its records hold; None where they are other topics' records."""
    partitions: int = 12
    retention_ms: int = 7 * DAY_MS
    max_message_bytes: int = STAGE_MESSAGE_BYTES
    config: dict[str, str] = field(default_factory=dict[str, str])


VIDEO_SUBMITTED = Topic("video.submitted.v1", VideoSubmitted)
METADATA_EXTRACTED = Topic("metadata.extracted.v1", MetadataExtracted)
SPEECH_WINDOW_REQUESTED = Topic("speech-window.requested.v1", SpeechWindowRequested)
SPEECH_WINDOW_RECOGNISED = Topic("speech-window.recognised.v1", SpeechWindowRecognised)
TRANSCRIPT_GENERATED = Topic("transcript.generated.v1", TranscriptGenerated, retention_ms=90 * DAY_MS)
CONTENT_ANALYZED = Topic("content.analyzed.v1", ContentAnalyzed)
MINDMAP_GENERATED = Topic("mindmap.generated.v1", MindmapGenerated)
VIDEO_INDEXED = Topic("video.indexed.v1", VideoIndexed)
JOB_PROGRESSED = Topic("job.progressed.v1", JobProgressed)

RETRY_DELAYS_S = (2, 4, 8, 16, 32, 64, 128, 256, 300)


def retry_topic(delay_s: int) -> str:
    """The name of the retry topic whose records wait `delay_s` seconds (one of `RETRY_DELAYS_S`)."""
    return f"retry.{delay_s}s"


RETRY_TOPICS = tuple(
    Topic(retry_topic(delay), partitions=3, max_message_bytes=FAILURE_MESSAGE_BYTES) for delay in RETRY_DELAYS_S
)
DEAD_LETTER = Topic("dead-letter.v1", partitions=3, retention_ms=30 * DAY_MS, max_message_bytes=FAILURE_MESSAGE_BYTES)

STAGE_TOPICS = (
    VIDEO_SUBMITTED,
    METADATA_EXTRACTED,
    SPEECH_WINDOW_REQUESTED,
    SPEECH_WINDOW_RECOGNISED,
    TRANSCRIPT_GENERATED,
    CONTENT_ANALYZED,
    MINDMAP_GENERATED,
    VIDEO_INDEXED,
    JOB_PROGRESSED,
)
ALL_TOPICS = (*STAGE_TOPICS, *RETRY_TOPICS, DEAD_LETTER)
BY_EVENT: dict[type[Event], Topic] = {topic.event: topic for topic in STAGE_TOPICS if topic.event is not None}
