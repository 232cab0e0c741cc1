"""What a listener is told, with a hub and a database that the test holds in its hands."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from vidmap_contracts.job import JobStatus, ProcessingOptions, Stage
from vidmap_gateway.domain import Job
from vidmap_gateway.errors import database_away
from vidmap_gateway.ports import JobEvent
from vidmap_gateway.service.streams import JobStreams, Rhythm, Told

NOW = datetime(2026, 1, 2, tzinfo=UTC)
JOB = Job(
    id=uuid4(),
    user_id="ada",
    youtube_url="https://youtu.be/dQw4w9WgXcQ",
    video_id="dQw4w9WgXcQ",
    status=JobStatus.RUNNING,
    current_stage=Stage.METADATA_EXTRACTION,
    progress_percentage=10,
    started_at=NOW,
    updated_at=NOW,
    estimated_completion=None,
    finished_at=None,
    error_message=None,
    code=None,
    operator_action=None,
    message=None,
    retry_count=0,
    next_retry_at=None,
    processing_options=ProcessingOptions(),
    priority=5,
    cached=False,
    position=None,
)


def later(seconds: int, **fields: Any) -> Job:
    return replace(JOB, updated_at=NOW + timedelta(seconds=seconds), **fields)


DONE = later(9, status=JobStatus.COMPLETED, current_stage=Stage.COMPLETED, progress_percentage=100)


class FakeJobs:
    """The database; None where it is away."""

    def __init__(self, job: Job | None) -> None:
        self.job = job

    async def find(self, job_id: UUID) -> Job | None:
        if self.job is None:
            raise database_away()
        return self.job

    async def live_of_user(self, user_id: str) -> list[Job]:
        job = await self.find(uuid4())
        return [] if job is None or job.is_final else [job]


class FakeHub:
    """Hands out events in the order in which the test put them; None is a silence."""

    def __init__(self, *events: JobEvent | None, missed: tuple[JobEvent, ...] = (), live: bool = True) -> None:
        self.events = list(events)
        self.past = missed
        self.live = live
        self.ended = False
        self.waited: list[float] = []

    async def next(self, timeout: float) -> JobEvent | None:
        self.waited.append(timeout)
        await asyncio.sleep(0)
        if not self.events:
            self.ended = True
            return None
        return self.events.pop(0)

    async def cursor(self) -> str | None:
        return "7-0"

    async def missed(self, last_id: str) -> AsyncGenerator[JobEvent]:
        for event in self.past:
            yield event

    @asynccontextmanager
    async def subscribe(self, scope: str) -> AsyncGenerator["FakeHub"]:
        self.scope = scope
        yield self


def streams(jobs: FakeJobs, hub: FakeHub) -> JobStreams:
    fakes: Any = (jobs, hub)
    return JobStreams(*fakes, Rhythm(heartbeat_s=15, poll_s=1))


async def told(events: AsyncGenerator[JobEvent | None]) -> list[JobEvent | None]:
    async with aclosing(events), asyncio.timeout(10):
        return [event async for event in events]


async def test_snapshot_has_cursor_when_stream_begins() -> None:
    hub = FakeHub()
    assert await told(streams(FakeJobs(JOB), hub).of_job(JOB.id)) == [JobEvent("7-0", JOB)]
    assert hub.scope == f"job:{JOB.id}"


async def test_stream_ends_when_final_event_was_told() -> None:
    hub = FakeHub(JobEvent("8-0", later(1)), JobEvent("9-0", DONE), JobEvent("10-0", later(20)))
    events = await told(streams(FakeJobs(JOB), hub).of_job(JOB.id))
    assert [event and event.id for event in events] == ["7-0", "8-0", "9-0"]


async def test_older_state_is_passed_over_when_snapshot_was_newer() -> None:
    hub = FakeHub(JobEvent("8-0", JOB), JobEvent("9-0", later(5)))
    events = await told(streams(FakeJobs(later(3)), hub).of_job(JOB.id))
    assert [event and event.job.updated_at.second for event in events] == [3, 5]


async def test_lost_event_is_healed_when_silence_comes() -> None:
    jobs, hub = FakeJobs(JOB), FakeHub(None, None, None)
    listening = streams(jobs, hub).of_job(JOB.id)
    async with aclosing(listening):
        assert await anext(listening) == JobEvent("7-0", JOB)
        assert await anext(listening) is None
        jobs.job = DONE
        assert await anext(listening) == JobEvent(None, DONE)


async def test_heartbeats_go_on_when_database_is_away() -> None:
    jobs, hub = FakeJobs(None), FakeHub(None, None)
    assert await told(streams(jobs, hub).of_job(JOB.id)) == [None, None]


async def test_missed_events_come_before_what_changed_since_when_resumed() -> None:
    past = (JobEvent("3-0", later(1)), JobEvent("4-0", later(2)))
    events = await told(streams(FakeJobs(later(3)), FakeHub(missed=past)).of_job(JOB.id, "2-0"))
    assert [event and event.job.updated_at.second for event in events] == [1, 2, 3]
    same = await told(streams(FakeJobs(later(2)), FakeHub(missed=past)).of_job(JOB.id, "2-0"))
    assert [event and event.id for event in same] == ["3-0", "4-0"]


async def test_end_of_job_is_told_when_its_event_was_lost() -> None:
    jobs, hub = FakeJobs(JOB), FakeHub(None, None)
    listening = streams(jobs, hub).of_user("ada")
    async with aclosing(listening):
        await anext(listening)
        await anext(listening)
        jobs.job = DONE
        assert await anext(listening) == JobEvent(None, DONE)


async def test_database_is_asked_more_often_when_events_do_not_come() -> None:
    hub = FakeHub(live=False)
    await told(streams(FakeJobs(JOB), hub).of_job(JOB.id))
    assert hub.waited == [1]


def test_place_in_queue_is_news_when_time_stands_still() -> None:
    known = Told()
    assert known.is_news(replace(JOB, position=2))
    assert known.is_news(replace(JOB, position=1))
    assert not known.is_news(replace(JOB, position=1))
