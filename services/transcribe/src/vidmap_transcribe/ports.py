"""What the use cases need from outside."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from pathlib import Path
from typing import Protocol
from uuid import UUID

from vidmap_contracts.event import Event, Message
from vidmap_contracts.job import ProcessingOptions, ProgressState
from vidmap_contracts.transcript import SpeechWindowRecognised, Transcript
from vidmap_contracts.video import VideoMetadata
from vidmap_transcribe.domain.captions import CaptionDocument
from vidmap_transcribe.domain.cues import Cue
from vidmap_transcribe.domain.windows import AudioWindow, PlannedWindow


class SpeechPlan(Message):
    """How the speech of one run is recognised: what the join needs beside the windows themselves."""

    options: ProcessingOptions
    metadata: VideoMetadata
    language: str
    """BCP 47, as it is asked of the speech model."""
    lanes: int
    """How many windows may be in work at once."""
    windows: tuple[PlannedWindow, ...]

    @property
    def duration(self) -> float:
        """Seconds of the recording."""
        return self.windows[-1].offset + self.windows[-1].duration


class Outbox(Protocol):
    """Where events and reports of one delivery go."""

    attempt: int
    """How often the record failed before."""

    async def publish(self, event: Event) -> None:
        """Publish; returns when the broker has the event."""
        ...

    async def progress(
        self, state: ProgressState, progress: int, *, message: str | None = None, sequence: int = 0
    ) -> None:
        """Tell how far the job is, in percent."""
        ...


class VideoSource(Protocol):
    """Where captions and audio come from."""

    async def captions(self, video_id: str, languages: Sequence[str]) -> CaptionDocument | None:
        """The best caption track, or None where there is none."""
        ...

    async def download_audio(self, video_id: str, directory: Path) -> Path:
        """The audio as a file in `directory`."""
        ...


class Cutter(Protocol):
    """Cuts a recording into windows."""

    def windows(self, recording: Path) -> AsyncGenerator[AudioWindow]:
        """Windows in order, one at a time.

        Raises:
            UnreadableRecordingError: there is no sound in the file that can be decoded.
        """
        ...


class TranscriptStore(Protocol):
    """Finished transcripts, found again by a second run of the same video."""

    async def transcript(self, video_id: str, language: str) -> Transcript | None:
        """The transcript that was made for the language option, or None."""
        ...

    async def keep_transcript(self, video_id: str, language: str, transcript: Transcript) -> None:
        """Keep a finished transcript."""
        ...


class SpeechStore(Protocol):
    """What one run has of its recording: audio, plan, recognised windows."""

    async def keep_audio(self, run: UUID, video_id: str, window: int, body: bytes) -> str:
        """Keep a window's audio; returns its key."""
        ...

    async def discard_audio(self, run: UUID) -> None:
        """Forget the audio of a run."""
        ...

    async def plan(self, run: UUID) -> SpeechPlan | None:
        """The plan of a run, or None before it is made."""
        ...

    async def keep_plan(self, run: UUID, video_id: str, plan: SpeechPlan) -> None:
        """Keep the plan: from here on nothing is downloaded again."""
        ...

    async def window(self, run: UUID, window: int) -> SpeechWindowRecognised | None:
        """The result of one window, or None."""
        ...

    async def windows(self, run: UUID) -> Mapping[int, SpeechWindowRecognised]:
        """All results so far, by window."""
        ...

    async def count_windows(self, run: UUID) -> int:
        """How many windows have a result."""
        ...

    async def keep_window(self, event: SpeechWindowRecognised) -> None:
        """Keep the result of a window."""
        ...

    async def is_joined(self, run: UUID) -> bool:
        """Whether the transcript of the run was published."""
        ...

    async def mark_joined(self, run: UUID, video_id: str) -> None:
        """Say that the transcript of the run was published."""
        ...


class RecognitionStore(Protocol):
    """What the speech worker reads and keeps."""

    async def audio(self, key: str) -> bytes | None:
        """The audio of a window, or None where it is gone."""
        ...

    async def window(self, run: UUID, window: int) -> SpeechWindowRecognised | None:
        """The result of a window as the join has it, or None."""
        ...

    async def recognition(self, audio: bytes, model: str, language: str) -> tuple[Cue, ...] | None:
        """What the model heard in this audio before, or None. Times are from the beginning of the audio."""
        ...

    async def keep_recognition(
        self, video_id: str, audio: bytes, model: str, language: str, cues: Sequence[Cue]
    ) -> None:
        """Keep what the model heard."""
        ...


class Recogniser(Protocol):
    """A speech model."""

    @property
    def name(self) -> str:
        """Names the model and its version: part of the key of what it heard."""
        ...

    def check(self, language: str) -> None:
        """Check that the model knows a language (BCP 47).

        Raises:
            LanguageNotSupportedError: it does not.
        """
        ...

    async def recognise(self, audio: bytes, language: str) -> tuple[Cue, ...]:
        """What is said in a file of audio; times are from its beginning.

        Raises:
            LanguageNotSupportedError: the model does not know the language.
            UnreadableRecordingError: there is no sound in it that can be decoded.
        """
        ...
