"""A real broker for the chassis, and stages to try it with."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from tests.integration.apache_kafka import ApacheKafka, why_not
from tests.integration.servers import Broker

from vidmap_chassis.publisher import EventPublisher
from vidmap_chassis.settings import KafkaSettings, StageSettings, TelemetrySettings
from vidmap_chassis.stage import StageApp
from vidmap_contracts.event import event_id
from vidmap_contracts.video import VideoSubmitted

CreateStage = Callable[..., StageApp]


@pytest.fixture(scope="session")
def broker(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaSettings]:
    """A broker with every topic: the embedded one, or Apache Kafka with `--broker=apache`."""
    if request.config.getoption("--broker") == "embedded":
        server: Broker | ApacheKafka = Broker()
    elif (reason := why_not()) is not None:
        pytest.skip(reason)
    else:
        server = ApacheKafka(tmp_path_factory.mktemp("kafka"))
    asyncio.run(server.start())
    yield server.settings
    server.stop()


@pytest.fixture
def kafka(broker: KafkaSettings) -> KafkaSettings:
    """Settings of the broker."""
    return broker


@pytest.fixture
async def publisher(kafka: KafkaSettings) -> AsyncIterator[EventPublisher]:
    producer = EventPublisher(kafka, "test")
    await producer.start()
    yield producer
    await producer.stop()


@pytest.fixture
async def create_stage(kafka: KafkaSettings) -> AsyncIterator[Callable[..., StageApp]]:
    """Makes stages and stops them at the end. Each test needs groups of its own: the topics are shared."""
    apps: list[StageApp] = []

    def create(service: str, **settings: int) -> StageApp:
        telemetry = TelemetrySettings(health_port=0)
        app = StageApp(service, StageSettings(kafka=kafka, telemetry=telemetry, **settings))
        apps.append(app)
        return app

    yield create
    await asyncio.gather(*(app.stop() for app in apps))


def submitted(note: str) -> VideoSubmitted:
    """An event of a run of its own; `note` travels as its trace."""
    run = uuid4()
    return VideoSubmitted(
        event_id=event_id(run, "test", "VideoSubmitted"),
        occurred_at=datetime.now(UTC),
        job_id=run,
        video_id="aaaaaaaaaaa",
        run=run,
        trace=note,
    )


async def until(condition: Callable[[], bool | Awaitable[bool]], what: str, deadline_s: float = 30) -> None:
    """Wait for a condition, and fail at the deadline."""
    end = time.monotonic() + deadline_s
    while True:
        answer = condition()
        if answer if isinstance(answer, bool) else await answer:
            return
        assert time.monotonic() < end, f"not within {deadline_s:g} s: {what}"
        await asyncio.sleep(0.02)
