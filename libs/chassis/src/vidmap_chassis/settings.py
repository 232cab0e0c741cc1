"""Settings blocks, one for each thing outside. Only entry points create them, so only they read the environment."""

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AliasChoices, Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class KafkaSettings(BaseSettings):
    """How to reach the broker."""

    model_config = SettingsConfigDict(env_prefix="KAFKA_", extra="ignore")

    bootstrap_servers: str = "127.0.0.1:9092"
    """Comma-separated `host:port`."""
    idempotence: bool = True
    """Idempotent producer; off for brokers without it, such as the embedded one."""
    fetch_max_wait_ms: Annotated[int, Field(ge=1)] = 500
    """How long the broker may hold a fetch. Apache Kafka answers at once when a record comes; Tansu does not."""
    replication_factor: Annotated[int, Field(ge=-1)] = 1
    """Of the topics that `vidmap topics` creates; -1 for the broker's own default."""
    request_timeout_ms: Annotated[int, Field(ge=1000)] = 60_000
    session_timeout_ms: Annotated[int, Field(ge=1000)] = 30_000
    """After this long without a heartbeat a consumer's partitions go to another."""
    heartbeat_interval_ms: Annotated[int, Field(ge=100)] = 3_000
    rebalance_timeout_ms: Annotated[int, Field(ge=1000)] = 45_000
    drain_timeout_s: Annotated[float, Field(ge=0)] = 3.0
    """How long a rebalance waits for records in flight before it goes on."""
    shutdown_grace_s: Annotated[float, Field(ge=0)] = 25.0
    """How long a stop waits for records in flight."""


class PostgresSettings(BaseSettings):
    """How to reach Postgres."""

    model_config = SettingsConfigDict(env_prefix="DATABASE_", extra="ignore", populate_by_name=True)

    dsn: str = Field(
        default="postgresql://postgres@127.0.0.1:5432/vidmap",
        validation_alias=AliasChoices("DATABASE_URL", "dsn"),
        repr=False,
    )
    """`postgresql://user:password@host:port/database`."""
    pool_min: Annotated[int, Field(ge=0)] = 1
    pool_max: Annotated[int, Field(ge=1)] = 4
    command_timeout_s: Annotated[float, Field(gt=0)] = 30.0


class RedisSettings(BaseSettings):
    """How to reach Redis or Valkey. Everything in it may vanish at any time."""

    model_config = SettingsConfigDict(env_prefix="REDIS_", extra="ignore", populate_by_name=True)

    dsn: str = Field(default="redis://127.0.0.1:6379/0", validation_alias=AliasChoices("REDIS_URL", "dsn"), repr=False)
    """`redis://[:password@]host:port/database`."""


class TelemetrySettings(BaseSettings):
    """Logs, metrics and health of one process."""

    model_config = SettingsConfigDict(extra="ignore")

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["json", "console"] = "json"
    health_host: str = "0.0.0.0"  # noqa: S104  # probes come from outside the container
    health_port: Annotated[int, Field(ge=0, le=65535)] = 8081
    """Port of /health/live, /health/ready and /metrics; 0 for none."""


class Settings(BaseSettings):
    """What every process reads; services derive from it and set their own prefix."""

    model_config = SettingsConfigDict(extra="ignore")

    telemetry: TelemetrySettings = Field(default_factory=TelemetrySettings)


class StageSettings(Settings):
    """What every stage reads."""

    kafka: KafkaSettings = Field(default_factory=KafkaSettings)
    in_flight: Annotated[int, Field(ge=1)] = 4
    """Records that one process handles at the same time."""
    max_ahead: Annotated[int, Field(ge=1)] = 256
    """How far the newest record of a partition may be past the oldest one that is still open."""
    max_retries: Annotated[int, Field(ge=0)] = 8
    dead_letter_limit: Annotated[int, Field(ge=1)] = 20
    """After this many unforeseen dead letters in a row the stage stands still instead of draining its topic."""


def models_dir() -> Path:
    """Where `vidmap models` keeps its files: VIDMAP_MODELS_DIR, else under the user's data folder."""
    if named := os.environ.get("VIDMAP_MODELS_DIR"):
        return Path(named).expanduser()
    data = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(data).expanduser() / "vidmap" / "models"
