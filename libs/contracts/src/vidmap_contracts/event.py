"""What every event carries, and how its id is made.

Models are frozen and ignore fields that they do not know: a consumer reads newer messages of the same version.
"""

from datetime import datetime
from typing import ClassVar, Self
from uuid import UUID, uuid5

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

_EVENT_NAMESPACE = UUID("6f0b7a5e-6d0f-5c35-9d54-0f2a2a2f6c11")


class Message(BaseModel):
    """A frozen value inside an event."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Event(Message):
    """A fact about one run of one video. The Kafka key is `job_id`, or what `key` says."""

    stage: ClassVar[str]
    """The stage that publishes this event: part of its id."""

    event_id: UUID
    occurred_at: AwareDatetime
    job_id: UUID
    video_id: str = Field(pattern=r"^[A-Za-z0-9_-]{11}$")
    run: UUID
    trace: str = Field(description="Trace id shared by everything that one submission caused (32 hex digits).")

    @property
    def key(self) -> bytes:
        """The Kafka record key, as UTF-8."""
        return str(self.job_id).encode()

    @classmethod
    def caused_by(cls, cause: "Event", *, at: datetime, parts: tuple[int | str, ...] = (), **fields: object) -> Self:
        """An event of this type that follows from `cause`: the same job, video, run and trace.

        Args:
            cause: the event that was handled.
            at: when it happened.
            parts: window, attempt or sequence, where one run states this more than once.
            fields: the event's own fields.
        """
        return cls.model_validate(
            {
                "event_id": event_id(cause.run, cls.stage, cls.__name__, *parts),
                "occurred_at": at,
                "job_id": cause.job_id,
                "video_id": cause.video_id,
                "run": cause.run,
                "trace": cause.trace,
                **fields,
            }
        )


def event_id(run: UUID, stage: str, message: str, *parts: int | str) -> UUID:
    """The same fact gives the same id, however often it is published.

    Args:
        run: the run that the fact is about.
        stage: the stage that states it.
        message: the message type, such as `TranscriptGenerated`.
        parts: window, attempt and sequence, where there are any.
    """
    return uuid5(_EVENT_NAMESPACE, "/".join([str(run), stage, message, *(str(part) for part in parts)]))
