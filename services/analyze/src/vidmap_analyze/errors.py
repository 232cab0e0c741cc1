"""What can go wrong here, as decisions.

PermanentError
└── NoSpeechError        there are no words to find topics in
NeedsOperatorError
└── ModelMissingError    the embedding model is not installed, or broken
TransientError
└── WorkerDiedError      the process that did the work was killed
"""

from vidmap_chassis.errors import NeedsOperatorError, PermanentError, TransientError


class NoSpeechError(PermanentError):
    """Nobody speaks."""

    def __init__(self) -> None:
        super().__init__(
            "no_speech", "No speech was found in this video, so there is nothing to map. Submit one with spoken words."
        )


class ModelMissingError(NeedsOperatorError):
    """The embedding model cannot be loaded.

    Args:
        reason: the encoder's sentence.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(
            "embedding_model",
            "This installation lacks its embedding model. The job goes on when an operator has installed it.",
            reason,
        )


class WorkerDiedError(TransientError):
    """The worker process ended in the middle of its work."""

    def __init__(self) -> None:
        super().__init__("analysis_worker", "The analysis was interrupted. The job will be retried.")
