from dataclasses import dataclass, field
from datetime import timedelta
from typing import cast
from uuid import UUID

import pytest
from tests.unit.transcribe.fakes import NOW, metadata_event, recognised

from vidmap_chassis.artefacts import Artefacts
from vidmap_contracts.transcript import Segment, SpeechWindowRequested, Transcript
from vidmap_transcribe.adapters.artefacts import ArtefactStore
from vidmap_transcribe.domain.cues import Cue
from vidmap_transcribe.domain.windows import PlannedWindow
from vidmap_transcribe.ports import SpeechPlan

VIDEO = "vmSampleTlk"


@dataclass(frozen=True)
class _Row:
    body: bytes
    kind: str
    owner: str | None
    ttl: timedelta | None


@dataclass
class InMemoryArtefacts:
    rows: dict[str, _Row] = field(default_factory=dict)

    async def get(self, key: str) -> bytes | None:
        row = self.rows.get(key)
        return row.body if row else None

    async def put(
        self,
        key: str,
        body: bytes,
        *,
        kind: str,
        video_id: str,
        owner: str | None = None,
        ttl: timedelta | None = None,
    ) -> None:
        assert video_id == VIDEO
        self.rows[key] = _Row(body, kind, owner, ttl)

    async def owned(self, owner: str, kind: str) -> dict[str, bytes]:
        return {key: row.body for key, row in sorted(self.rows.items()) if (row.owner, row.kind) == (owner, kind)}

    async def count(self, owner: str, kind: str) -> int:
        return len(await self.owned(owner, kind))

    async def discard(self, owner: str, kind: str | None = None) -> int:
        gone = [key for key, row in self.rows.items() if row.owner == owner and kind in {None, row.kind}]
        for key in gone:
            del self.rows[key]
        return len(gone)


@pytest.fixture
def artefacts() -> InMemoryArtefacts:
    return InMemoryArtefacts()


@pytest.fixture
def store(artefacts: InMemoryArtefacts) -> ArtefactStore:
    return ArtefactStore(cast(Artefacts, artefacts))


def request(run_of: UUID | None = None, window: int = 0) -> SpeechWindowRequested:
    event = metadata_event()
    made = SpeechWindowRequested.caused_by(
        event, at=NOW, parts=(window,), window=window, windows=3, offset=10.0 * window, duration=10.0, audio="key"
    )
    return made.model_copy(update={"run": run_of}) if run_of else made


async def test_a_transcript_is_found_again_when_video_and_language_are_the_same(store: ArtefactStore):
    transcript = Transcript(language="en", source="whisper", segments=(Segment(text="Hi", start=1, end=2),))
    await store.keep_transcript(VIDEO, "en", transcript)

    assert await store.transcript(VIDEO, "en") == transcript
    assert await store.transcript(VIDEO, "de") is None
    assert await store.transcript("vmSampleCap", "en") is None


async def test_a_plan_is_the_same_when_it_is_read_back(store: ArtefactStore):
    event = metadata_event()
    windows = (PlannedWindow(0.0, 50.5, "a"), PlannedWindow(50.5, 10.25, "b"))
    plan = SpeechPlan(options=event.options, metadata=event.metadata, language="en", lanes=8, windows=windows)
    await store.keep_plan(event.run, VIDEO, plan)

    assert await store.plan(event.run) == plan
    assert await store.plan(request().run) is None


async def test_results_are_counted_by_run_when_windows_come_back(store: ArtefactStore):
    first = request()
    for window in (2, 0, 2):
        await store.keep_window(recognised(request(first.run, window)))
    await store.keep_window(recognised(request()))

    assert await store.count_windows(first.run) == 2
    assert sorted(await store.windows(first.run)) == [0, 2]
    assert await store.window(first.run, 1) is None
    assert (await store.window(first.run, 2)) == recognised(request(first.run, 2)).model_copy(
        update=(await store.windows(first.run))[2].model_dump(include={"job_id", "event_id"})
    )


async def test_only_the_audio_goes_when_it_is_discarded(store: ArtefactStore, artefacts: InMemoryArtefacts):
    run = request().run
    key = await store.keep_audio(run, VIDEO, 0, b"sound")
    other = await store.keep_audio(request().run, VIDEO, 0, b"other")
    await store.keep_window(recognised(request(run)))

    await store.discard_audio(run)

    assert await store.audio(key) is None
    assert await store.audio(other) == b"other"
    assert await store.count_windows(run) == 1


async def test_the_same_key_is_used_when_a_window_is_kept_twice(store: ArtefactStore):
    run = request().run

    first = await store.keep_audio(run, VIDEO, 3, b"sound")
    second = await store.keep_audio(run, VIDEO, 3, b"sound again")

    assert first == second
    assert await store.audio(first) == b"sound again"


async def test_what_was_heard_is_found_when_audio_model_and_language_are_the_same(store: ArtefactStore):
    cues = (Cue("Hello", 0.5, 1.5),)
    await store.keep_recognition(VIDEO, b"sound", "tiny.en", "en", cues)

    assert await store.recognition(b"sound", "tiny.en", "en") == cues
    assert await store.recognition(b"sound", "small", "en") is None
    assert await store.recognition(b"other", "tiny.en", "en") is None


async def test_everything_has_an_end_when_it_is_kept(store: ArtefactStore, artefacts: InMemoryArtefacts):
    event = request()
    await store.keep_audio(event.run, VIDEO, 0, b"sound")
    await store.keep_window(recognised(event))
    await store.mark_joined(event.run, VIDEO)

    ages = {row.kind: row.ttl for row in artefacts.rows.values()}
    assert ages == {
        "audio-window": timedelta(days=1),
        "speech-window": timedelta(days=7),
        "speech-joined": timedelta(days=7),
    }
    assert await store.is_joined(event.run)
