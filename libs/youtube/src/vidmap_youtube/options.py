"""yt-dlp's options, made from our settings: no configuration files, no cache, one extractor, one video."""

from pathlib import Path

from pydantic import JsonValue

from vidmap_youtube.settings import YouTubeSettings

# One file that PyAV reads as it is, so that ffmpeg is not needed; the last choice has pictures in it, too.
_AUDIO = "bestaudio[ext=m4a]/bestaudio[ext=webm]/bestaudio/worst"


def worker_options(settings: YouTubeSettings, *, directory: Path, cookies_file: Path | None) -> dict[str, JsonValue]:
    """Options for `yt_dlp.YoutubeDL`, as JSON can say them.

    Args:
        settings: what the operator set.
        directory: where a download goes.
        cookies_file: a copy of the cookies, which yt-dlp will rewrite.
    """
    options: dict[str, JsonValue] = {
        "allowed_extractors": ["youtube"],
        "cachedir": False,
        "compat_opts": ["no-certifi"] if settings.ca_file else [],
        "extractor_retries": 2,
        "file_access_retries": 1,
        "fixup": "never",
        "format": _AUDIO,
        "ignoreconfig": True,
        "noplaylist": True,
        "noprogress": True,
        "outtmpl": {"default": "%(id)s.%(ext)s"},
        "paths": {"home": str(directory)},
        "quiet": True,
        "retries": 3,
        "socket_timeout": settings.socket_timeout,
    }
    optional: dict[str, JsonValue] = {
        "proxy": settings.proxy,
        "cookiefile": str(cookies_file) if cookies_file else None,
        "ratelimit": settings.rate_limit,
        "sleep_interval_requests": settings.sleep_requests or None,
        "js_runtimes": _js_runtimes(settings.js_runtime),
        "extractor_args": _extractor_args(settings.player_clients),
    }
    return options | {name: value for name, value in optional.items() if value is not None}


def _js_runtimes(runtime: str | None) -> JsonValue:
    if runtime is None:
        return None
    name, _, path = runtime.partition(":")
    return {name: {"path": path} if path else {}}


def _extractor_args(player_clients: tuple[str, ...]) -> JsonValue:
    return {"youtube": {"player_client": list(player_clients)}} if player_clients else None
