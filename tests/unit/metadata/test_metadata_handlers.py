"""The subscriber: what it publishes, and in which order."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime

import pytest

from vidmap_chassis.errors import PermanentError
from vidmap_contracts import topics
from vidmap_contracts.job import Stage
from vidmap_contracts.topics import Topic
from vidmap_contracts.video import MetadataExtracted, VideoMetadata, VideoSubmitted
from vidmap_metadata import handlers

CreateSubmitted = Callable[..., VideoSubmitted]


class FakeApp:
    """Remembers what was subscribed."""

    def consume(self, topic: Topic, handler: Callable[..., Awaitable[None]], *, stage: Stage, timeout: float) -> None:
        self.topic, self.handler, self.stage, self.timeout = topic, handler, stage, timeout


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


class FakeExtraction:
    """Answers at once."""

    def __init__(self, now: datetime, error: Exception | None = None) -> None:
        self._now = now
        self._error = error

    async def extract(self, event: VideoSubmitted) -> MetadataExtracted:
        if self._error:
            raise self._error
        metadata = VideoMetadata(title="A talk", source="yt_dlp")
        return MetadataExtracted.caused_by(event, at=self._now, metadata=metadata)


async def _handle(extraction: FakeExtraction, event: VideoSubmitted, delivery: FakeDelivery) -> FakeApp:
    app = FakeApp()
    handlers.register(app, extraction)  # type: ignore[arg-type]
    await app.handler(event, delivery)
    return app


async def test_metadata_is_published_between_the_reports_when_a_video_is_submitted(
    now: datetime, create_submitted: CreateSubmitted
) -> None:
    delivery = FakeDelivery()
    app = await _handle(FakeExtraction(now), create_submitted(), delivery)
    assert (app.topic, app.stage) == (topics.VIDEO_SUBMITTED, Stage.METADATA_EXTRACTION)
    started, event, finished = delivery.said
    assert (started, finished) == ("started", "finished")
    assert isinstance(event, MetadataExtracted)


async def test_nothing_is_published_when_the_video_is_refused(now: datetime, create_submitted: CreateSubmitted) -> None:
    delivery = FakeDelivery()
    with pytest.raises(PermanentError):
        await _handle(FakeExtraction(now, PermanentError("private", "No.")), create_submitted(), delivery)
    assert delivery.said == ["started"]
