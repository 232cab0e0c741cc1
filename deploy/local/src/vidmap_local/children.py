"""One child process: started in a session of its own, its output passed on line by line, stopped within a bound."""

import asyncio
import os
import signal
from asyncio.subprocess import Process
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import psutil

from vidmap_local.orphans import OrphanGuard, die_with_parent
from vidmap_local.specs import ProcessSpec

_LONGEST_LINE = 16_384  # bytes; a longer one is passed on in pieces
_READ = 65_536
_DRAIN = 5.0  # seconds for what is still in the pipe: a daemon may hold it open for ever

LineSink = Callable[[str], None]


@dataclass(frozen=True)
class Output:
    """Our end of a child's pipe."""

    reader: asyncio.StreamReader
    transport: asyncio.ReadTransport


class Child:
    """A running process and everything that belongs to it.

    Args:
        spec: what was started.
        process: the process.
        output: its standard output and error.
        sink: takes each line.
        guard: knows the process while it runs.
    """

    def __init__(self, spec: ProcessSpec, process: Process, output: Output, sink: LineSink, guard: OrphanGuard) -> None:
        self.spec = spec
        self.created_at = _create_time(process.pid)
        self._process = process
        self._sink = sink
        self._guard = guard
        self._tidied = False
        self._pipe = output.transport
        self._pump = asyncio.create_task(_pass_on(output.reader, sink))
        guard.watch(process.pid, spec.orphan_signal)

    @classmethod
    async def start(cls, spec: ProcessSpec, sink: LineSink, guard: OrphanGuard) -> "Child":
        """Start the process.

        Raises:
            OSError: where it cannot be run.
        """
        # Not asyncio's own pipe: with that, `wait` would also wait for grandchildren that inherited it.
        read_end, write_end = os.pipe()
        try:
            process = await _spawn(spec, write_end)
        except BaseException:
            os.close(read_end)
            raise
        finally:
            os.close(write_end)
        return cls(spec, process, await _open(read_end), sink, guard)

    @property
    def pid(self) -> int:
        """Process id, and id of its process group."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.returncode is None

    async def wait(self) -> int:
        """Wait for its end; returns the exit status, or minus the signal that ended it."""
        status = await self._process.wait()
        if self._tidied:
            return status
        self._signal_group(signal.SIGKILL)  # children that it left behind
        self._guard.forget(self.pid)
        await asyncio.wait([self._pump], timeout=_DRAIN)
        self._pump.cancel()
        self._pipe.close()
        self._tidied = True
        return status

    async def stop(self) -> int:
        """Ask it to stop, and kill its group when that takes longer than allowed."""
        if self.running:
            with suppress(ProcessLookupError):
                self._process.send_signal(self.spec.stop_signal)
        try:
            async with asyncio.timeout(self.spec.stop_timeout):
                await self._process.wait()
        except TimeoutError:
            self._sink(f"did not stop in {self.spec.stop_timeout:g} s, killed")
            self.kill()
        return await self.wait()

    def pause(self) -> None:
        """Hold the whole process group where it is."""
        if self.running:
            self._signal_group(signal.SIGSTOP)

    def resume(self) -> None:
        """Let the process group go on."""
        if self.running:
            self._signal_group(signal.SIGCONT)

    def kill(self) -> None:
        """End the whole process group at once."""
        if self.running:
            self._signal_group(signal.SIGKILL)

    def _signal_group(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)


async def _spawn(spec: ProcessSpec, output: int) -> Process:
    return await asyncio.create_subprocess_exec(
        *spec.command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        env=dict(spec.environment),
        cwd=spec.cwd,
        start_new_session=True,  # Ctrl-C on the terminal reaches only the supervisor
        preexec_fn=die_with_parent(spec.orphan_signal),
        **(spec.account.for_subprocess() if spec.account else {}),
    )


async def _open(read_end: int) -> Output:
    reader = asyncio.StreamReader()
    pipe = os.fdopen(read_end, "rb", buffering=0)
    protocol = asyncio.StreamReaderProtocol(reader)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, pipe)
    return Output(reader, transport)


async def _pass_on(output: asyncio.StreamReader, sink: LineSink) -> None:
    rest = b""
    while chunk := await output.read(_READ):
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            _emit(line, sink)
        if len(rest) > _LONGEST_LINE:
            _emit(rest, sink)
            rest = b""
    if rest:
        _emit(rest, sink)


def _emit(line: bytes, sink: LineSink) -> None:
    for start in range(0, max(len(line), 1), _LONGEST_LINE):
        sink(line[start : start + _LONGEST_LINE].decode(errors="replace").rstrip("\r"))


def _create_time(pid: int) -> float:
    try:
        return psutil.Process(pid).create_time()
    except psutil.Error:  # it has ended already
        return 0.0
