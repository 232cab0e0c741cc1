"""Settings of the indexer, from the environment."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from vidmap_chassis.settings import PostgresSettings, StageSettings


class Settings(StageSettings):
    """Everything that shapes an indexer process."""

    model_config = SettingsConfigDict(env_prefix="INDEXER_", extra="ignore")

    postgres: PostgresSettings = Field(default_factory=PostgresSettings)
