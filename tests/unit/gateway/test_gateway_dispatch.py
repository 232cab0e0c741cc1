"""When runs are released, and when they are taken back."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from prometheus_client import CollectorRegistry

from vidmap_contracts.event import Event
from vidmap_contracts.job import ProcessingOptions
from vidmap_contracts.video import VideoSubmitted
from vidmap_gateway.domain import DispatchedRun, Job, LogPosition, QueuedRun
from vidmap_gateway.errors import PublishError, broker_away
from vidmap_gateway.metrics import GatewayMetrics
from vidmap_gateway.service.dispatch import Dispatcher, Reconciler

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def queued(video_id: str = "dQw4w9WgXcQ") -> QueuedRun:
    return QueuedRun(uuid4(), uuid4(), video_id, "f" * 32, ProcessingOptions(language="de"))


class FakeRelease:
    def __init__(self, run: QueuedRun, placed: dict[UUID, LogPosition]) -> None:
        self.run = run
        self.placed = placed

    async def dispatched(self, position: LogPosition) -> None:
        self.placed[self.run.id] = position


class FakeRuns:
    def __init__(self, *waiting: QueuedRun) -> None:
        self.waiting = list(waiting)
        self.placed: dict[UUID, LogPosition] = {}
        self.at_work: list[DispatchedRun] = []
        self.requeued: list[UUID] = []
        self.stalled_since: datetime | None = None

    @asynccontextmanager
    async def release(self, limit: int) -> AsyncGenerator[FakeRelease | None]:
        if not self.waiting or len(self.placed) >= limit:
            yield None
            return
        yield FakeRelease(self.waiting[0], self.placed)
        self.waiting.pop(0)

    async def in_work(self) -> list[DispatchedRun]:
        return self.at_work

    async def requeue(self, run_ids: list[UUID]) -> int:
        self.requeued += run_ids
        return len(run_ids)

    async def requeue_stalled(self, *, since: datetime, now: datetime) -> int:
        self.stalled_since = since
        return 2


class FakeJobs:
    async def of_run(self, run_id: UUID) -> list[Job]:
        return []


class FakeBroker:
    def __init__(self, error: PublishError | None = None, ends: dict[int, int] | None = None) -> None:
        self.error = error
        self.ends = ends or {}
        self.published: list[VideoSubmitted] = []

    async def publish(self, event: VideoSubmitted) -> LogPosition:
        if self.error:
            raise self.error
        self.published.append(event)
        return LogPosition(1, len(self.published))

    async def end_offsets(self, event: type[Event]) -> dict[int, int]:
        if self.error:
            raise self.error
        return self.ends


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


def create_dispatcher(runs: FakeRuns, broker: FakeBroker, registry: CollectorRegistry, limit: int = 3) -> Dispatcher:
    hub: Any = None
    fakes: Any = (runs, FakeJobs(), broker, hub)
    return Dispatcher(*fakes, limit=limit, metrics=GatewayMetrics(registry), clock=lambda: NOW)


def create_reconciler(runs: FakeRuns, broker: FakeBroker, registry: CollectorRegistry) -> Reconciler:
    fakes: Any = (runs, broker)
    return Reconciler(*fakes, stall=timedelta(minutes=30), metrics=GatewayMetrics(registry), clock=lambda: NOW)


async def test_submission_carries_run_when_released(registry: CollectorRegistry) -> None:
    run = queued()
    runs, broker = FakeRuns(run), FakeBroker()
    assert await create_dispatcher(runs, broker, registry).release_all() == 1
    (event,) = broker.published
    assert (event.run, event.job_id, event.video_id, event.trace) == (run.id, run.job_id, run.video_id, run.trace)
    assert event.options == run.options
    assert runs.placed == {run.id: LogPosition(1, 1)}


async def test_same_event_is_published_when_run_is_released_again(registry: CollectorRegistry) -> None:
    run = queued()
    broker = FakeBroker()
    for _ in range(2):
        await create_dispatcher(FakeRuns(run), broker, CollectorRegistry()).release_all()
    assert broker.published[0] == broker.published[1]


async def test_runs_wait_when_there_is_no_room(registry: CollectorRegistry) -> None:
    runs = FakeRuns(queued(), queued(), queued())
    assert await create_dispatcher(runs, FakeBroker(), registry, limit=2).release_all() == 2
    assert len(runs.waiting) == 1


async def test_run_stays_queued_when_broker_is_away(registry: CollectorRegistry) -> None:
    runs = FakeRuns(queued())
    with pytest.raises(PublishError):
        await create_dispatcher(runs, FakeBroker(broker_away()), registry).release_all()
    assert (len(runs.waiting), runs.placed) == (1, {})


async def test_orphans_are_requeued_when_log_was_lost(registry: CollectorRegistry) -> None:
    lost, kept = DispatchedRun(uuid4(), LogPosition(0, 7)), DispatchedRun(uuid4(), LogPosition(1, 7))
    runs = FakeRuns()
    runs.at_work = [lost, kept]
    assert await create_reconciler(runs, FakeBroker(ends={0: 2, 1: 8}), registry).reconcile() == 3
    assert runs.requeued == [lost.id]
    assert runs.stalled_since == NOW - timedelta(minutes=30)
    assert registry.get_sample_value("vidmap_gateway_runs_requeued_total", {"reason": "orphaned"}) == 1


async def test_nothing_is_orphaned_when_broker_is_away(registry: CollectorRegistry) -> None:
    runs = FakeRuns()
    runs.at_work = [DispatchedRun(uuid4(), LogPosition(0, 7))]
    with pytest.raises(PublishError):
        await create_reconciler(runs, FakeBroker(broker_away()), registry).reconcile()
    assert runs.requeued == []
