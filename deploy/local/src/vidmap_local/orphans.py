"""No process outlives the supervisor, not even when that is killed with -9.

Three nets: on Linux the kernel signals each child when its parent dies; everywhere a small watchdog process notices
that our end of a pipe has closed; and the next start ends what `run.json` still lists (`records.end_stale`).
"""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

_PR_SET_PDEATHSIG = 1
# Looked up here: between fork and exec nothing may take the loader's locks.
_prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None


def die_with_parent(number: signal.Signals) -> Callable[[], None] | None:
    """What a child runs between fork and exec, or None where the kernel has no such thing.

    The signal follows the *thread* that forked: start processes from the main thread only.
    """
    if _prctl is None:
        return None
    prctl, parent = _prctl, os.getpid()

    def before_exec() -> None:
        prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        if os.getppid() != parent:  # it died before the request was made
            os._exit(1)

    return before_exec


class OrphanGuard:
    """Our end of the watchdog's pipe."""

    def __init__(self) -> None:
        self._watchdog: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the watchdog."""
        script = Path(__file__).with_name("watchdog.py")
        self._watchdog = subprocess.Popen(
            [sys.executable, "-I", "-S", str(script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
        )

    def watch(self, pid: int, number: signal.Signals) -> None:
        """End this process group with the signal if we are gone."""
        self._tell(f"+ {pid} {int(number)}\n")

    def forget(self, pid: int) -> None:
        """This process group has ended."""
        self._tell(f"- {pid}\n")

    def _tell(self, line: str) -> None:
        if self._watchdog is None or self._watchdog.stdin is None:
            return
        # A watchdog that was killed leaves the two other nets.
        with suppress(BrokenPipeError):
            self._watchdog.stdin.write(line.encode())
            self._watchdog.stdin.flush()

    def stop(self) -> None:
        """Close the pipe; the watchdog ends what it still knows and goes."""
        if self._watchdog is None:
            return
        with suppress(BrokenPipeError):
            self._watchdog.communicate(timeout=10)
        self._watchdog = None
