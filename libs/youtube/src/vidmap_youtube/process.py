"""Starts a worker, reads its replies and makes sure that it is gone afterwards."""

import asyncio
import contextlib
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path

from vidmap_youtube.report import ErrorReport, ExceptionInfo, Reply, Request

# Captions of twelve hours in base64 fit into one line of this size.
_LINE_BYTES = 64 * 1024 * 1024
# The worker runs scripts from YouTube's player, so it sees no password of ours.
_PASSED_ON = (
    "PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "PYTHONPATH", "VIRTUAL_ENV", "SSL_CERT_FILE", "SSL_CERT_DIR",
    "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
)  # fmt: skip


def worker_environment(inherited: Mapping[str, str], ca_file: Path | None) -> dict[str, str]:
    """The environment of a worker: a short list, and the certificate authority of an intercepting proxy."""
    environment = {name: inherited[name] for name in _PASSED_ON if name in inherited}
    if ca_file:
        environment["SSL_CERT_FILE"] = str(ca_file)
    return environment


async def replies(request: Request, environment: Mapping[str, str]) -> AsyncGenerator[Reply]:
    """Run one request; closing the iterator early kills the worker and what it started.

    Yields:
        progress, then one result or one error; a worker that dies without either gives an error.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "vidmap_youtube.worker",
        stdin=PIPE, stdout=PIPE, limit=_LINE_BYTES, env=dict(environment), start_new_session=True,
    )  # fmt: skip
    try:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("the worker has no pipes")
        # Stays open: the worker ends when it closes.
        process.stdin.write(request.model_dump_json().encode() + b"\n")
        ended = False
        async for line in process.stdout:
            reply = Reply.model_validate_json(line)
            ended = ended or reply.done or reply.error is not None
            yield reply
        if not ended:
            yield Reply(error=_died(await process.wait()))
    finally:
        await _end(process)


def _died(exit_code: int) -> ErrorReport:
    message = f"the worker ended with exit code {exit_code} and without a result"
    return ErrorReport(exceptions=(ExceptionInfo(name="WorkerDied", message=message),))


async def _end(process: Process) -> None:
    """Kill the process group and wait for the process, also while this task is being cancelled."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    waiting = asyncio.ensure_future(process.wait())
    cancelled = False
    while not waiting.done():
        try:
            await asyncio.shield(waiting)
        except asyncio.CancelledError:
            cancelled = True
    if process.stdin is not None:
        process.stdin.close()
    if cancelled:
        raise asyncio.CancelledError
