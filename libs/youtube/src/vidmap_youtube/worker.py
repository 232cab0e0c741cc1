"""The subprocess that runs yt-dlp: `python -m vidmap_youtube.worker`.

Reads one request line from stdin, writes reply lines to stdout. It ends when stdin closes, so that it never outlives
the service that started it. It decides nothing: what an error means is `vidmap_youtube.taxonomy`'s.
"""

import base64
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import yt_dlp
from pydantic import JsonValue
from yt_dlp.networking.exceptions import HTTPError
from yt_dlp.utils import DownloadError

from vidmap_youtube.models import CaptionTrack, Chapter, VideoInfo
from vidmap_youtube.report import Action, ErrorReport, ExceptionInfo, Reply, Request
from vidmap_youtube.tracks import Track, list_tracks, ranked

_UNFINISHED = frozenset({"is_live", "is_upcoming", "post_live"})
_PROGRESS_INTERVAL_S = 0.25
# A media address that answers 403 has often just gone stale; a second extraction makes a fresh one.
_DOWNLOAD_ATTEMPTS = 2


class NoRecordingError(Exception):
    """The stream is not over, so there is no recording to fetch."""


class _Warnings:
    """The logger that yt-dlp writes to: keeps warnings, since some failures show up only there."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def debug(self, message: str) -> None:
        """Drop."""

    # Errors are raised as well.
    info = error = debug

    def warning(self, message: str) -> None:
        """Keep."""
        self.lines.append(message)


class _Call:
    """One request, and what it says on the way."""

    def __init__(self, request: Request, send: Callable[[Reply], None]) -> None:
        self.request = request
        self.log = _Warnings()
        self.during: Action = "extract"
        self._send = send
        self._reported_at = 0.0

    def run(self) -> JsonValue:
        """Fetch what was asked for.

        Raises:
            Exception: whatever yt-dlp raises.
        """
        match self.request.action:
            case "extract":
                return self._extract()
            case "captions":
                return self._captions()
            case "download":
                return self._download()

    def _ydl(self) -> Any:
        options: dict[str, Any] = dict(self.request.options)
        options["compat_opts"] = set(options.get("compat_opts", ()))
        params: Any = options | {"logger": self.log, "progress_hooks": [self._on_progress]}
        return yt_dlp.YoutubeDL(params)

    def _info(self, ydl: Any) -> dict[str, Any]:
        url = f"https://www.youtube.com/watch?v={self.request.video_id}"
        return ydl.extract_info(url, download=False, process=True) or {}

    def _extract(self) -> JsonValue:
        with self._ydl() as ydl:
            return video_info(self.request.video_id, self._info(ydl)).model_dump(mode="json")

    def _captions(self) -> JsonValue:
        with self._ydl() as ydl:
            info = self._info(ydl)
            _check_recorded(info)
            tracks = ranked(_tracks(info), self.request.languages, _language(info))
            self.during = "captions"
            return next((found for track in tracks if (found := _read_track(ydl, track))), None)

    def _download(self) -> JsonValue:
        for attempt in range(1, _DOWNLOAD_ATTEMPTS + 1):
            try:
                return self._download_once()
            except DownloadError as error:
                if attempt == _DOWNLOAD_ATTEMPTS or self.during != "download" or not _is_forbidden(error):
                    raise
        raise AssertionError("the last attempt returns or raises")

    def _download_once(self) -> JsonValue:
        self.during = "extract"
        with self._ydl() as ydl:
            info = self._info(ydl)
            _check_recorded(info)
            self.during = "download"
            done = ydl.process_ie_result(info, download=True)
        paths = [str(item.get("filepath") or "") for item in done.get("requested_downloads") or ()]
        # yt-dlp skips silently where a filter or a size limit says so.
        if not paths or not Path(paths[0]).is_file():
            raise FileNotFoundError("yt-dlp reported success but there is no file")
        return paths[0]

    def _on_progress(self, status: Mapping[str, Any]) -> None:
        total = status.get("total_bytes") or status.get("total_bytes_estimate")
        now = time.monotonic()
        finished = status.get("status") == "finished"
        if total and (finished or now - self._reported_at >= _PROGRESS_INTERVAL_S):
            self._reported_at = now
            self._send(Reply(progress=min(1.0, (status.get("downloaded_bytes") or 0) / total)))


def video_info(video_id: str, info: Mapping[str, Any]) -> VideoInfo:
    """A video in our shape, from yt-dlp's dictionary."""
    published = info.get("timestamp") or info.get("release_timestamp")
    return VideoInfo.model_validate(
        {
            "video_id": video_id,
            "title": info.get("title") or video_id,
            "channel": info.get("channel") or info.get("uploader"),
            "channel_id": info.get("channel_id"),
            "duration": info.get("duration"),
            "language": _language(info),
            "description": info.get("description") or "",
            "published_at": published or _day(info.get("upload_date")),
            "thumbnail_url": info.get("thumbnail"),
            "live_status": info.get("live_status"),
            "chapters": _chapters(info),
            "caption_tracks": [CaptionTrack(language=track.language, kind=track.kind) for track in _tracks(info)],
        }
    )


def _day(upload_date: str | None) -> str | None:
    if not upload_date:
        return None
    return f"{upload_date[:4]}-{upload_date[4:6]}-{upload_date[6:8]}T00:00:00Z"


def _chapters(info: Mapping[str, Any]) -> list[Chapter]:
    listed = info.get("chapters") or ()
    return [
        Chapter(title=item.get("title") or "", start=item["start_time"], end=item["end_time"])
        for item in listed
        if item.get("end_time") is not None and item["end_time"] > item["start_time"]
    ]


def _tracks(info: Mapping[str, Any]) -> tuple[Track, ...]:
    return list_tracks(info.get("subtitles") or {}, info.get("automatic_captions") or {})


def _language(info: Mapping[str, Any]) -> str | None:
    if info.get("language"):
        return str(info["language"])
    # Set per format where YouTube knows which language is spoken.
    spoken = {str(item["language"]) for item in info.get("formats") or () if item.get("language")}
    return spoken.pop() if len(spoken) == 1 else None


def _check_recorded(info: Mapping[str, Any]) -> None:
    if info.get("live_status") in _UNFINISHED:
        raise NoRecordingError(str(info["live_status"]))


def _read_track(ydl: Any, track: Track) -> JsonValue:
    """The first format with a body; an empty body is how YouTube refuses a track that wants a token."""
    for name, url in track.sources:
        try:
            body = ydl.urlopen(url).read()
        except HTTPError as error:
            if error.status == 429:
                raise
            continue
        if body.strip():
            encoded = base64.b64encode(body).decode()
            return {"language": track.spoken_language, "kind": track.kind, "format": name, "body": encoded}
    return None


def _is_forbidden(error: BaseException) -> bool:
    return any(getattr(link, "status", None) == 403 for link in _chain(error))


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The exceptions behind one another; yt-dlp keeps the inner one in `exc_info` or `cause`."""
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        yield link
        wrapped = (getattr(link, "exc_info", None) or (None, None))[1] if isinstance(link, DownloadError) else None
        link = wrapped or getattr(link, "cause", None) or link.__cause__


def error_report(error: BaseException, call: _Call) -> ErrorReport:
    """An error as the parent reads it."""
    links = [link for link in _chain(error) if not isinstance(link, DownloadError)] or [error]
    return ErrorReport(
        exceptions=tuple(_exception_info(link) for link in links),
        warnings=tuple(call.log.lines),
        during=call.during,
    )


def _exception_info(error: BaseException) -> ExceptionInfo:
    status = getattr(error, "status", None)
    return ExceptionInfo(
        name=type(error).__name__,
        message=str(getattr(error, "orig_msg", None) or error),
        status=status if isinstance(status, int) else None,
        expected=getattr(error, "expected", None),
    )


def _exit_with_parent(stdin: IO[str]) -> None:
    stdin.read()
    os._exit(1)


def main() -> None:
    """Answer one request."""
    # Whatever prints must not end up between the replies.
    replies = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    request = Request.model_validate_json(sys.stdin.readline())
    threading.Thread(target=_exit_with_parent, args=(sys.stdin,), daemon=True).start()

    def send(reply: Reply) -> None:
        replies.write(reply.model_dump_json(exclude_defaults=True) + "\n")
        replies.flush()

    call = _Call(request, send)
    try:
        send(Reply(done=True, result=call.run()))
    except Exception as error:
        # The edge of the process: the parent decides what the error means.
        send(Reply(error=error_report(error, call)))
    # Not sys.exit: the thread that waits for stdin would hold the interpreter's shutdown.
    os._exit(0)


if __name__ == "__main__":
    main()
