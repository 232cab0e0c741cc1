"""Through the real yt-dlp, against a YouTube on loopback."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from tests.standins.youtube import YouTubeStandIn
from tests.standins.youtube.talks import COFFEE
from tests.unit.transcribe.fakes import NOW, FakeOutbox, InMemoryStore, metadata_event

from vidmap_contracts.transcript import SpeechWindowRequested, TranscriptGenerated
from vidmap_contracts.video import MetadataExtracted
from vidmap_transcribe.adapters.audio import PyAvCutter
from vidmap_transcribe.adapters.youtube import YouTubeSource
from vidmap_transcribe.service import Captioning, Transcription
from vidmap_youtube import YouTube, YouTubeSettings


@pytest.fixture(scope="module")
def standin() -> Iterator[YouTubeStandIn]:
    with YouTubeStandIn() as standin:
        yield standin


@pytest.fixture
def source(standin: YouTubeStandIn) -> YouTubeSource:
    settings = YouTubeSettings(proxy=standin.proxy, ca_file=standin.ca_file, player_clients=("visionos",))
    return YouTubeSource(YouTube(settings))


@pytest.fixture
def store() -> InMemoryStore:
    return InMemoryStore()


@pytest.fixture
def transcription(source: YouTubeSource, store: InMemoryStore) -> Transcription:
    def clock() -> datetime:
        return NOW

    return Transcription(
        captioning=Captioning(source),
        source=source,
        cutter=PyAvCutter(),
        transcripts=store,
        speech=store,
        lanes=8,
        english_only=True,
        clock=clock,
    )


def video(video_id: str, *, tracks: bool, duration: float) -> MetadataExtracted:
    return metadata_event(tracks=tracks, duration=duration).model_copy(update={"video_id": video_id})


async def test_every_word_of_the_talk_is_there_when_it_has_captions(transcription: Transcription):
    outbox = FakeOutbox()

    await transcription.begin(video("vmSampleCap", tracks=True, duration=3600), outbox)

    (generated,) = outbox.of(TranscriptGenerated)
    assert " ".join(part.text for part in generated.transcript.segments).split() == COFFEE.spoken.split()
    assert (generated.transcript.source, generated.transcript.language) == ("captions_manual", "en")


async def test_windows_cover_the_talk_when_it_has_only_speech(transcription: Transcription, store: InMemoryStore):
    outbox = FakeOutbox()

    await transcription.begin(video("vmSampleTlk", tracks=False, duration=425), outbox)

    requests = outbox.of(SpeechWindowRequested)
    assert requests[0].offset == pytest.approx(0, abs=0.05)
    assert len(requests) == min(8, requests[0].windows)
    assert all(request.duration <= 55 for request in requests)
    assert len(store.sound) == requests[0].windows
    (plan,) = store.plans.values()
    assert sum(window.duration for window in plan.windows) == pytest.approx(plan.duration, abs=0.5)


async def test_there_are_no_captions_when_youtube_answers_with_nothing(source: YouTubeSource, tmp_path: Path):
    assert await source.captions("capempt0001", ("en",)) is None
    assert await source.captions("silence0001", ("en",)) is None
    assert (await source.download_audio("silence0001", tmp_path)).stat().st_size > 0
