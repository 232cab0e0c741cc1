"""The read model of jobs: applies what stages report, and tells the listeners."""

from collections.abc import Callable
from uuid import UUID

import structlog

from vidmap_contracts.ids import options_digest
from vidmap_contracts.job import JobProgressed
from vidmap_contracts.video import VideoIndexed
from vidmap_gateway.domain import Burial
from vidmap_gateway.metrics import GatewayMetrics
from vidmap_gateway.ports import EventHub, JobRepository, ResultCache, RunRepository

log = structlog.get_logger()


class Projector:
    """Moves runs forwards, each fact once.

    Args:
        runs: what is moved.
        jobs: whom to tell.
        hub: tells them.
        cache: remembers finished results.
        wake: called when a run ended and another may begin.
        metrics: counters.
    """

    def __init__(
        self,
        runs: RunRepository,
        jobs: JobRepository,
        hub: EventHub,
        cache: ResultCache,
        wake: Callable[[], None],
        metrics: GatewayMetrics,
    ) -> None:
        self._runs = runs
        self._jobs = jobs
        self._hub = hub
        self._cache = cache
        self._wake = wake
        self._metrics = metrics

    async def advance(self, event: JobProgressed) -> None:
        """A stage reported.

        Raises:
            UnavailableError: the database is away.
        """
        if await self._runs.advance(event):
            await self._tell(event.run)

    async def complete(self, event: VideoIndexed) -> None:
        """The result is stored and indexed. Raises as `advance`."""
        if not await self._runs.complete(event):
            return
        await self._cache.put(event.video_id, options_digest(event.options), event.run)
        await self._ended(event.run, "completed")

    async def bury(self, burial: Burial) -> None:
        """A record was given up. Raises as `advance`."""
        if await self._runs.bury(burial):
            await self._ended(burial.run, "failed" if burial.action is None else "needs_operator")

    async def _ended(self, run: UUID, outcome: str) -> None:
        self._metrics.runs_ended.labels(outcome).inc()
        log.info("run ended", run=str(run), outcome=outcome)
        self._wake()
        await self._tell(run)

    async def _tell(self, run: UUID) -> None:
        for job in await self._jobs.of_run(run):
            await self._hub.publish(job)
