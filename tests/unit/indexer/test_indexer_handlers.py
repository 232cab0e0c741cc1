"""What the indexer tells, and in which order."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from vidmap_chassis.errors import TransientError, WaitError
from vidmap_contracts.event import Event
from vidmap_contracts.job import ProcessingOptions, Stage
from vidmap_contracts.mindmap import MindMap, MindmapGenerated, Node
from vidmap_contracts.transcript import Transcript
from vidmap_contracts.video import VideoIndexed, VideoMetadata
from vidmap_indexer import handlers
from vidmap_indexer.service import Indexing

NOW = datetime(2026, 1, 2, tzinfo=UTC)
EVENT = MindmapGenerated(
    event_id=uuid4(),
    occurred_at=NOW,
    job_id=uuid4(),
    video_id="dQw4w9WgXcQ",
    run=uuid4(),
    trace="0" * 32,
    options=ProcessingOptions(language="de"),
    metadata=VideoMetadata(title="A talk", source="oembed"),
    transcript=Transcript(language="de", source="whisper", segments=()),
    mindmap=MindMap(
        video_id="dQw4w9WgXcQ",
        title="A talk",
        language="de",
        duration=1,
        root=Node(id="n0", label="A talk", start=0, end=1),
    ),
)


class InMemoryVideoStore:
    def __init__(self, log: list[object], error: Exception | None = None) -> None:
        self.log = log
        self.error = error

    async def replace(self, event: MindmapGenerated) -> None:
        if self.error:
            raise self.error
        self.log.append(("stored", event.video_id))


class FakeDelivery:
    def __init__(self, log: list[object]) -> None:
        self.log = log

    @asynccontextmanager
    async def reporting(self, stage: Stage) -> AsyncGenerator[None]:
        self.log.append((stage, "started"))
        yield
        self.log.append((stage, "finished"))

    async def publish(self, event: Event) -> None:
        self.log.append(event)


class FakeStage:
    handler: Any

    def consume(self, topic: object, handler: Any, **_: object) -> None:
        self.handler = handler


async def handle(store: InMemoryVideoStore) -> None:
    stage: Any = FakeStage()
    handlers.register(stage, Indexing(store, lambda: NOW))
    await stage.handler(EVENT, FakeDelivery(store.log))


async def test_indexed_is_published_last_when_result_was_stored() -> None:
    log: list[object] = []
    await handle(InMemoryVideoStore(log))
    assert log[:-1] == [
        (Stage.DATA_STORAGE, "started"),
        ("stored", "dQw4w9WgXcQ"),
        (Stage.DATA_STORAGE, "finished"),
        (Stage.INDEXING, "started"),
        (Stage.INDEXING, "finished"),
    ]
    published = log[-1]
    assert isinstance(published, VideoIndexed)
    assert (published.run, published.options.language) == (EVENT.run, "de")


async def test_nothing_is_published_when_store_is_away() -> None:
    log: list[object] = []
    with pytest.raises(TransientError):
        await handle(InMemoryVideoStore(log, WaitError("database_unavailable", "The database is away.")))
    assert log == [(Stage.DATA_STORAGE, "started")]
