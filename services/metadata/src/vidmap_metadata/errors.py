"""What can go wrong here, as decisions.

PermanentError
├── NotRecordedError          the stream is live, upcoming, or its recording is not ready
└── TooLongError              longer than METADATA_MAX_DURATION
TransientError
└── SourceUnavailableError    one source does not answer as it should: another one is asked
"""

from vidmap_chassis.errors import PermanentError, TransientError

__all__ = ["NotRecordedError", "PermanentError", "SourceUnavailableError", "TooLongError", "TransientError"]


class NotRecordedError(PermanentError):
    """There is no recording yet."""

    @classmethod
    def live(cls) -> "NotRecordedError":
        """The stream is on air."""
        return cls("live_now", "The stream is still live. Submit it again when the recording is available.")

    @classmethod
    def upcoming(cls) -> "NotRecordedError":
        """The stream has not begun."""
        return cls(
            "live_upcoming",
            "The stream or premiere has not begun. Submit it again when the recording is available.",
        )

    @classmethod
    def processing(cls) -> "NotRecordedError":
        """YouTube is still making the recording."""
        return cls("processing", "YouTube is still preparing this recording. Submit it again when it can be watched.")


class TooLongError(PermanentError):
    """The video is longer than this installation takes.

    Args:
        length: of the video, in words.
        limit: of the installation, in words.
    """

    def __init__(self, length: str, limit: str) -> None:
        super().__init__(
            "too_long", f"This video is {length} long, and the limit here is {limit}. Submit a shorter video."
        )


class SourceUnavailableError(TransientError):
    """One source of metadata cannot be used now.

    Args:
        source: its name.
        reason: what it said.
    """

    def __init__(self, source: str, reason: str) -> None:
        super().__init__("metadata_source", f"{source} did not answer as expected ({reason}). The job will be retried.")
