"""What goes over HTTP. Never a Kafka message: those change for other reasons."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from vidmap_contracts.job import JobStatus, ProcessingOptions, Stage
from vidmap_gateway.domain import DEFAULT_PRIORITY, DEFAULT_USER, Job, StageTiming
from vidmap_gateway.ports import StoredVideo

UserId = Annotated[str, Field(min_length=1, max_length=128)]


class OptionsBody(ProcessingOptions):
    """What shapes the map; a name that is not known is an error, not ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class StartBody(BaseModel):
    """A request for a mind map."""

    model_config = ConfigDict(extra="forbid")

    youtube_url: Annotated[str, Field(examples=["https://www.youtube.com/watch?v=dQw4w9WgXcQ"])]
    """The address of one video, as people paste it, or its id."""
    user_id: UserId = DEFAULT_USER
    options: OptionsBody = OptionsBody()
    force: bool = False
    """Process again although there is a finished result."""
    priority: Annotated[int, Field(ge=0, le=9)] = DEFAULT_PRIORITY
    """9 goes first; jobs of the same priority go by age."""


class JobBody(BaseModel):
    """A job and how it stands."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    user_id: str
    youtube_url: str
    video_id: str
    status: JobStatus
    current_stage: Stage
    progress_percentage: Annotated[int, Field(ge=0, le=100)]
    started_at: datetime
    """When the user asked."""
    updated_at: datetime
    estimated_completion: datetime | None
    finished_at: datetime | None
    error_message: str | None
    """A sentence for the user, where the job failed or needs an operator."""
    code: str | None
    """Stable name of the failure."""
    operator_action: str | None
    """What an operator has to do, where the status is `needs_operator`."""
    message: str | None
    """What happens now, where the stage says."""
    retry_count: int
    next_retry_at: datetime | None
    processing_options: ProcessingOptions
    priority: int
    cached: bool
    """Whether the job was answered from a result that was there already."""
    position: int | None
    """Place in the queue, 1 for the next; null once the job was released."""

    @classmethod
    def of(cls, job: Job) -> Self:
        """The job as it goes over HTTP."""
        return cls.model_validate(job)


class StageTimingBody(BaseModel):
    """How long a stage took, retries and waiting included."""

    model_config = ConfigDict(from_attributes=True)

    stage: Stage
    seconds: float


class JobStatusBody(JobBody):
    """A job, and where its time went."""

    stages: list[StageTimingBody] = []

    @classmethod
    def with_stages(cls, job: Job, timings: list[StageTiming]) -> Self:
        """The job with the stages that are finished."""
        stages = [StageTimingBody.model_validate(timing) for timing in timings]
        return cls.model_validate(job).model_copy(update={"stages": stages})


class JobEventBody(BaseModel):
    """The data of one server-sent event: the names that a progress bar needs, and the whole state."""

    job_id: UUID
    stage: Stage
    progress: int
    estimated_completion: datetime | None
    job: JobBody

    @classmethod
    def of(cls, job: Job) -> Self:
        """The event that tells the state of a job."""
        return cls(
            job_id=job.id,
            stage=job.current_stage,
            progress=job.progress_percentage,
            estimated_completion=job.estimated_completion,
            job=JobBody.of(job),
        )


class HistoryBody(BaseModel):
    """A page of a user's jobs, newest first."""

    jobs: list[JobBody]
    total: int
    limit: int
    offset: int


class ChapterBody(BaseModel):
    """A chapter that the uploader set; times in seconds."""

    model_config = ConfigDict(from_attributes=True)

    title: str
    start: float
    end: float


class VideoBody(BaseModel):
    """A finished video."""

    video_id: str
    title: str
    channel: str | None
    duration: float | None
    """Seconds."""
    language: str
    """Of the transcript."""
    transcript_source: str
    thumbnail_url: str | None
    published_at: datetime | None
    chapters: list[ChapterBody]
    formats: list[str]
    """Formats that the map can be had in."""
    created_at: datetime
    """When the result was stored."""

    @classmethod
    def of(cls, video: StoredVideo) -> Self:
        """The video as it goes over HTTP."""
        metadata = video.metadata
        return cls(
            video_id=video.video_id,
            title=metadata.title,
            channel=metadata.channel,
            duration=metadata.duration,
            language=video.language,
            transcript_source=video.transcript_source,
            thumbnail_url=metadata.thumbnail_url,
            published_at=metadata.published_at,
            chapters=[ChapterBody.model_validate(chapter) for chapter in metadata.chapters],
            formats=list(video.formats),
            created_at=video.created_at,
        )


class HealthBody(BaseModel):
    """Whether the gateway can answer, and how each thing that it leans on is."""

    status: Literal["ok", "degraded", "unavailable"]
    checks: dict[str, str]


class FieldErrorBody(BaseModel):
    """What is wrong with one field of a request."""

    field: str
    message: str


class ProblemBody(BaseModel):
    """An error (RFC 9457). `code` is stable; `detail` is a sentence for the user."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: str
    errors: list[FieldErrorBody] | None = None
