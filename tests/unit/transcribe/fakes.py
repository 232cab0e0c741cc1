"""Ports of vidmap_transcribe in memory."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar
from uuid import UUID, uuid4

from vidmap_contracts.event import Event
from vidmap_contracts.job import ProcessingOptions, ProgressState
from vidmap_contracts.transcript import Segment, SpeechWindowRecognised, SpeechWindowRequested, Transcript
from vidmap_contracts.video import CaptionTrack, MetadataExtracted, VideoMetadata
from vidmap_transcribe.domain.captions import CaptionDocument
from vidmap_transcribe.domain.cues import Cue
from vidmap_transcribe.domain.windows import AudioWindow
from vidmap_transcribe.errors import LanguageNotSupportedError
from vidmap_transcribe.ports import SpeechPlan

E = TypeVar("E", bound=Event)
NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
VIDEO = "vmSampleTlk"


class BrokerAwayError(Exception):
    """The broker does not take an event."""


@dataclass
class FakeOutbox:
    """Keeps what is published; refuses from the event on that `refuse_after` names."""

    attempt: int = 0
    refuse_after: int | None = None
    events: list[Event] = field(default_factory=list[Event])
    reports: list[tuple[ProgressState, int, str | None, int]] = field(default_factory=list)

    async def publish(self, event: Event) -> None:
        await asyncio.sleep(0)
        if self.refuse_after is not None and len(self.events) >= self.refuse_after:
            raise BrokerAwayError
        self.events.append(event)

    async def progress(
        self, state: ProgressState, progress: int, *, message: str | None = None, sequence: int = 0
    ) -> None:
        self.reports.append((state, progress, message, sequence))

    def of(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]


@dataclass
class InMemoryStore:
    """Everything that the service keeps."""

    transcripts: dict[tuple[str, str], Transcript] = field(default_factory=dict)
    sound: dict[str, bytes] = field(default_factory=dict)
    plans: dict[UUID, SpeechPlan] = field(default_factory=dict)
    results: dict[tuple[UUID, int], SpeechWindowRecognised] = field(default_factory=dict)
    joined: set[UUID] = field(default_factory=set)
    heard: dict[tuple[bytes, str, str], tuple[Cue, ...]] = field(default_factory=dict)

    async def transcript(self, video_id: str, language: str) -> Transcript | None:
        return self.transcripts.get((video_id, language))

    async def keep_transcript(self, video_id: str, language: str, transcript: Transcript) -> None:
        self.transcripts[video_id, language] = transcript

    async def keep_audio(self, run: UUID, video_id: str, window: int, body: bytes) -> str:
        self.sound[f"{run}/{window}"] = body
        return f"{run}/{window}"

    async def audio(self, key: str) -> bytes | None:
        return self.sound.get(key)

    async def discard_audio(self, run: UUID) -> None:
        self.sound = {key: body for key, body in self.sound.items() if not key.startswith(str(run))}

    async def plan(self, run: UUID) -> SpeechPlan | None:
        return self.plans.get(run)

    async def keep_plan(self, run: UUID, video_id: str, plan: SpeechPlan) -> None:
        self.plans[run] = SpeechPlan.model_validate_json(plan.model_dump_json())

    async def window(self, run: UUID, window: int) -> SpeechWindowRecognised | None:
        await asyncio.sleep(0)
        return self.results.get((run, window))

    async def windows(self, run: UUID) -> dict[int, SpeechWindowRecognised]:
        return {window: result for (owner, window), result in self.results.items() if owner == run}

    async def count_windows(self, run: UUID) -> int:
        await asyncio.sleep(0)
        return len(await self.windows(run))

    async def keep_window(self, event: SpeechWindowRecognised) -> None:
        await asyncio.sleep(0)
        self.results[event.run, event.window] = event

    async def is_joined(self, run: UUID) -> bool:
        return run in self.joined

    async def mark_joined(self, run: UUID, video_id: str) -> None:
        self.joined.add(run)

    async def recognition(self, audio: bytes, model: str, language: str) -> tuple[Cue, ...] | None:
        return self.heard.get((audio, model, language))

    async def keep_recognition(
        self, video_id: str, audio: bytes, model: str, language: str, cues: Sequence[Cue]
    ) -> None:
        self.heard[audio, model, language] = tuple(cues)


@dataclass
class FakeSource:
    """A video with these captions; counts what is fetched."""

    document: CaptionDocument | None = None
    error: Exception | None = None
    asked: list[Sequence[str]] = field(default_factory=list)
    downloads: int = 0

    async def captions(self, video_id: str, languages: Sequence[str]) -> CaptionDocument | None:
        self.asked.append(languages)
        if self.error is not None:
            raise self.error
        return self.document

    async def download_audio(self, video_id: str, directory: Path) -> Path:
        self.downloads += 1
        path = directory / "audio.m4a"
        path.write_bytes(b"sound")
        return path


@dataclass
class FakeCutter:
    """Windows of equal length; the audio of each is its words."""

    count: int
    seconds: float = 10.0

    async def windows(self, recording: Path) -> AsyncGenerator[AudioWindow]:
        assert recording.read_bytes() == b"sound"
        for index in range(self.count):
            yield AudioWindow(self.seconds * index, self.seconds, f"words {index}".encode())


@dataclass
class FakeRecogniser:
    """Hears the audio's own bytes as words, for the first three seconds."""

    calls: int = 0
    name: str = "fake"

    def check(self, language: str) -> None:
        if language != "en":
            raise LanguageNotSupportedError(language)

    async def recognise(self, audio: bytes, language: str) -> tuple[Cue, ...]:
        self.calls += 1
        return (Cue(audio.decode(), 0.0, 3.0),)


def metadata_event(
    *, tracks: bool = False, duration: float | None = 300.0, language: str | None = None, option: str = "en"
) -> MetadataExtracted:
    """A video whose metadata is known."""
    found = (CaptionTrack(language="en", kind="manual"),) if tracks else ()
    return MetadataExtracted(
        event_id=uuid4(),
        occurred_at=NOW,
        job_id=uuid4(),
        video_id=VIDEO,
        run=uuid4(),
        trace="0" * 32,
        options=ProcessingOptions(language=option),
        metadata=VideoMetadata(
            title="A talk", duration=duration, language=language, caption_tracks=found, source="yt_dlp"
        ),
    )


def recognised(request: SpeechWindowRequested, text: str | None = None) -> SpeechWindowRecognised:
    """What the speech worker answers to a request."""
    words = f"words {request.window}" if text is None else text
    segments = (Segment(text=words, start=request.offset, end=request.offset + 3),) if words else ()
    return SpeechWindowRecognised.caused_by(
        request,
        at=NOW,
        parts=(request.window,),
        window=request.window,
        windows=request.windows,
        provider="whisper",
        language=request.language,
        segments=segments,
    )
