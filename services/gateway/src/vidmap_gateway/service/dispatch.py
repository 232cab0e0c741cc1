"""Releasing queued runs to the pipeline, and finding the ones that got lost on the way."""

from datetime import timedelta

import structlog

from vidmap_contracts.event import event_id
from vidmap_contracts.video import VideoSubmitted
from vidmap_gateway.domain import QueuedRun, is_orphaned
from vidmap_gateway.metrics import GatewayMetrics
from vidmap_gateway.ports import Broker, Clock, EventHub, JobRepository, RunRepository

log = structlog.get_logger()


class Dispatcher:
    """Releases runs by priority, then age, while there is room.

    Args:
        runs: the queue.
        jobs: whom to tell.
        broker: where runs go.
        hub: tells listeners.
        limit: runs in work at the same time.
        metrics: counters.
        clock: the time.
    """

    def __init__(
        self,
        runs: RunRepository,
        jobs: JobRepository,
        broker: Broker,
        hub: EventHub,
        *,
        limit: int,
        metrics: GatewayMetrics,
        clock: Clock,
    ) -> None:
        self._runs = runs
        self._jobs = jobs
        self._broker = broker
        self._hub = hub
        self._limit = limit
        self._metrics = metrics
        self._clock = clock

    async def release_all(self) -> int:
        """Release as many runs as there is room for; returns how many.

        Raises:
            PublishError: the broker is away; the run stays queued.
            UnavailableError: the database is away.
        """
        released = 0
        while await self._release_one():
            released += 1
        return released

    async def _release_one(self) -> bool:
        async with self._runs.release(self._limit) as release:
            if release is None:
                return False
            position = await self._broker.publish(self._event(release.run))
            await release.dispatched(position)
        self._metrics.dispatched.inc()
        log.info("run dispatched", run=str(release.run.id), video_id=release.run.video_id, offset=position.offset)
        for job in await self._jobs.of_run(release.run.id):
            await self._hub.publish(job)
        return True

    def _event(self, run: QueuedRun) -> VideoSubmitted:
        return VideoSubmitted(
            event_id=event_id(run.id, VideoSubmitted.stage, VideoSubmitted.__name__),
            occurred_at=self._clock(),
            job_id=run.job_id,
            video_id=run.video_id,
            run=run.id,
            trace=run.trace,
            options=run.options,
        )


class Reconciler:
    """Puts runs back in the queue that nobody works on any more; artefacts make going through again cheap.

    Args:
        runs: where they are.
        broker: knows how long its log is.
        stall: how long a run may show no sign of life.
        metrics: counters.
        clock: the time.
    """

    def __init__(
        self, runs: RunRepository, broker: Broker, *, stall: timedelta, metrics: GatewayMetrics, clock: Clock
    ) -> None:
        self._runs = runs
        self._broker = broker
        self._stall = stall
        self._metrics = metrics
        self._clock = clock

    async def reconcile(self) -> int:
        """Requeue stalled runs, and those whose first message the broker lost; returns how many.

        Raises:
            PublishError: the broker is away; stalled runs were requeued nevertheless.
            UnavailableError: the database is away.
        """
        now = self._clock()
        stalled = await self._runs.requeue_stalled(since=now - self._stall, now=now)
        self._count("stalled", stalled)
        orphaned = await self._requeue_orphans()
        self._count("orphaned", orphaned)
        return stalled + orphaned

    async def _requeue_orphans(self) -> int:
        # First the runs, then the log: a run that is dispatched in between has a longer log, never a shorter one.
        in_work = await self._runs.in_work()
        if not in_work:
            return 0
        ends = await self._broker.end_offsets(VideoSubmitted)
        lost = [run.id for run in in_work if is_orphaned(run, ends)]
        return await self._runs.requeue(lost) if lost else 0

    def _count(self, reason: str, count: int) -> None:
        if count:
            self._metrics.requeued.labels(reason).inc(count)
            log.warning("runs are dispatched again", reason=reason, count=count)
