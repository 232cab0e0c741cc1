"""A process of its own that ends the stack's processes when the supervisor was killed.

Reads lines from standard input: `+ PID SIGNAL` when a process group has started, `- PID` when it has ended. When the
input closes (also after kill -9, which the supervisor cannot notice) every group that is left gets its signal, and
after a grace period SIGKILL. Works where there is no parent-death signal, and reaches children of children.
Standard library only, run with `python -I -S`: it has to be small and start at once.
"""

import os
import signal
import sys
import time
from contextlib import suppress

_GRACE = 5.0  # seconds


def _alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _send(group: int, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def end_all(groups: dict[int, int]) -> None:
    """Signal every group, wait for them, and kill what is left."""
    for group, number in groups.items():
        _send(group, number)
    deadline = time.monotonic() + _GRACE
    while time.monotonic() < deadline and any(_alive(group) for group in groups):
        time.sleep(0.05)
    for group in groups:
        _send(group, signal.SIGKILL)


def main() -> None:
    """Keep the list until the supervisor is gone."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups: dict[int, int] = {}
    for line in sys.stdin:
        match line.split():
            case ["+", pid, number]:
                groups[int(pid)] = int(number)
            case ["-", pid]:
                groups.pop(int(pid), None)
            case _:
                pass
    end_all(groups)


if __name__ == "__main__":
    main()
