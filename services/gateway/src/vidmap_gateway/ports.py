"""What the use cases need from the systems outside."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from vidmap_contracts.event import Event
from vidmap_contracts.job import JobProgressed
from vidmap_contracts.video import VideoIndexed, VideoMetadata, VideoSubmitted
from vidmap_gateway.domain import Burial, DispatchedRun, Job, LogPosition, QueuedRun, StageTiming, Submission

Clock = Callable[[], datetime]


class JobRepository(Protocol):
    """Jobs as users see them. Every method raises UnavailableError where the store is away."""

    async def find(self, job_id: UUID) -> Job | None:
        """One job."""
        ...

    async def of_user(self, user_id: str, *, limit: int, offset: int = 0) -> list[Job]:
        """A user's jobs, newest first."""
        ...

    async def count_of_user(self, user_id: str) -> int:
        """How many jobs a user has."""
        ...

    async def live_of_user(self, user_id: str) -> list[Job]:
        """A user's jobs that are not final, newest first."""
        ...

    async def of_run(self, run_id: UUID) -> list[Job]:
        """Every job that waits for a run."""
        ...

    async def timings(self, job_id: UUID) -> list[StageTiming]:
        """How long each finished stage of the job's run took."""
        ...

    async def finished_run(self, video_id: str, options_digest: str) -> UUID | None:
        """The completed run whose result is stored."""
        ...

    async def attach(self, submission: Submission, run_id: UUID) -> Job | None:
        """Add a job to a completed run; None where that run does not exist (any more)."""
        ...

    async def submit(self, submission: Submission) -> Job:
        """Add a job to the live run for its video and options, or to a new one (single flight)."""
        ...


class RunRepository(Protocol):
    """Runs as the dispatcher and the projector move them."""

    def release(self, limit: int) -> AbstractAsyncContextManager["Release | None"]:
        """The next run to dispatch, locked; None where none waits, `limit` are in work, or another gateway is at it."""
        ...

    async def in_work(self) -> list[DispatchedRun]:
        """Runs that are running or retrying."""
        ...

    async def requeue(self, run_ids: list[UUID]) -> int:
        """Put runs in work back in the queue; returns how many."""
        ...

    async def requeue_stalled(self, *, since: datetime, now: datetime) -> int:
        """Put runs back in the queue that made no progress since `since` and wait for no retry."""
        ...

    async def advance(self, event: JobProgressed) -> bool:
        """Apply a report once; whether it changed the run."""
        ...

    async def complete(self, event: VideoIndexed) -> bool:
        """Apply the end of a run once; whether it changed the run."""
        ...

    async def bury(self, burial: Burial) -> bool:
        """Apply a dead letter once; whether it changed the run."""
        ...


class Release(Protocol):
    """A run that is locked until it was dispatched, or the attempt given up."""

    run: QueuedRun

    async def dispatched(self, position: LogPosition) -> None:
        """The broker has the run's first message."""
        ...


@dataclass(frozen=True, slots=True)
class StoredVideo:
    """The newest finished result of a video."""

    video_id: str
    metadata: VideoMetadata
    language: str
    transcript_source: str
    formats: tuple[str, ...]
    """Formats that the map can be had in."""
    created_at: datetime


class VideoRepository(Protocol):
    """Finished results."""

    async def find(self, video_id: str) -> StoredVideo | None:
        """The newest result of a video."""
        ...

    async def document(self, video_id: str, format_name: str) -> str | None:
        """The newest map of a video in one format; None where there is none."""
        ...


class ResultCache(Protocol):
    """Remembers for an hour which run made a result. May forget at any time; never raises."""

    async def get(self, video_id: str, options_digest: str) -> UUID | None:
        """The completed run, where it is known."""
        ...

    async def put(self, video_id: str, options_digest: str, run_id: UUID) -> None:
        """Remember a completed run."""
        ...


class Broker(Protocol):
    """The message broker."""

    async def publish(self, event: VideoSubmitted) -> LogPosition:
        """Publish; raises PublishError where the broker did not confirm in time."""
        ...

    async def end_offsets(self, event: type[Event]) -> dict[int, int]:
        """Partition to the next offset of the event's topic; raises PublishError where the broker is away."""
        ...


@dataclass(frozen=True, slots=True)
class JobEvent:
    """A state of a job, with its place in the stream of events (None where it came from the database)."""

    id: str | None
    job: Job


class Subscription(Protocol):
    """What one listener has not heard yet."""

    @property
    def ended(self) -> bool:
        """Whether nothing more comes: the hub closes, or the listener was too slow."""
        ...

    async def next(self, timeout: float) -> JobEvent | None:
        """The next event; None after `timeout` seconds of silence, where it ended, or where the database knows more."""
        ...

    async def cursor(self) -> str | None:
        """Id of the newest event of all jobs; None while the stream cannot be read, or is empty."""
        ...

    def missed(self, last_id: str) -> AsyncIterator[JobEvent]:
        """What was published in the scope after `last_id`, oldest first; nothing where that cannot be read."""
        ...


class EventHub(Protocol):
    """Fans events out to listeners."""

    @property
    def live(self) -> bool:
        """Whether events arrive; while not, listeners ask the database."""
        ...

    async def publish(self, job: Job) -> None:
        """Tell every listener of the job and of its user. Never raises: the database is the truth."""
        ...

    def subscribe(self, scope: str) -> AbstractAsyncContextManager[Subscription]:
        """Listen to a scope: `job_scope` or `user_scope`."""
        ...


def job_scope(job_id: UUID) -> str:
    """The scope of one job."""
    return f"job:{job_id}"


def user_scope(user_id: str) -> str:
    """The scope of all jobs of one user."""
    return f"user:{user_id}"
