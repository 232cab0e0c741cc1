"""Asks a gateway: typed answers, and an event stream that comes back after every interruption."""

import asyncio
import random
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Self
from uuid import UUID

import httpx
from httpx_sse import EventSource, aconnect_sse
from pydantic import TypeAdapter

from vidmap_client.errors import UnreachableError, problem_of
from vidmap_client.models import History, Job, JobEvent, Video
from vidmap_contracts.job import ProcessingOptions
from vidmap_contracts.mindmap import MindMap

_TIMEOUT = httpx.Timeout(30.0, connect=5.0)
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
# The gateway sends a heartbeat every 15 s: after three that did not come the connection is dead.
_STREAM_TIMEOUT = httpx.Timeout(50.0, connect=5.0)
_SHORTEST_WAIT_S = 0.25
_LONGEST_WAIT_S = 8.0

_job = TypeAdapter(Job)
_history = TypeAdapter(History)
_video = TypeAdapter(Video)
_mindmap = TypeAdapter(MindMap)


class VidmapClient:
    """A gateway, as Python sees it. Use it as an asynchronous context manager.

    Every method raises UnreachableError where nobody answers, and ProblemError where the gateway refuses.

    Args:
        url: where the gateway is, such as `http://127.0.0.1:8642`.
        transport: for tests.
        patience_s: how long an event stream tries to come back before it gives up.
    """

    def __init__(
        self, url: str, *, transport: httpx.AsyncBaseTransport | None = None, patience_s: float = 120.0
    ) -> None:
        self.url = url.rstrip("/")
        self._patience_s = patience_s
        self._http = httpx.AsyncClient(
            base_url=self.url,
            transport=transport,
            timeout=_TIMEOUT,
            trust_env=httpx.URL(self.url).host not in _LOOPBACK,  # a proxy of the user's knows another 127.0.0.1
        )

    async def __aenter__(self) -> Self:
        """Nothing is opened before the first request."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close every connection."""
        await self._http.aclose()

    async def submit(
        self,
        youtube_url: str,
        *,
        user_id: str = "local",
        options: ProcessingOptions | None = None,
        force: bool = False,
        priority: int | None = None,
    ) -> Job:
        """Ask for the mind map of a video; a completed job where it is there already.

        Args:
            youtube_url: the address of the video, or its id.
            user_id: who asks.
            options: what shapes the map.
            force: process again although there is a finished result.
            priority: 0 to 9, 9 goes first; the gateway's default where None.
        """
        body: dict[str, Any] = {"youtube_url": youtube_url, "user_id": user_id, "force": force}
        if options is not None:
            body["options"] = options.model_dump(mode="json")
        if priority is not None:
            body["priority"] = priority
        return _job.validate_json(await self._ask("POST", "/api/processing/start", json=body))

    async def status(self, job_id: UUID | str, *, user_id: str | None = None) -> Job:
        """How a job stands, with the time that each finished stage took."""
        params = {"user_id": user_id} if user_id else {}
        return _job.validate_json(await self._ask("GET", f"/api/processing/status/{job_id}", params=params))

    async def history(self, *, user_id: str = "local", limit: int = 50, offset: int = 0) -> History:
        """A user's jobs, newest first."""
        params = {"user_id": user_id, "limit": limit, "offset": offset}
        return _history.validate_json(await self._ask("GET", "/api/processing/history", params=params))

    async def video(self, video_id: str) -> Video:
        """A finished video."""
        return _video.validate_json(await self._ask("GET", f"/api/videos/{video_id}"))

    async def mindmap(self, video_id: str) -> MindMap:
        """The newest map of a video."""
        return _mindmap.validate_json(await self.document(video_id, "json"))

    async def document(self, video_id: str, format_name: str) -> bytes:
        """The newest map of a video in one of its formats."""
        return await self._ask("GET", f"/api/videos/{video_id}/mindmap", params={"format": format_name})

    async def events(self, *, job_id: UUID | str | None = None, user_id: str | None = None) -> AsyncGenerator[JobEvent]:
        """Every state of one job until its final one, or of all jobs of a user for ever.

        The stream comes back after an interruption and goes on after the last event that arrived.
        """
        params = {name: str(value) for name, value in (("job_id", job_id), ("user_id", user_id)) if value}
        attempts = _Attempts(self._patience_s)
        last_id = ""
        while True:
            try:
                async with _stream(self._http, params, last_id) as source:
                    async for message in source.aiter_sse():
                        last_id = message.id or last_id
                        if message.event != "job":
                            continue
                        attempts.reset()
                        event = JobEvent.model_validate_json(message.data)
                        yield event
                        if job_id is not None and event.job.status.is_final:
                            return
            except (httpx.TransportError, _AwayError) as error:
                attempts.failed(error, self.url)
            await attempts.pause()

    async def _ask(self, method: str, path: str, **request: Any) -> bytes:
        try:
            response = await self._http.request(method, path, **request)
        except httpx.TransportError as error:
            raise UnreachableError(self.url) from error
        if response.is_error:
            raise problem_of(response)
        return response.content


class _AwayError(Exception):
    """The gateway, or a proxy before it, cannot serve the stream now."""


@asynccontextmanager
async def _stream(http: httpx.AsyncClient, params: dict[str, str], last_id: str) -> AsyncGenerator[EventSource]:
    """One connection of an event stream.

    Raises:
        ProblemError: the gateway refuses.
        _AwayError: it cannot serve the stream now.
    """
    headers = {"Last-Event-ID": last_id} if last_id else {}
    path = "/api/processing/events"
    async with aconnect_sse(http, "GET", path, params=params, headers=headers, timeout=_STREAM_TIMEOUT) as source:
        if source.response.status_code >= 500:
            raise _AwayError
        if source.response.is_error:
            await source.response.aread()
            raise problem_of(source.response)
        yield source


class _Attempts:
    """Waits longer after each attempt in vain, and gives up in the end."""

    def __init__(self, patience_s: float) -> None:
        self._patience_s = patience_s
        self._failing_since: float | None = None
        self._ever = False
        self._wait_s = _SHORTEST_WAIT_S

    def reset(self) -> None:
        """An event arrived."""
        self._ever = True
        self._failing_since = None
        self._wait_s = _SHORTEST_WAIT_S

    def failed(self, error: Exception, url: str) -> None:
        """A connection failed.

        Raises:
            UnreachableError: it has been so for too long, or nobody ever answered.
        """
        now = time.monotonic()
        self._failing_since = self._failing_since or now
        nobody_there = isinstance(error, httpx.ConnectError) and not self._ever
        if nobody_there or now - self._failing_since > self._patience_s:
            raise UnreachableError(url) from error

    async def pause(self) -> None:
        """Wait before the next attempt; not all clients at the same moment."""
        await asyncio.sleep(self._wait_s * random.uniform(0.5, 1.0))
        self._wait_s = min(self._wait_s * 2, _LONGEST_WAIT_S)
