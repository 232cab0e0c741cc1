"""What the metadata process reads from the environment."""

from typing import Annotated

from pydantic import AliasChoices, Field, SecretStr
from pydantic_settings import SettingsConfigDict

from vidmap_chassis.settings import PostgresSettings, StageSettings
from vidmap_youtube import YouTubeSettings


class Settings(StageSettings):
    """The metadata service."""

    model_config = SettingsConfigDict(
        env_prefix="METADATA_", env_ignore_empty=True, populate_by_name=True, extra="ignore"
    )

    in_flight: Annotated[int, Field(ge=1)] = 2
    """Videos at a time: each may run a yt-dlp process."""
    max_duration: Annotated[float, Field(gt=0)] = 12 * 3600
    """Seconds; longer videos are refused."""
    cache_hours: Annotated[float, Field(gt=0)] = 24
    """How long what is known of a video is believed."""
    api_key: SecretStr | None = Field(default=None, validation_alias=AliasChoices("YOUTUBE_API_KEY", "api_key"))
    """Key of the YouTube Data API v3, which is asked first where there is one."""
    http_timeout: Annotated[float, Field(gt=0)] = 10
    """Seconds that the Data API and oEmbed may take."""
    postgres: PostgresSettings = Field(default_factory=PostgresSettings)
    youtube: YouTubeSettings = Field(default_factory=YouTubeSettings)
