"""What the gateway answers, typed. Fields that a newer gateway adds are ignored."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from vidmap_contracts.job import JobStatus, ProcessingOptions, Stage


class Answer(BaseModel):
    """A frozen value from the gateway."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class StageTiming(Answer):
    """How long a stage took, retries and waiting included."""

    stage: Stage
    seconds: float


class Job(Answer):
    """A job and how it stands."""

    id: UUID
    user_id: str
    youtube_url: str
    video_id: str
    status: JobStatus
    current_stage: Stage
    progress_percentage: int
    started_at: datetime
    updated_at: datetime
    estimated_completion: datetime | None = None
    finished_at: datetime | None = None
    error_message: str | None = None
    code: str | None = None
    operator_action: str | None = None
    message: str | None = None
    retry_count: int = 0
    next_retry_at: datetime | None = None
    processing_options: ProcessingOptions = ProcessingOptions()
    priority: int = 0
    cached: bool = False
    position: int | None = None
    stages: tuple[StageTiming, ...] = ()
    """Only where the status of one job was asked for."""


class JobEvent(Answer):
    """One server-sent event."""

    job_id: UUID
    stage: Stage
    progress: int
    estimated_completion: datetime | None = None
    job: Job


class History(Answer):
    """A page of a user's jobs, newest first."""

    jobs: tuple[Job, ...]
    total: int
    limit: int
    offset: int


class Video(Answer):
    """A finished video."""

    video_id: str
    title: str
    channel: str | None = None
    duration: float | None = None
    language: str
    transcript_source: str
    formats: tuple[str, ...]
    created_at: datetime
