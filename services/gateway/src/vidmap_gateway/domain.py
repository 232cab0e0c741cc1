"""What a job is and how a run moves: pure rules, no clock, no database.

Jobs ask, runs work: several jobs for the same video and options share one run.
A run only moves forwards, and nothing moves it once it is final.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from vidmap_contracts.job import JobProgressed, JobStatus, ProcessingOptions, ProgressState, Stage

DEFAULT_USER = "local"
DEFAULT_PRIORITY = 5


@dataclass(frozen=True, slots=True)
class Job:
    """A job as its user sees it: the request, and how its run stands."""

    id: UUID
    user_id: str
    youtube_url: str
    video_id: str
    status: JobStatus
    current_stage: Stage
    progress_percentage: int
    started_at: datetime
    """When the user asked."""
    updated_at: datetime
    estimated_completion: datetime | None
    finished_at: datetime | None
    error_message: str | None
    code: str | None
    operator_action: str | None
    message: str | None
    retry_count: int
    next_retry_at: datetime | None
    processing_options: ProcessingOptions
    priority: int
    cached: bool
    position: int | None
    """Place in the queue, 1 for the next; None once the run was released."""

    @property
    def is_final(self) -> bool:
        """Whether nothing more happens to the job by itself."""
        return self.status.is_final


@dataclass(frozen=True, slots=True)
class StageTiming:
    """How long a stage of the job's run took, retries and waiting included."""

    stage: Stage
    seconds: float


@dataclass(frozen=True, slots=True)
class Submission:
    """A checked request for a mind map, with the ids that it would get."""

    job_id: UUID
    run_id: UUID
    trace: str
    user_id: str
    youtube_url: str
    video_id: str
    options: ProcessingOptions
    options_digest: str
    priority: int = DEFAULT_PRIORITY
    force: bool = False


@dataclass(frozen=True, slots=True)
class QueuedRun:
    """A run that the dispatcher is about to release."""

    id: UUID
    job_id: UUID
    """The oldest of its jobs: the key of its events."""
    video_id: str
    trace: str
    options: ProcessingOptions


@dataclass(frozen=True, slots=True)
class LogPosition:
    """Where the broker put a record."""

    partition: int
    offset: int


@dataclass(frozen=True, slots=True)
class DispatchedRun:
    """A run in work, and where its first message was put."""

    id: UUID
    position: LogPosition | None


@dataclass(frozen=True, slots=True)
class RunState:
    """The part of a run that events move."""

    status: JobStatus
    stage: Stage
    progress: int
    retry_count: int = 0
    message: str | None = None
    error_code: str | None = None
    error_message: str | None = None
    operator_action: str | None = None
    next_retry_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Burial:
    """A record of a run ended in the dead-letter topic."""

    event_id: UUID
    run: UUID
    stage: Stage | None
    code: str
    message: str
    action: str | None
    """What an operator has to do; None where the run has failed for good."""
    worker: str | None
    occurred_at: datetime


def advanced(run: RunState, event: JobProgressed) -> RunState:
    """The run after a stage reported."""
    if run.status.is_final:
        return run
    if event.current_stage.order < run.stage.order:
        # A late report of an earlier stage: proves that the run is at work, and no more.
        return replace(run, status=JobStatus.RUNNING) if run.status is JobStatus.QUEUED else run
    forward = replace(run, stage=event.current_stage, progress=max(run.progress, event.progress), message=event.message)
    if event.state is ProgressState.RETRYING:
        return replace(
            forward,
            status=JobStatus.RETRYING,
            retry_count=run.retry_count + 1,
            error_code=event.code,
            next_retry_at=event.next_retry_at,
        )
    return replace(forward, status=JobStatus.RUNNING, error_code=None, next_retry_at=None)


def completed(run: RunState) -> RunState:
    """The run after its result was stored and indexed."""
    if run.status.is_final:
        return run
    return replace(
        run,
        status=JobStatus.COMPLETED,
        stage=Stage.COMPLETED,
        progress=Stage.COMPLETED.progress,
        message=None,
        error_code=None,
        next_retry_at=None,
    )


def buried(run: RunState, burial: Burial) -> RunState:
    """The run after one of its records was given up; a failed run keeps the progress that it had reached."""
    if run.status.is_final:
        return run
    told = replace(
        run,
        message=None,
        error_code=burial.code,
        error_message=burial.message,
        operator_action=burial.action,
        next_retry_at=None,
    )
    if burial.action is not None:
        return replace(told, status=JobStatus.NEEDS_OPERATOR)
    return replace(told, status=JobStatus.FAILED, stage=Stage.FAILED)


def is_orphaned(run: DispatchedRun, ends: dict[int, int]) -> bool:
    """Whether the broker lost the run's first message.

    Args:
        run: a run in work.
        ends: partition to the offset that its next record will get.
    """
    return run.position is not None and run.position.offset >= ends.get(run.position.partition, 0)
