"""What the mindmap process reads from the environment."""

from pydantic_settings import SettingsConfigDict

from vidmap_chassis.settings import StageSettings


class Settings(StageSettings):
    """The mindmap service."""

    model_config = SettingsConfigDict(env_prefix="MINDMAP_", env_ignore_empty=True, extra="ignore")
