"""What the analyze process reads from the environment."""

from pathlib import Path
from typing import Annotated

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from vidmap_chassis.settings import PostgresSettings, StageSettings, models_dir


def default_model() -> Path:
    """Where `vidmap models` puts the embedding model."""
    return models_dir() / "embeddings" / "minilm"


class Settings(StageSettings):
    """The analyze service."""

    model_config = SettingsConfigDict(env_prefix="ANALYZE_", env_ignore_empty=True, extra="ignore")

    in_flight: Annotated[int, Field(ge=1)] = 2
    """Transcripts at a time. Each has a worker process of its own, of about 450 MB."""
    embedding_model: Path = Field(default_factory=default_model)
    """Directory of a sentence-transformers model with `model.onnx` and tokenizer files."""
    postgres: PostgresSettings = Field(default_factory=PostgresSettings)
