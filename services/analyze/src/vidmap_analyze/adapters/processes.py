"""Worker processes that do what would block the event loop, and that can be killed in the middle of it."""

import asyncio
import multiprocessing
import os
import signal
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from pathlib import Path

import structlog

from vidmap_analyze.adapters import worker
from vidmap_analyze.domain.material import Material, Outline
from vidmap_analyze.errors import ModelMissingError, WorkerDiedError
from vidmap_encoder import EncoderError

log = structlog.get_logger()

# Fork would copy the threads' locks of the event loop's process in whatever state they are.
_SPAWN = multiprocessing.get_context("spawn")


class _Worker:
    """One process, started with its first task and replaced after a kill."""

    def __init__(self, model: Path) -> None:
        self._model = model
        self._pid = _SPAWN.Value("i", 0)
        self._pool = ProcessPoolExecutor(1, _SPAWN, initializer=worker.begin, initargs=(self._pid,))

    @property
    def pid(self) -> int:
        """Its process id; 0 until it runs."""
        return self._pid.value

    def prepare(self) -> "Future[None]":
        """Load the models ahead of the first transcript."""
        return self._pool.submit(worker.prepare, self._model)

    def submit(self, material: Material) -> "Future[Outline]":
        """Begin to analyse a transcript."""
        return self._pool.submit(worker.work, self._model, material)

    def kill(self) -> None:
        """End it at once, whatever it does; where it is still starting, it ends itself."""
        with self._pid.get_lock():
            pid, self._pid.value = self._pid.value, worker.UNWANTED
        if pid > 0:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._pool.shutdown(wait=False, cancel_futures=True)

    def close(self) -> None:
        """End it after its task."""
        self._pool.shutdown(wait=True, cancel_futures=True)


class WorkerProcesses:
    """Analyses transcripts, each in a process of its own.

    Args:
        model: directory of the embedding model.
        size: how many work at the same time; one more transcript waits for the first that is done.
        killed: is called for every process that is killed.
    """

    def __init__(self, model: Path, size: int, killed: Callable[[], None]) -> None:
        self._model = model
        self._killed = killed
        # The last one given back is the next one taken: a second process starts only where it is needed.
        self._free: asyncio.LifoQueue[_Worker | None] = asyncio.LifoQueue()
        for _ in range(size):
            self._free.put_nowait(None)
        self._busy: set[_Worker] = set()

    @property
    def busy_pids(self) -> list[int]:
        """The processes that work on a transcript now."""
        return sorted(busy.pid for busy in self._busy if busy.pid > 0)

    async def warm(self) -> None:
        """Start one process and let it load its models while the service starts."""
        warming = self._free.get_nowait() or _Worker(self._model)
        warming.prepare()
        self._free.put_nowait(warming)

    async def analyse(self, material: Material) -> Outline:
        """The outline of a transcript. Cancelling kills the process that works on it.

        Raises:
            ModelMissingError: the embedding model is missing or broken.
            WorkerDiedError: the process was killed by somebody else.
        """
        taken = await self._free.get()
        kept: _Worker | None = None
        busy = taken or _Worker(self._model)
        self._busy.add(busy)
        try:
            outline = await asyncio.wrap_future(busy.submit(material))
            kept = busy
        except EncoderError as error:
            kept = busy
            raise ModelMissingError(str(error)) from error
        except BrokenProcessPool as error:
            busy.kill()
            raise WorkerDiedError from error
        except asyncio.CancelledError:
            busy.kill()
            self._killed()
            log.warning("analysis cancelled, worker killed", lines=len(material.lines))
            raise
        finally:
            self._busy.discard(busy)
            self._free.put_nowait(kept)
        return outline

    async def close(self) -> None:
        """End all processes. Only when nothing is in work."""
        while not self._free.empty():
            idle = self._free.get_nowait()
            if idle is not None:
                await asyncio.to_thread(idle.close)
