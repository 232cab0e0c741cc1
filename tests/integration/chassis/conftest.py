"""A real broker for the chassis, from the wheel that the laptop stack uses, and stages to try it with."""

import asyncio
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from vidmap_chassis.publisher import EventPublisher
from vidmap_chassis.settings import KafkaSettings, StageSettings, TelemetrySettings
from vidmap_chassis.stage import StageApp
from vidmap_chassis.topics import create_topics
from vidmap_contracts.event import event_id
from vidmap_contracts.topics import ALL_TOPICS
from vidmap_contracts.video import VideoSubmitted
from vidmap_local.servers.broker import broker_binary

CreateStage = Callable[..., StageApp]


@pytest.fixture(scope="session")
def broker() -> Iterator[str]:
    """`host:port` of a broker without topics."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"tcp://127.0.0.1:{port}"
    command = [broker_binary(), "broker", "--listener-url", url, "--advertised-listener-url", url, "--silent"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert time.monotonic() < deadline, "the broker did not come up"
                time.sleep(0.05)
        yield f"127.0.0.1:{port}"
        process.terminate()


@pytest.fixture
async def kafka(broker: str) -> KafkaSettings:
    """Settings of a broker with every topic. The embedded broker lets a member wait half a session: keep it short."""
    settings = KafkaSettings(
        bootstrap_servers=broker,
        idempotence=False,
        fetch_max_wait_ms=10,
        session_timeout_ms=1_000,
        heartbeat_interval_ms=200,
        rebalance_timeout_ms=3_000,
        shutdown_grace_s=0.2,
    )
    await create_topics(settings, ALL_TOPICS)
    return settings


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
