"""What a listener of job events is told: a snapshot, then every change, healed from the database.

The database is the truth. Events only make it fast: at every silence the listener's jobs are read again, so that
a lost event, or a Redis that is away, delays news and never loses them.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from uuid import UUID

from vidmap_gateway.domain import Job
from vidmap_gateway.errors import UnavailableError
from vidmap_gateway.ports import (
    EventHub,
    JobEvent,
    JobRepository,
    Subscription,
    job_scope,
    user_scope,
)

Read = Callable[["Told"], Awaitable[list[Job]]]


class Told:
    """The newest state of each job that a listener was told."""

    def __init__(self) -> None:
        self._jobs: dict[UUID, Job] = {}

    def is_news(self, job: Job) -> bool:
        """Whether the job is new, or changed and did not go back in time; if so it counts as told."""
        before = self._jobs.get(job.id)
        if before is not None and (job == before or job.updated_at < before.updated_at):
            return False
        self._jobs[job.id] = job
        return True

    def open_jobs(self) -> list[UUID]:
        """Jobs that were not final when they were told."""
        return [job.id for job in self._jobs.values() if not job.is_final]


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How long a listener waits, in seconds."""

    heartbeat_s: float
    """Silence after which a sign of life is sent."""
    poll_s: float
    """How often the database is asked while no events arrive."""


class JobStreams:
    """Event streams of jobs and users.

    Args:
        jobs: the truth.
        hub: brings the news.
        rhythm: how long to wait.
    """

    def __init__(self, jobs: JobRepository, hub: EventHub, rhythm: Rhythm) -> None:
        self._jobs = jobs
        self._hub = hub
        self._rhythm = rhythm

    async def of_job(self, job_id: UUID, last_id: str | None = None) -> AsyncGenerator[JobEvent | None]:
        """Every state of one job until its final one; None at silences.

        Args:
            job_id: a job that exists.
            last_id: the last event that the listener has; None at the first time.
        """

        async def read(told: Told) -> list[Job]:
            job = await self._jobs.find(job_id)
            return [job] if job else []

        async with aclosing(self._follow(job_scope(job_id), read, last_id)) as events:
            async for event in events:
                yield event
                if event is not None and event.job.is_final:
                    return

    async def of_user(self, user_id: str, last_id: str | None = None) -> AsyncGenerator[JobEvent | None]:
        """Every state of a user's jobs, for as long as the listener listens; None at silences."""

        async def read(told: Told) -> list[Job]:
            live = await self._jobs.live_of_user(user_id)
            known = {job.id for job in live}
            ended = [await self._jobs.find(job_id) for job_id in told.open_jobs() if job_id not in known]
            return [*live, *(job for job in ended if job is not None)]

        async with aclosing(self._follow(user_scope(user_id), read, last_id)) as events:
            async for event in events:
                yield event

    async def _follow(self, scope: str, read: Read, last_id: str | None) -> AsyncGenerator[JobEvent | None]:
        told = Told()
        async with self._hub.subscribe(scope) as subscription:
            async for event in _replayed(subscription, last_id, told):
                yield event
            # Subscribed, then the cursor, then the jobs: whatever comes in between is told twice, never missed.
            cursor = await subscription.cursor()
            while True:
                for job in await _changes(read, told):
                    yield JobEvent(cursor, job)
                cursor = None
                async with aclosing(self._until_silence(subscription, told)) as events:
                    async for event in events:
                        yield event
                if subscription.ended:
                    return
                yield None

    async def _until_silence(self, subscription: Subscription, told: Told) -> AsyncGenerator[JobEvent]:
        while True:
            wait = self._rhythm.heartbeat_s if self._hub.live else self._rhythm.poll_s
            event = await subscription.next(wait)
            if event is None:
                return
            if told.is_news(event.job):
                yield event


async def _replayed(subscription: Subscription, last_id: str | None, told: Told) -> AsyncGenerator[JobEvent]:
    if last_id is None:
        return
    async for event in subscription.missed(last_id):
        if told.is_news(event.job):
            yield event


async def _changes(read: Read, told: Told) -> list[Job]:
    """What the database says beyond what was told; nothing while it is away."""
    try:
        return [job for job in await read(told) if told.is_news(job)]
    except UnavailableError:
        return []
