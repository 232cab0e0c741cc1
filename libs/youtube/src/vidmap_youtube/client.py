"""YouTube as services see it: three calls, each in a process of its own."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import aclosing, contextmanager
from pathlib import Path

from pydantic import JsonValue, TypeAdapter

from vidmap_youtube.models import Captions, VideoInfo
from vidmap_youtube.options import worker_options
from vidmap_youtube.process import replies, worker_environment
from vidmap_youtube.report import ErrorReport, Request
from vidmap_youtube.settings import YouTubeSettings
from vidmap_youtube.taxonomy import COOKIES_UNREADABLE, TIMEOUT, decide

OnProgress = Callable[[float], Awaitable[None]]
_CAPTIONS: TypeAdapter[Captions | None] = TypeAdapter(Captions | None)


class YouTube:
    """yt-dlp in a subprocess. Cancelling a call kills the subprocess and all that it started.

    All calls raise the errors of `vidmap_chassis.errors` with the codes of `vidmap_youtube.taxonomy`.

    Args:
        settings: what the operator set.
    """

    def __init__(self, settings: YouTubeSettings) -> None:
        self._settings = settings

    async def extract(self, video_id: str) -> VideoInfo:
        """All that YouTube tells about a video. A stream that is on air is no error here: see `live_status`."""
        with self._scratch() as scratch:
            request = self._request("extract", video_id, scratch, scratch)
            result = await self._call(request, self._settings.extract_timeout)
        return VideoInfo.model_validate(result)

    async def captions(self, video_id: str, choose: Sequence[str] = ()) -> Captions | None:
        """The best caption track; None where there is none that can be read.

        Args:
            video_id: 11 characters.
            choose: preferred languages as BCP 47, the best first. Without a track in one of them, the spoken
                language is taken; never a machine translation.
        """
        with self._scratch() as scratch:
            request = self._request("captions", video_id, scratch, scratch, tuple(choose))
            result = await self._call(request, self._settings.extract_timeout)
        return _CAPTIONS.validate_python(result)

    async def download_audio(self, video_id: str, directory: Path, on_progress: OnProgress | None = None) -> Path:
        """Download the best audio as one file, m4a before webm, as YouTube serves it.

        Args:
            video_id: 11 characters.
            directory: exists; what a cancelled download leaves there is for the caller to delete.
            on_progress: gets the share that is done, from 0 to 1, at most four times a second.
        """
        with self._scratch() as scratch:
            request = self._request("download", video_id, scratch, directory)
            result = await self._call(request, self._settings.download_timeout, on_progress)
        return Path(str(result))

    @contextmanager
    def _scratch(self) -> Generator[Path]:
        with tempfile.TemporaryDirectory(prefix="vidmap-ytdlp-", ignore_cleanup_errors=True) as directory:
            yield Path(directory)

    def _request(
        self, action: str, video_id: str, scratch: Path, directory: Path, languages: tuple[str, ...] = ()
    ) -> Request:
        cookies = _copy_cookies(self._settings.cookies_file, scratch)
        options = worker_options(self._settings, directory=directory, cookies_file=cookies)
        return Request.model_validate(
            {"action": action, "video_id": video_id, "options": options, "languages": languages}
        )

    async def _call(self, request: Request, timeout: float, on_progress: OnProgress | None = None) -> JsonValue:
        try:
            async with asyncio.timeout(timeout):
                return await self._answer(request, on_progress)
        except TimeoutError as error:
            raise TIMEOUT.error(ErrorReport()) from error

    async def _answer(self, request: Request, on_progress: OnProgress | None) -> JsonValue:
        environment = worker_environment(os.environ, self._settings.ca_file)
        async with aclosing(replies(request, environment)) as answers:
            async for reply in answers:
                if reply.error is not None:
                    raise decide(reply.error)
                if reply.done:
                    return reply.result
                if reply.progress is not None and on_progress is not None:
                    await on_progress(reply.progress)
        raise RuntimeError("a worker always ends with a result or an error")


def _copy_cookies(source: Path | None, directory: Path) -> Path | None:
    """A copy that only we can read; the directory is deleted after the call."""
    if source is None:
        return None
    copy = directory / "cookies.txt"
    copy.touch(mode=0o600)
    try:
        shutil.copyfile(source, copy)
    except OSError as error:
        raise COOKIES_UNREADABLE.error(ErrorReport()) from error
    return copy
