"""Settings of the gateway, from the environment."""

from typing import Annotated

from pydantic import AliasChoices, Field
from pydantic_settings import SettingsConfigDict

from vidmap_chassis.settings import PostgresSettings, RedisSettings, StageSettings


class Settings(StageSettings):
    """Everything that shapes a gateway process."""

    model_config = SettingsConfigDict(env_prefix="GATEWAY_", populate_by_name=True, extra="ignore")

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8642
    max_concurrent_jobs: Annotated[int, Field(ge=1)] = Field(
        default=3,
        validation_alias=AliasChoices("MAX_CONCURRENT_JOBS", "GATEWAY_MAX_CONCURRENT_JOBS", "max_concurrent_jobs"),
    )
    """Runs in work at the same time, over all gateways."""
    stall_seconds: Annotated[float, Field(gt=0)] = 1800
    """A run without a sign of life for this long is dispatched again."""
    dispatch_interval_s: Annotated[float, Field(gt=0)] = 2.0
    """How often the dispatcher looks without being called."""
    reconcile_interval_s: Annotated[float, Field(gt=0)] = 30.0
    heartbeat_s: Annotated[float, Field(gt=0)] = 15.0
    """Silence on an event stream after which a comment is sent."""
    poll_s: Annotated[float, Field(gt=0)] = 1.0
    """How often an event stream asks Postgres while Redis is away."""
    shutdown_grace_s: Annotated[int, Field(ge=1)] = 10
    """How long open connections may take to end."""
    max_body_bytes: Annotated[int, Field(ge=1024)] = 64_000
    postgres: PostgresSettings = Field(default_factory=PostgresSettings)
    redis: RedisSettings = Field(default_factory=RedisSettings)
