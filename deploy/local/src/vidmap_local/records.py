"""The state folder: who holds it, and `run.json`, which says what runs and where.

`run.json` is there while the stack runs: the command line finds the gateway through it. One that is left behind by a
supervisor that was killed lists the processes that the next start has to end first.
"""

import fcntl
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

import psutil
from pydantic import BaseModel, ConfigDict, ValidationError

from vidmap_local.errors import AlreadyRunningError, LocalError

_LOCK = "lock"
_OURS = ("postgres", "postgres.password", "valkey", "valkey.password", "logs", "stack.env", "run.json")
_SAME_TIME = 2.0  # seconds: how exactly a process's start is remembered
_STALE_GRACE = 10.0


class ProcessRecord(BaseModel):
    """One running process."""

    model_config = ConfigDict(frozen=True)

    name: str
    pid: int
    port: int | None = None
    """What it serves on 127.0.0.1; for a service its health port."""
    created_at: float = 0.0
    """Seconds since the epoch, as the system tells it: with the pid it names one process and no later one."""
    stop_signal: int = signal.SIGTERM


class RunRecord(BaseModel):
    """What `run.json` holds."""

    model_config = ConfigDict(frozen=True)

    gateway: str
    """Base URL of the API and of the page."""
    supervisor_pid: int
    started_at: datetime
    ready: bool = False
    kafka_bootstrap_servers: str = ""
    processes: tuple[ProcessRecord, ...] = ()


class StateFolder:
    """The folder that holds one stack's data, logs and records.

    Args:
        path: made if it is not there.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.expanduser().absolute()

    @property
    def run_file(self) -> Path:
        """Says what runs."""
        return self.path / "run.json"

    @property
    def logs(self) -> Path:
        """One file for each process."""
        return self.path / "logs"

    @contextmanager
    def held(self) -> Generator[None]:
        """Hold the folder for this process; the lock goes with the process, however that ends.

        Raises:
            AlreadyRunningError: where another process holds it.
            LocalError: where the folder cannot be written.
        """
        with self._opened_lock() as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise AlreadyRunningError(self._who()) from error
            yield

    @contextmanager
    def _opened_lock(self) -> Generator[int]:
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            lock = os.open(self.path / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise LocalError(
                f"The state folder {self.path} cannot be used ({error.strerror}). Use --state-dir."
            ) from error
        try:
            yield lock
        finally:
            os.close(lock)

    def _who(self) -> str:
        record = self.read()
        where = f" It serves {record.gateway} (process {record.supervisor_pid})." if record else ""
        return f"vidmap already runs with the state folder {self.path}.{where} Use --state-dir for a second one."

    def read(self) -> RunRecord | None:
        """What `run.json` says; None where there is none, or no complete one."""
        try:
            return RunRecord.model_validate_json(self.run_file.read_bytes())
        except (FileNotFoundError, ValidationError):
            return None

    def write(self, record: RunRecord) -> None:
        """Replace `run.json` in one step."""
        write_atomically(self.run_file, record.model_dump_json(indent=2) + "\n", mode=0o644)

    def clear(self) -> None:
        """Remove `run.json`: nothing runs any more."""
        self.run_file.unlink(missing_ok=True)

    def erase(self) -> None:
        """Remove what stacks have left here, and the data that a link points to. Only while the folder is held."""
        # By name: somebody may have chosen a folder that holds other things as well.
        for path in (self.path / name for name in _OURS):
            if path.is_dir():
                shutil.rmtree(path.resolve())
            if path.is_symlink() or path.is_file():
                path.unlink()

    def end_stale(self) -> Sequence[str]:
        """End what a killed supervisor left behind; returns the names. Only while the folder is held."""
        record = self.read()
        left = [process for process in record.processes if _same_process(process)] if record else []
        for process in left:
            _signal_group(process.pid, process.stop_signal)
        _wait_for_end(left)
        for process in left:
            _signal_group(process.pid, signal.SIGKILL)
        self.clear()
        return [process.name for process in left]


def write_atomically(path: Path, text: str, *, mode: int) -> None:
    """Write a file so that readers see the old one or the new one, with these permission bits."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            os.fchmod(file.fileno(), mode)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _same_process(process: ProcessRecord) -> bool:
    try:
        found = psutil.Process(process.pid)
        return found.status() != psutil.STATUS_ZOMBIE and abs(found.create_time() - process.created_at) < _SAME_TIME
    except psutil.Error:
        return False


def _wait_for_end(processes: Sequence[ProcessRecord]) -> None:
    deadline = time.monotonic() + _STALE_GRACE
    while time.monotonic() < deadline and any(_same_process(process) for process in processes):
        time.sleep(0.05)


def _signal_group(pid: int, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)
