"""What a supervised process is: its command, what it waits for, and how it is stopped. No behaviour here."""

import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from vidmap_local.accounts import Account

Hook = Callable[[], Awaitable[None]]
"""Runs around a start; raises `StartError` where the start has failed."""

Probe = Callable[[], Awaitable[None]]
"""Returns when the process is ready; any exception means "not yet", and its text says why."""


@dataclass(frozen=True, kw_only=True)
class ProcessSpec:
    """One process under the supervisor. Times are seconds."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    """All of the child's environment, not an addition to ours."""
    after: tuple[str, ...] = ()
    """Names of the processes that must be ready first."""
    once: bool = False
    """Runs to its end; again each time that something it comes after has been restarted."""
    port: int | None = None
    prepare: Hook | None = None
    """Runs before each start."""
    probe: Probe | None = None
    """Without one, a process is ready as soon as it runs."""
    on_ready: Hook | None = None
    """Runs when the probe has passed; only then may others start."""
    probe_every: float = 0.2
    ready_timeout: float = 60.0
    pauses: tuple[str, ...] = ()
    """Names of the processes that stand still from before its start until `on_ready` is through."""
    stop_signal: signal.Signals = signal.SIGTERM
    stop_timeout: float = 10.0
    """After this long the whole process group is killed."""
    orphan_signal: signal.Signals = signal.SIGKILL
    """What the process gets when the supervisor itself was killed."""
    account: Account | None = None
    cwd: Path | None = None


@dataclass(frozen=True, kw_only=True)
class RestartPolicy:
    """How often a process is started again. Times are seconds."""

    limit: int = 5
    """Failures in a row after which the whole stack stops."""
    first_delay: float = 0.5
    longest_delay: float = 15.0
    stable_after: float = 30.0
    """A process that was ready for this long starts again with a clean record."""

    def delay(self, failures: int) -> float:
        """Seconds to wait after so many failures in a row."""
        return min(self.first_delay * 2 ** (failures - 1), self.longest_delay)


def levels(specs: Sequence[ProcessSpec]) -> list[list[str]]:
    """Group names so that each level needs only the levels before it.

    Raises:
        ValueError: where processes wait for each other, or for one that is not there.
    """
    done: set[str] = set()
    ordered: list[list[str]] = []
    while len(done) < len(specs):
        level = [spec.name for spec in specs if spec.name not in done and set(spec.after) <= done]
        if not level:
            waiting = sorted(spec.name for spec in specs if spec.name not in done)
            raise ValueError(f"these processes can never start: {', '.join(waiting)}")
        ordered.append(level)
        done.update(level)
    return ordered
