"""The small HTTP server beside every stage: /health/live, /health/ready and /metrics."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from typing import Any

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

Probe = Callable[[], Awaitable[None]]
"""Returns where all is well, raises where it is not."""

_PROBE_TIMEOUT_S = 2.0


class Readiness:
    """What has to be well for a process to be ready."""

    def __init__(self) -> None:
        self._probes: dict[str, Probe] = {}

    def add(self, name: str, probe: Probe) -> None:
        """Ask `probe` from now on, under `name`."""
        self._probes[name] = probe

    async def report(self) -> dict[str, str]:
        """`ok`, or what is wrong, by name."""
        answers = await asyncio.gather(*(_ask(probe) for probe in self._probes.values()))
        return dict(zip(self._probes, answers, strict=True))


async def _ask(probe: Probe) -> str:
    try:
        async with asyncio.timeout(_PROBE_TIMEOUT_S):
            await probe()
    except TimeoutError:
        return f"no answer within {_PROBE_TIMEOUT_S:g} s"
    except Exception as error:
        return str(error) or type(error).__name__
    return "ok"


class HealthServer:
    """Serves health and metrics until it is stopped.

    Args:
        host: address to bind.
        port: port to bind.
        readiness: what to ask for /health/ready.
        registry: what to show at /metrics.
    """

    def __init__(self, host: str, port: int, readiness: Readiness, registry: CollectorRegistry) -> None:
        self._readiness = readiness
        self._registry = registry
        self._server = _Server(
            uvicorn.Config(
                self._app,
                interface="asgi3",  # not to be guessed: uvicorn takes a bound method for ASGI 2
                host=host,
                port=port,
                log_config=None,
                lifespan="off",
                timeout_graceful_shutdown=1,
            )
        )
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to serve, in the background."""
        self._task = asyncio.create_task(self._server.serve())

    async def stop(self) -> None:
        """Stop serving."""
        self._server.should_exit = True
        if self._task is not None:
            await self._task

    async def _app(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        status, kind, body = await self._answer(scope["path"])
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", kind.encode())]})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, path: str) -> tuple[int, str, bytes]:
        if path == "/health/live":
            return 200, "application/json", b'{"status":"ok"}'
        if path == "/metrics":
            return 200, CONTENT_TYPE_LATEST, generate_latest(self._registry)
        if path == "/health/ready":
            checks = await self._readiness.report()
            well = all(answer == "ok" for answer in checks.values())
            body = json.dumps({"status": "ok" if well else "unavailable", "checks": checks})
            return 200 if well else 503, "application/json", body.encode()
        return 404, "application/json", b'{"status":"not found"}'


class _Server(uvicorn.Server):
    """Leaves the signals to the process that it runs in."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield
