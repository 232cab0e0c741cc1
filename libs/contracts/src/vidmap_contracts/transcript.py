"""A transcript in time, and the windows of audio from which it is recognised where there are no captions."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from vidmap_contracts.event import Event, Message
from vidmap_contracts.job import ProcessingOptions
from vidmap_contracts.video import Seconds, VideoMetadata

TranscriptSource = Literal["captions_manual", "captions_automatic", "google_speech", "whisper"]
SpeechProvider = Literal["google_speech", "whisper"]


class Segment(Message):
    """A stretch of speech; `start` and `end` are seconds from the beginning of the video."""

    text: str
    start: Seconds
    end: Seconds


class Transcript(Message):
    """Segments in ascending order that do not overlap."""

    language: str
    source: TranscriptSource
    segments: tuple[Segment, ...]


class TranscriptGenerated(Event):
    """The words of the video are known, with their times."""

    stage: ClassVar[str] = "transcribe"

    options: ProcessingOptions = ProcessingOptions()
    metadata: VideoMetadata
    transcript: Transcript


class SpeechWindowRequested(Event):
    """One window of audio waits to be recognised. Keyed by job and window, so that windows spread over partitions."""

    stage: ClassVar[str] = "transcribe"

    window: Annotated[int, Field(ge=0)]
    windows: Annotated[int, Field(ge=1)]
    offset: Seconds
    """Where the window begins in the video."""
    duration: Seconds
    audio: str
    """Key of the artefact that holds the audio (a whole file in a container that PyAV reads)."""
    language: str = "en"

    @property
    def key(self) -> bytes:
        """Job and window."""
        return f"{self.job_id}/{self.window}".encode()


class SpeechWindowRecognised(Event):
    """One window was recognised; its segments are in the time of the video."""

    stage: ClassVar[str] = "speech"

    window: Annotated[int, Field(ge=0)]
    windows: Annotated[int, Field(ge=1)]
    provider: SpeechProvider
    language: str
    segments: tuple[Segment, ...]
