"""What a job may ask for, the stages it passes, and the progress that stages report."""

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import AwareDatetime, Field

from vidmap_contracts.event import Event, Message


class Stage(StrEnum):
    """The stages as users see them, in the order in which a job passes them."""

    URL_VALIDATION = "url_validation"
    METADATA_EXTRACTION = "metadata_extraction"
    TRANSCRIPT_GENERATION = "transcript_generation"
    CONTENT_ANALYSIS = "content_analysis"
    MINDMAP_GENERATION = "mindmap_generation"
    DATA_STORAGE = "data_storage"
    INDEXING = "indexing"
    COMPLETED = "completed"
    FAILED = "failed"

    @property
    def order(self) -> int:
        """The position of the stage in the way of a job, 0 for the first."""
        return list(Stage).index(self)

    @property
    def progress(self) -> int:
        """The percentage that a job has reached when this stage is done."""
        return _PROGRESS[self]

    @property
    def progress_before(self) -> int:
        """The percentage that a job has reached when this stage begins."""
        return _PROGRESS[list(Stage)[max(0, self.order - 1)]]


_PROGRESS = {
    Stage.URL_VALIDATION: 10,
    Stage.METADATA_EXTRACTION: 20,
    Stage.TRANSCRIPT_GENERATION: 40,
    Stage.CONTENT_ANALYSIS: 60,
    Stage.MINDMAP_GENERATION: 80,
    Stage.DATA_STORAGE: 90,
    Stage.INDEXING: 95,
    Stage.COMPLETED: 100,
    Stage.FAILED: 0,
}


class JobStatus(StrEnum):
    """How a job stands, beside the stage that it is in."""

    QUEUED = "queued"
    RUNNING = "running"
    RETRYING = "retrying"
    NEEDS_OPERATOR = "needs_operator"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """Whether nothing more happens to the job by itself."""
        return self in {JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED, JobStatus.NEEDS_OPERATOR}


class ProcessingOptions(Message):
    """What shapes the result: two jobs with the same options for a video share one run."""

    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$", examples=["en", "pt-BR"])] = "en"
    """Preferred language of the transcript, as BCP 47."""
    branches: Annotated[int, Field(ge=1, le=20)] | None = None
    """Number of first-level topics; chosen from the length where it is None."""
    leaves: Annotated[int, Field(ge=1, le=120)] | None = None
    """Number of all second-level topics; chosen from the length where it is None."""


class ProgressState(StrEnum):
    """What a stage says about its work."""

    STARTED = "started"
    ADVANCED = "advanced"
    FINISHED = "finished"
    RETRYING = "retrying"


class JobProgressed(Event):
    """A stage began, moved on, ended, or failed for now and will try again."""

    stage: ClassVar[str] = "progress"

    current_stage: Stage
    state: ProgressState
    progress: Annotated[int, Field(ge=0, le=100)]
    """Percentage of the whole job."""
    attempt: Annotated[int, Field(ge=0)] = 0
    """How often this record had failed before, 0 for the first time."""
    message: str | None = None
    code: str | None = None
    """Stable name of the failure, where `state` is `retrying`."""
    next_retry_at: AwareDatetime | None = None
    worker: str | None = None
    """Service, host and process that reports."""
