"""How yt-dlp reaches YouTube. Only entry points create this, so only they read the environment."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


class YouTubeSettings(BaseSettings):
    """What an operator may set for yt-dlp, as `YTDLP_*`."""

    model_config = SettingsConfigDict(env_prefix="YTDLP_", env_ignore_empty=True, extra="ignore")

    proxy: str | None = Field(default=None, repr=False)
    """`http://[user:password@]host:port` or `socks5://…`; all traffic to YouTube goes through it."""
    ca_file: Path | None = None
    """PEM file with the certificate authority of a proxy that terminates TLS."""
    cookies_file: Path | None = None
    """Netscape cookies.txt. yt-dlp rewrites what it reads, so every call gets a copy."""
    player_clients: Annotated[tuple[str, ...], NoDecode] = ()
    """Comma-separated yt-dlp player clients instead of its defaults, which change with its releases."""
    js_runtime: str | None = None
    """`name:path` of a JavaScript runtime, such as `deno:/usr/bin/deno`; None for a deno on PATH."""
    rate_limit: Annotated[int, Field(ge=1)] | None = None
    """Bytes a second that a download may take."""
    sleep_requests: Annotated[float, Field(ge=0)] = 0.0
    """Seconds between two requests of one extraction."""
    socket_timeout: Annotated[float, Field(gt=0)] = 15.0
    """Seconds that one answer may take."""
    extract_timeout: Annotated[float, Field(gt=0)] = 120.0
    """Seconds that one extraction may take, captions included."""
    download_timeout: Annotated[float, Field(gt=0)] = 840.0
    """Seconds that one download may take."""

    @field_validator("player_clients", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(name.strip() for name in value.split(",") if name.strip())
        return value
