"""What can go wrong here, as decisions.

PermanentError
├── UnreadableRecordingError   no sound in it that can be decoded
├── NoSpeechError              nobody speaks
├── LanguageNotSupportedError  the speech model does not know the language
├── AudioMissingError          a window's audio is past its time
└── PlanMissingError           the plan of a run is past its time
SpeechModelError               the speech model is not there: the process stops
"""

from vidmap_chassis.errors import PermanentError, RateLimitedError

__all__ = [
    "AudioMissingError",
    "LanguageNotSupportedError",
    "NoSpeechError",
    "PlanMissingError",
    "RateLimitedError",
    "SpeechModelError",
    "UnreadableRecordingError",
]


class UnreadableRecordingError(PermanentError):
    """The file holds no sound that can be decoded.

    Args:
        message: a plain sentence that names the file.
    """

    def __init__(self, message: str) -> None:
        super().__init__("unreadable_recording", message)


class NoSpeechError(PermanentError):
    """The recording is over and nobody said a word."""

    def __init__(self) -> None:
        super().__init__(
            "no_speech",
            "No speech was found in this video. Submit a video in which somebody speaks, or one with captions.",
        )


class LanguageNotSupportedError(PermanentError):
    """The speech model does not know the language that is spoken.

    Args:
        language: BCP 47.
    """

    def __init__(self, language: str) -> None:
        super().__init__(
            "language_not_supported",
            f'There are no captions, and the speech model does not understand the language "{language}". Use a video '
            "with captions, or have SPEECH_MODEL set to a multilingual model.",
        )


class AudioMissingError(PermanentError):
    """A window's audio is not kept any more."""

    def __init__(self) -> None:
        super().__init__(
            "audio_missing", "The audio of this video was kept for a day and is gone. Submit the video again."
        )


class PlanMissingError(PermanentError):
    """A window came back and its run's plan is not kept any more."""

    def __init__(self) -> None:
        super().__init__("plan_missing", "This job waited too long and was forgotten. Submit the video again.")


class SpeechModelError(Exception):
    """The speech model cannot be loaded; the message says what to do."""
