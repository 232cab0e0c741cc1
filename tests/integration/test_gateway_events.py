"""The event stream over a real server: snapshot, changes, resume, heartbeats, a Redis that goes away, a clean end."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from httpx_sse import ServerSentEvent, aconnect_sse
from tests.integration.running_gateway import VIDEO, Pipeline, RunningGateway
from tests.integration.servers import Valkey, eventually

from vidmap_contracts.job import ProgressState, Stage

EVENTS = "/api/processing/events"
DEADLINE_S = 20


@pytest.fixture
async def http(gateway: RunningGateway) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=gateway.url, timeout=DEADLINE_S) as client:
        yield client


async def start(http: httpx.AsyncClient, **body: Any) -> str:
    response = await http.post("/api/processing/start", json={"youtube_url": VIDEO} | body)
    return response.json()["id"]


@asynccontextmanager
async def listening(
    http: httpx.AsyncClient, *, last_id: str | None = None, **params: str
) -> AsyncGenerator[AsyncGenerator[ServerSentEvent]]:
    headers = {"Last-Event-ID": last_id} if last_id else {}
    async with (
        asyncio.timeout(DEADLINE_S),
        aconnect_sse(http, "GET", EVENTS, params=params, headers=headers) as source,
    ):
        yield source.aiter_sse()


async def following(events: AsyncGenerator[ServerSentEvent]) -> dict[str, Any]:
    """The data of the next event of a job."""
    async for event in events:
        if event.event == "job":
            return event.json() | {"event_id": event.id}
    pytest.fail("the stream ended")


async def test_snapshot_comes_first_when_stream_opens(http: httpx.AsyncClient) -> None:
    job_id = await start(http)
    async with listening(http, job_id=job_id) as events:
        told = await following(events)
    assert (told["job_id"], told["stage"], told["progress"]) == (job_id, "url_validation", 10)
    assert told["estimated_completion"] is None
    assert told["job"]["status"] == "queued"


async def test_changes_follow_until_final_event_when_job_is_watched(
    http: httpx.AsyncClient, pipeline: Pipeline
) -> None:
    job_id = await start(http)
    async with listening(http, job_id=job_id) as events:
        await following(events)
        await pipeline.report(job_id, Stage.METADATA_EXTRACTION, ProgressState.STARTED)
        assert (await following(events))["stage"] == "metadata_extraction"
        await pipeline.report(job_id, Stage.TRANSCRIPT_GENERATION, ProgressState.FINISHED)
        assert (await following(events))["progress"] == 40
        await pipeline.complete(job_id)
        last = await following(events)
        assert (last["stage"], last["job"]["status"]) == ("completed", "completed")
        assert [event async for event in events] == []


async def test_stream_ends_at_once_when_job_is_final(http: httpx.AsyncClient, pipeline: Pipeline) -> None:
    job_id = await start(http)
    await pipeline.fail(job_id, "private", "The video is private.")
    async with listening(http, job_id=job_id) as events:
        assert (await following(events))["job"]["error_message"] == "The video is private."
        assert [event async for event in events] == []


async def test_missed_events_come_when_listener_returns(http: httpx.AsyncClient, pipeline: Pipeline) -> None:
    job_id = await start(http)
    async with listening(http, job_id=job_id) as events:
        seen = (await following(events))["event_id"]
    stages = (Stage.METADATA_EXTRACTION, Stage.TRANSCRIPT_GENERATION, Stage.CONTENT_ANALYSIS)
    for stage in stages:
        await pipeline.report(job_id, stage, ProgressState.STARTED)
    async with listening(http, job_id=job_id, last_id=seen) as events:
        told = [await following(events) for _ in stages]
    assert [event["stage"] for event in told] == [stage.value for stage in stages]
    async with listening(http, job_id=job_id, last_id=told[1]["event_id"]) as events:
        assert (await following(events))["stage"] == "content_analysis"


async def test_snapshot_comes_when_last_id_means_nothing(http: httpx.AsyncClient) -> None:
    job_id = await start(http)
    for last_id in ("never-heard-of", "99999999999999-0"):
        async with listening(http, job_id=job_id, last_id=last_id) as events:
            assert (await following(events))["job_id"] == job_id


async def test_all_jobs_of_user_are_told_when_no_job_is_named(http: httpx.AsyncClient, pipeline: Pipeline) -> None:
    first = await start(http, user_id="ada")
    await start(http, user_id="bob", options={"branches": 9})
    async with listening(http, user_id="ada") as events:
        assert (await following(events))["job_id"] == first
        second = await start(http, user_id="ada", options={"branches": 2})
        assert (await following(events))["job_id"] == second
        await pipeline.fail(first, "private", "The video is private.")
        assert (await following(events))["job"]["status"] == "failed"


async def test_comments_come_when_nothing_happens(
    create_gateway: Callable[..., RunningGateway],
) -> None:
    gateway = create_gateway(heartbeat_s=0.05)
    await gateway.start()
    async with httpx.AsyncClient(base_url=gateway.url, timeout=DEADLINE_S) as http:
        job_id = await start(http)
        heartbeats = 0
        async with asyncio.timeout(DEADLINE_S), http.stream("GET", EVENTS, params={"job_id": job_id}) as response:
            async for line in response.aiter_lines():
                heartbeats += line == ": heartbeat"
                if heartbeats == 3:
                    break


async def test_news_come_from_database_when_redis_goes_away(
    create_gateway: Callable[..., RunningGateway], pipeline: Pipeline, valkey: Valkey
) -> None:
    gateway = create_gateway(heartbeat_s=300, poll_s=0.05)
    await gateway.start()
    async with httpx.AsyncClient(base_url=gateway.url, timeout=DEADLINE_S) as http:
        job_id = await start(http)
        async with listening(http, job_id=job_id) as events:
            await following(events)
            valkey.stop()
            await pipeline.report(job_id, Stage.METADATA_EXTRACTION, ProgressState.STARTED)
            assert (await following(events))["stage"] == "metadata_extraction"
            valkey.start()

            async def redis_is_back() -> bool:
                return bool(await pipeline.link.ask(lambda redis: redis.ping()))

            await eventually(redis_is_back)
            await pipeline.report(job_id, Stage.CONTENT_ANALYSIS, ProgressState.STARTED)
            assert (await following(events))["stage"] == "content_analysis"


async def test_job_is_accepted_and_followed_when_redis_was_never_there(
    create_gateway: Callable[..., RunningGateway], pipeline: Pipeline
) -> None:
    gateway = create_gateway(redis_url="redis://127.0.0.1:1/0", poll_s=0.05)
    await gateway.start()
    async with httpx.AsyncClient(base_url=gateway.url, timeout=DEADLINE_S) as http:
        job_id = await start(http)
        async with listening(http, job_id=job_id) as events:
            assert (await following(events))["event_id"] == ""
            await pipeline.complete(job_id)
            assert (await following(events))["stage"] == "completed"


async def test_streams_end_cleanly_when_gateway_stops(
    create_gateway: Callable[..., RunningGateway],
) -> None:
    gateway = create_gateway()
    await gateway.start()
    async with httpx.AsyncClient(base_url=gateway.url, timeout=DEADLINE_S) as http:
        job_id = await start(http)
        async with listening(http, job_id=job_id) as one, listening(http, user_id="local") as other:
            await following(one)
            await following(other)
            async with asyncio.timeout(5):
                stopping = asyncio.create_task(gateway.stop())
                assert [event async for event in one] == []  # a stream that was cut off would raise
                assert [event async for event in other] == []
                await stopping


async def test_nobody_is_forgotten_when_listeners_leave(gateway: RunningGateway, http: httpx.AsyncClient) -> None:
    job_id = await start(http)
    for _ in range(3):
        async with listening(http, job_id=job_id) as events:
            await following(events)

    async def all_gone() -> bool:
        return "vidmap_gateway_event_streams 0.0" in (await http.get("/metrics")).text

    await eventually(all_gone)
