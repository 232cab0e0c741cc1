"""The gateway on a real broker: what it publishes, what it hears, and what it does when the broker's log is lost."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from aiokafka import AIOKafkaConsumer
from tests.integration.running_gateway import VIDEO, RunningGateway
from tests.integration.servers import Broker, eventually

from vidmap_chassis.clock import utc_now
from vidmap_chassis.delivery import progress_event
from vidmap_chassis.publisher import EventPublisher
from vidmap_contracts import headers, topics
from vidmap_contracts.job import ProgressState, Stage
from vidmap_contracts.video import VideoIndexed, VideoSubmitted


@pytest.fixture
async def broker() -> AsyncIterator[Broker]:
    broker = Broker()
    await broker.start()
    yield broker
    broker.stop()


@pytest.fixture
async def publisher(broker: Broker) -> AsyncIterator[EventPublisher]:
    publisher = EventPublisher(broker.settings, "test")
    await publisher.start()
    yield publisher
    await publisher.stop()


@pytest.fixture
async def http(broker: Broker, create_gateway: Callable[..., RunningGateway]) -> AsyncIterator[httpx.AsyncClient]:
    gateway = create_gateway(kafka=broker.settings, reconcile_interval_s=0.2, dispatch_interval_s=0.2)
    await gateway.start()
    async with httpx.AsyncClient(base_url=gateway.url, timeout=20) as client:

        async def consumes() -> bool:
            return (await client.get("/health/ready")).json()["status"] == "ok"

        await eventually(consumes)
        yield client


async def start(http: httpx.AsyncClient, **options: Any) -> str:
    response = await http.post("/api/processing/start", json={"youtube_url": VIDEO, "options": options})
    return response.json()["id"]


async def until(http: httpx.AsyncClient, job_id: str, **expected: Any) -> dict[str, Any]:
    job: dict[str, Any] = {}

    async def is_so() -> bool:
        job.update((await http.get(f"/api/processing/status/{job_id}")).json())
        return all(job[name] == value for name, value in expected.items())

    await eventually(is_so)
    return job


async def submissions(broker: Broker, count: int) -> list[VideoSubmitted]:
    """The first records of the topic, from its beginning."""
    consumer = AIOKafkaConsumer(
        topics.VIDEO_SUBMITTED.name,
        bootstrap_servers=broker.settings.bootstrap_servers,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=10,
    )
    await consumer.start()
    try:
        return [VideoSubmitted.model_validate_json((await consumer.getone()).value or b"") for _ in range(count)]
    finally:
        await consumer.stop()


async def test_job_runs_its_way_when_stages_report(
    http: httpx.AsyncClient, broker: Broker, publisher: EventPublisher
) -> None:
    job_id = await start(http)
    await until(http, job_id, status="running", position=None)
    (event,) = await submissions(broker, 1)
    assert (str(event.job_id), event.video_id) == (job_id, VIDEO)
    stage = Stage.TRANSCRIPT_GENERATION
    told = {"at": utc_now(), "attempt": 0, "message": "window 3 of 9"}
    await publisher.publish(progress_event(event, stage, ProgressState.ADVANCED, 27, **told))
    await until(http, job_id, current_stage="transcript_generation", progress_percentage=27, message="window 3 of 9")
    await publisher.publish(VideoIndexed.caused_by(event, at=utc_now()))
    await until(http, job_id, status="completed", progress_percentage=100)


async def test_job_fails_with_its_reason_when_record_is_dead(
    http: httpx.AsyncClient, broker: Broker, publisher: EventPublisher
) -> None:
    job_id = await start(http)
    (event,) = await submissions(broker, 1)
    told = {
        headers.ORIGIN_TOPIC: topics.VIDEO_SUBMITTED.name,
        headers.ERROR_CODE: "private",
        headers.ERROR_MESSAGE: "The video is private.",
    }
    await publisher.send(topics.DEAD_LETTER.name, b"\xff no event", key=b"x", headers=told)
    await publisher.send(topics.DEAD_LETTER.name, event.model_dump_json().encode(), key=event.key, headers=told)
    await until(http, job_id, status="failed", code="private", error_message="The video is private.")


async def test_only_three_run_when_more_are_asked_for(http: httpx.AsyncClient, broker: Broker) -> None:
    jobs = [await start(http, branches=number) for number in range(1, 6)]
    for job_id in jobs[:3]:
        await until(http, job_id, status="running")
    assert (await until(http, jobs[3], status="queued"))["position"] == 1
    (event, *_) = await submissions(broker, 3)
    publisher = EventPublisher(broker.settings, "test")
    await publisher.start()
    await publisher.publish(VideoIndexed.caused_by(event, at=utc_now()))
    await publisher.stop()
    await until(http, jobs[3], status="running")
    assert (await until(http, jobs[4], status="queued"))["position"] == 1


async def test_run_is_dispatched_again_when_broker_lost_its_log(http: httpx.AsyncClient, broker: Broker) -> None:
    job_id = await start(http)
    await until(http, job_id, status="running")
    (before,) = await submissions(broker, 1)
    broker.stop()
    await broker.start()
    (after,) = await submissions(broker, 1)
    assert (after.run, after.event_id) == (before.run, before.event_id)
    await until(http, job_id, status="running")
