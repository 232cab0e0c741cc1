"""What can go wrong between a request and its answer.

VidmapError
├── UnavailableError (TransientError)   503, Retry-After; a Kafka record is retried
├── NotFoundError (PermanentError)      404
├── BadRequestError (PermanentError)    400
└── PublishError (TransientError)       the run stays queued
"""

from vidmap_chassis.errors import PermanentError, TransientError


class UnavailableError(TransientError):
    """A store that nothing works without is away."""

    retry_after_s = 5


class NotFoundError(PermanentError):
    """What was asked for does not exist, or belongs to another user."""


class BadRequestError(PermanentError):
    """The request cannot be answered as it stands."""


class PublishError(TransientError):
    """The broker did not take a record."""


def database_away() -> UnavailableError:
    """Postgres does not answer."""
    return UnavailableError("database_unavailable", "The database is away. Try again in a few seconds.")


def no_such_job() -> NotFoundError:
    """The id is unknown, or the job belongs to another user: which of the two is not told."""
    return NotFoundError("not_found", "There is no such job.")


def no_such_video(video_id: str) -> NotFoundError:
    """No finished result for the video."""
    return NotFoundError("not_found", f"There is no mind map of video {video_id} yet. Submit the video first.")


def unknown_format(asked: str, known: list[str]) -> BadRequestError:
    """The map has not been rendered in that format."""
    return BadRequestError("unknown_format", f"There is no format {asked!r}. Formats: {', '.join(known)}.")


def broker_away() -> PublishError:
    """Kafka does not answer."""
    return PublishError("broker_unavailable", "The message broker is away.")
