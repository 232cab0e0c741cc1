"""The use case with fakes at its ports, the subscriber, and the store's keys."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from tests.unit.analyze.conftest import talk

from vidmap_analyze import handlers
from vidmap_analyze.adapters.artefacts import ArtefactStore
from vidmap_analyze.app import create_app
from vidmap_analyze.domain.material import Line, Material, Outline, Stretch
from vidmap_analyze.errors import NoSpeechError
from vidmap_analyze.metrics import AnalyzeMetrics
from vidmap_analyze.service import Analysis, material_of
from vidmap_analyze.settings import Settings
from vidmap_chassis.artefacts import Artefacts
from vidmap_chassis.postgres import Database
from vidmap_chassis.settings import PostgresSettings
from vidmap_contracts import topics
from vidmap_contracts.content import ContentAnalyzed
from vidmap_contracts.job import ProcessingOptions, Stage
from vidmap_contracts.transcript import TranscriptGenerated
from vidmap_contracts.video import Chapter

CreateEvent = Callable[..., TranscriptGenerated]
PART = Stretch("Low water", "The sea is away.", 0, 3, 0.0, 4.0)
FOUND = Outline("All about the sea.", (Stretch("Tides", "The sea moves.", 0, 5, 0.0, 6.0, (PART,)),))


class FakeAnalyser:
    """Answers at once, and remembers what it was asked."""

    def __init__(self, outline: Outline = FOUND) -> None:
        self.asked: list[Material] = []
        self._outline = outline

    async def analyse(self, material: Material) -> Outline:
        self.asked.append(material)
        return self._outline


class InMemoryOutlineStore:
    """Outlines by material."""

    def __init__(self) -> None:
        self.kept: dict[Material, Outline] = {}

    async def load(self, material: Material) -> Outline | None:
        return self.kept.get(material)

    async def save(self, video_id: str, material: Material, outline: Outline) -> None:
        self.kept[material] = outline


@pytest.fixture
def counted() -> list[str]:
    return []


@pytest.fixture
def create_analysis(now: datetime, counted: list[str]) -> Callable[[FakeAnalyser], Analysis]:
    store = InMemoryOutlineStore()

    def create(analyser: FakeAnalyser) -> Analysis:
        return Analysis(analyser=analyser, store=store, counted=counted.append, clock=lambda: now)

    return create


CreateAnalysis = Callable[[FakeAnalyser], Analysis]


async def test_topics_follow_when_transcript_is_analysed(
    create_analysis: CreateAnalysis, create_transcript_generated: CreateEvent
) -> None:
    event = create_transcript_generated()
    result = await create_analysis(FakeAnalyser()).analyze(event)
    assert (result.run, result.transcript, result.options) == (event.run, event.transcript, event.options)
    assert result.summary == FOUND.summary
    [topic] = result.topics
    assert (topic.label, topic.start, topic.end, topic.topics[0].label) == ("Tides", 0.0, 6.0, "Low water")


async def test_work_is_done_once_when_event_comes_twice(
    create_analysis: CreateAnalysis, create_transcript_generated: CreateEvent, counted: list[str]
) -> None:
    analyser = FakeAnalyser()
    analysis = create_analysis(analyser)
    first = await analysis.analyze(create_transcript_generated())
    assert await analysis.analyze(create_transcript_generated()) == first
    assert len(analyser.asked) == 1
    assert counted == ["computed", "stored"]


async def test_work_is_done_again_when_options_differ(
    create_analysis: CreateAnalysis, create_transcript_generated: CreateEvent
) -> None:
    analyser = FakeAnalyser()
    analysis = create_analysis(analyser)
    await analysis.analyze(create_transcript_generated())
    await analysis.analyze(create_transcript_generated(options=ProcessingOptions(branches=3)))
    assert [material.branches for material in analyser.asked] == [None, 3]


@pytest.mark.parametrize("lines", [(), (Line(" ", 0, 1),)])
async def test_job_fails_with_no_speech_when_transcript_is_empty(
    create_analysis: CreateAnalysis, create_transcript_generated: CreateEvent, lines: tuple[Line, ...]
) -> None:
    analyser = FakeAnalyser()
    with pytest.raises(NoSpeechError) as raised:
        await create_analysis(analyser).analyze(create_transcript_generated(lines))
    assert raised.value.code == "no_speech"
    assert not analyser.asked


async def test_job_fails_with_no_speech_when_only_music_is_heard(
    create_analysis: CreateAnalysis, create_transcript_generated: CreateEvent
) -> None:
    with pytest.raises(NoSpeechError):
        await create_analysis(FakeAnalyser(Outline())).analyze(create_transcript_generated((Line("[Music]", 0, 1),)))


def test_material_has_chapters_and_options_when_event_has(create_transcript_generated: CreateEvent) -> None:
    event = create_transcript_generated(
        chapters=(Chapter(title="Start", start=0, end=9),), options=ProcessingOptions(branches=2, leaves=5)
    )
    material = material_of(event)
    assert (material.marks[0].title, material.branches, material.leaves, material.language) == ("Start", 2, 5, "en")
    assert material.lines == talk(4)


class FakeArtefacts(Artefacts):
    """Keeps bodies in memory."""

    def __init__(self) -> None:
        super().__init__(Database(PostgresSettings(), "test"))
        self.bodies: dict[str, bytes] = {}

    async def get(self, key: str) -> bytes | None:
        return self.bodies.get(key)

    async def put(self, key: str, body: bytes, **about: object) -> None:
        assert about == {"kind": "outline", "video_id": "abcdefghijk"}
        self.bodies[key] = body


MATERIAL = Material(talk(2), "en")


async def test_outline_comes_back_equal_when_it_was_kept() -> None:
    store = ArtefactStore(FakeArtefacts(), "minilm")
    assert await store.load(MATERIAL) is None
    await store.save("abcdefghijk", MATERIAL, FOUND)
    assert await store.load(MATERIAL) == FOUND


@pytest.mark.parametrize(
    "other",
    [
        replace(MATERIAL, branches=3),
        replace(MATERIAL, leaves=3),
        replace(MATERIAL, language="de"),
        replace(MATERIAL, lines=MATERIAL.lines[1:]),
    ],
)
async def test_outline_is_not_found_when_anything_that_shaped_it_differs(other: Material) -> None:
    artefacts = FakeArtefacts()
    await ArtefactStore(artefacts, "minilm").save("abcdefghijk", MATERIAL, FOUND)
    assert await ArtefactStore(artefacts, "minilm").load(other) is None
    assert await ArtefactStore(artefacts, "another").load(MATERIAL) is None


async def test_outline_is_made_again_when_kept_one_cannot_be_read() -> None:
    artefacts = FakeArtefacts()
    store = ArtefactStore(artefacts, "minilm")
    await store.save("abcdefghijk", MATERIAL, FOUND)
    artefacts.bodies = dict.fromkeys(artefacts.bodies, b"{}")
    assert await store.load(MATERIAL) is None
    artefacts.bodies = dict.fromkeys(artefacts.bodies, b"[")
    assert await store.load(MATERIAL) is None


class FakeApp:
    """Remembers what was subscribed."""

    def consume(self, topic: object, handler: Callable[..., Awaitable[None]], *, stage: Stage, timeout: float) -> None:
        self.topic, self.handler, self.stage = topic, handler, stage


class FakeDelivery:
    """Writes down what is reported and published."""

    def __init__(self) -> None:
        self.said: list[object] = []

    async def publish(self, event: object) -> None:
        self.said.append(event)

    @asynccontextmanager
    async def reporting(self) -> AsyncIterator[None]:
        self.said.append("started")
        yield
        self.said.append("finished")


async def test_handler_reports_around_the_event_when_transcript_comes(
    create_analysis: CreateAnalysis, create_transcript_generated: CreateEvent
) -> None:
    app, delivery = FakeApp(), FakeDelivery()
    handlers.register(app, create_analysis(FakeAnalyser()))  # type: ignore[arg-type]
    await app.handler(create_transcript_generated(), delivery)
    assert (app.topic, app.stage) == (topics.TRANSCRIPT_GENERATED, Stage.CONTENT_ANALYSIS)
    assert [type(said) for said in delivery.said] == [str, ContentAnalyzed, str]


def test_metrics_count_when_told() -> None:
    registry = CollectorRegistry()
    metrics = AnalyzeMetrics(registry)
    metrics.count("computed")
    metrics.count_kill()
    assert registry.get_sample_value("vidmap_analyze_outlines_total", {"origin": "computed"}) == 1
    assert registry.get_sample_value("vidmap_analyze_worker_kills_total") == 1


def test_settings_come_from_the_environment_when_app_is_made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ANALYZE_IN_FLIGHT", "3")
    monkeypatch.setenv("VIDMAP_MODELS_DIR", str(tmp_path))
    settings = Settings()
    assert settings.in_flight == 3
    assert settings.embedding_model == tmp_path / "embeddings" / "minilm"
    assert create_app(settings).service == "analyze"
