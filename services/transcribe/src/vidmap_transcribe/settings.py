"""What the two processes read from the environment."""

import os
from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from vidmap_chassis.settings import PostgresSettings, StageSettings
from vidmap_youtube import YouTubeSettings


class SpeechModelSettings(BaseSettings):
    """The speech model; both processes read it, so that a language is refused before anything is downloaded."""

    model_config = SettingsConfigDict(env_prefix="SPEECH_", extra="ignore")

    model: str | None = None
    """Directory of a CTranslate2 Whisper model, or a hub id; None for what `vidmap models` installs."""

    @field_validator("model")
    @classmethod
    def _empty_is_none(cls, value: str | None) -> str | None:
        return value or None


class SpeechWindowSettings(BaseSettings):
    """How a recording is spread over the workers."""

    model_config = SettingsConfigDict(env_prefix="SPEECH_", extra="ignore")

    windows_per_job: Annotated[int, Field(ge=1)] = 8
    """Windows of one recording that may be in work at once."""


class Settings(StageSettings):
    """The transcribe service."""

    model_config = SettingsConfigDict(env_prefix="TRANSCRIBE_", extra="ignore")

    in_flight: Annotated[int, Field(ge=1)] = 2
    """Videos at a time: captions, or a download and its cutting."""
    join_in_flight: Annotated[int, Field(ge=1)] = 16
    """Recognised windows that are joined at a time."""
    postgres: PostgresSettings = Field(default_factory=PostgresSettings)
    youtube: YouTubeSettings = Field(default_factory=YouTubeSettings)
    speech_model: SpeechModelSettings = Field(default_factory=SpeechModelSettings)
    speech: SpeechWindowSettings = Field(default_factory=SpeechWindowSettings)


class SpeechSettings(StageSettings):
    """The speech worker."""

    model_config = SettingsConfigDict(env_prefix="SPEECH_", extra="ignore")

    in_flight: Annotated[int, Field(ge=1)] = Field(default_factory=lambda: usable_cores())
    """Windows at a time, one thread each; the cores that this process may use."""
    postgres: PostgresSettings = Field(default_factory=PostgresSettings)
    speech_model: SpeechModelSettings = Field(default_factory=SpeechModelSettings)


def usable_cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
