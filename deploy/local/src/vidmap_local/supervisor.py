"""Keeps a set of processes running: started in order, restarted with back-off, stopped in reverse order.

The first SIGINT, SIGTERM or SIGHUP stops everything cleanly, the second kills it. A process that fails too often in a
row stops the stack: a machine that restarts the same failure for ever helps nobody.
"""

import asyncio
import signal
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

from vidmap_local.children import Child
from vidmap_local.errors import FinalStartError, StartError
from vidmap_local.gates import Gate
from vidmap_local.orphans import OrphanGuard
from vidmap_local.output import ProcessOutput
from vidmap_local.specs import ProcessSpec, RestartPolicy, levels

_PROBE_LIMIT = 2.0  # seconds
_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

OnChange = Callable[[Sequence[Child]], None]


class Supervisor:
    """Runs the processes until it is told to stop or one of them fails for good.

    Args:
        specs: the processes.
        output: where their lines and ours go.
        restarts: how often to try again.
        on_change: called with the running processes each time one starts or ends.
        on_ready: called once, when every process is ready for the first time.
    """

    def __init__(
        self,
        specs: Sequence[ProcessSpec],
        output: ProcessOutput,
        *,
        restarts: RestartPolicy = RestartPolicy(),  # noqa: B008  # frozen
        on_change: OnChange = lambda _: None,
        on_ready: Callable[[], None] = lambda: None,
    ) -> None:
        self._specs = {spec.name: spec for spec in specs}
        self._levels = levels(specs)
        self._output = output
        self._restarts = restarts
        self._on_change = on_change
        self._on_ready = on_ready
        self._gates = {spec.name: Gate() for spec in specs}
        self._children: dict[str, Child] = {}
        self._ready_since: dict[str, float] = {}
        self._guard = OrphanGuard()
        self._stopping = asyncio.Event()
        self._signals = 0
        self.failure: str | None = None
        """Name of the process that stopped the stack."""

    async def run(self) -> int:
        """Run everything; returns the exit status: 0 clean, 1 a process failed for good, 130 killed by the user."""
        self._guard.start()
        tasks = [asyncio.create_task(self._keep(spec), name=spec.name) for spec in self._specs.values()]
        tasks.append(asyncio.create_task(self._announce(), name="vidmap"))
        for task in tasks:
            task.add_done_callback(self._stop_on_error)
        try:
            with self._handled_signals():
                await self._stopping.wait()
                await _cancel(tasks)
                await self._stop_in_order()
        finally:
            await _cancel(tasks)
            self._kill_all()
            self._guard.stop()
        return 130 if self._signals > 1 else int(self.failure is not None)

    def stop(self) -> None:
        """Begin a clean stop."""
        self._stopping.set()

    @contextmanager
    def _handled_signals(self) -> Generator[None]:
        loop = asyncio.get_running_loop()
        for number in _STOP_SIGNALS:
            loop.add_signal_handler(number, self._on_signal)
        try:
            yield
        finally:
            for number in _STOP_SIGNALS:
                loop.remove_signal_handler(number)

    def _on_signal(self) -> None:
        self._signals += 1
        if self._signals == 1:
            self._output.say("stopping; once more to kill everything at once")
            self.stop()
        else:
            self._kill_all()

    def _kill_all(self) -> None:
        for child in self._children.values():
            child.kill()

    async def _stop_in_order(self) -> None:
        for level in reversed(self._levels):
            await asyncio.gather(*(self._stop_one(name) for name in level))

    async def _stop_one(self, name: str) -> None:
        if child := self._children.get(name):
            await child.stop()
            self._gone(child)

    def _stop_on_error(self, task: asyncio.Task[None]) -> None:
        if task.cancelled() or (error := task.exception()) is None:
            return
        self._fail(task.get_name(), f"the supervisor itself failed: {error!r}")

    def _fail(self, name: str, reason: str) -> None:
        self.failure = name
        self._output.say(f"{name}: {reason}", error=True)
        self.stop()

    async def _announce(self) -> None:
        for gate in self._gates.values():
            await gate.wait_open()
        self._on_ready()

    async def _keep(self, spec: ProcessSpec) -> None:
        failures = 0
        while not self._stopping.is_set():
            await self._wait_until_open(spec.after)
            self._ready_since.pop(spec.name, None)
            try:
                problem = await self._run(spec)
            except FinalStartError as error:
                return self._fail(spec.name, str(error))
            if problem is None:
                failures = 0
                continue
            failures = 1 if self._was_stable(spec) else failures + 1
            if failures > self._restarts.limit:
                return self._fail(spec.name, f"{problem}; failed {failures} times in a row, giving up")
            delay = self._restarts.delay(failures)
            self._output.say(f"{spec.name}: {problem}; again in {delay:g} s ({failures} of {self._restarts.limit})")
            await asyncio.sleep(delay)

    def _was_stable(self, spec: ProcessSpec) -> bool:
        ready_since = self._ready_since.get(spec.name)
        return ready_since is not None and time.monotonic() - ready_since > self._restarts.stable_after

    async def _wait_until_open(self, names: Sequence[str]) -> None:
        while closed := [name for name in names if not self._gates[name].is_open]:
            await self._gates[closed[0]].wait_open()

    async def _run(self, spec: ProcessSpec) -> str | None:
        """Start the process and stay with it; returns what ended it, or None when it only has to run again."""
        try:
            with self._paused(spec.pauses):
                child = await self._start(spec)
                problem = None if spec.once else await self._become_ready(spec, child)
        except FinalStartError:
            raise
        except (OSError, StartError) as error:
            return f"cannot start: {error}"
        try:
            if problem is not None:
                await child.stop()
                self._gone(child)
                return problem
            return await (self._run_once(spec, child) if spec.once else self._run_on(spec, child))
        finally:
            self._gates[spec.name].close()

    @contextmanager
    def _paused(self, names: Sequence[str]) -> Generator[None]:
        held = [self._children[name] for name in names if name in self._children]
        for child in held:
            child.pause()
        try:
            yield
        finally:
            for child in held:
                child.resume()

    async def _start(self, spec: ProcessSpec) -> Child:
        if spec.prepare:
            await spec.prepare()
        child = await Child.start(spec, partial(self._output.line, spec.name), self._guard)
        self._children[spec.name] = child
        self._on_change(self._running())
        return child

    async def _run_on(self, spec: ProcessSpec, child: Child) -> str:
        self._gates[spec.name].open()
        self._ready_since[spec.name] = time.monotonic()
        status = await child.wait()
        self._gone(child)
        return _describe(status)

    async def _run_once(self, spec: ProcessSpec, child: Child) -> str | None:
        status = await child.wait()
        self._gone(child)
        if status != 0:
            return _describe(status)
        self._gates[spec.name].open()
        await self._any_closed(spec.after)
        return None

    async def _any_closed(self, names: Sequence[str]) -> None:
        waits = [asyncio.create_task(self._gates[name].wait_closed()) for name in names]
        try:
            if waits:
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            else:
                await self._stopping.wait()
        finally:
            await _cancel(waits)

    async def _become_ready(self, spec: ProcessSpec, child: Child) -> str | None:
        began = time.monotonic()
        ended = asyncio.create_task(child.wait())
        answer: str | None = "it was not asked yet"
        try:
            async with asyncio.timeout(spec.ready_timeout):
                while answer := await _ask(spec):
                    await asyncio.wait([ended], timeout=spec.probe_every)
                    if ended.done():
                        return _describe(ended.result())
                if spec.on_ready:
                    await spec.on_ready()
        except TimeoutError:
            return f"was not ready after {spec.ready_timeout:g} s" + (f" ({answer})" if answer else "")
        except StartError as error:
            return str(error)
        finally:
            await _cancel([ended])
        self._output.say(f"{spec.name} is ready ({time.monotonic() - began:.1f} s)")
        return None

    def _gone(self, child: Child) -> None:
        if self._children.get(child.spec.name) is child:
            del self._children[child.spec.name]
        self._on_change(self._running())

    def _running(self) -> list[Child]:
        return [self._children[name] for name in self._specs if name in self._children]


async def _ask(spec: ProcessSpec) -> str | None:
    """Why the process is not ready; None when it is."""
    if spec.probe is None:
        return None
    try:
        async with asyncio.timeout(_PROBE_LIMIT):
            await spec.probe()
    except TimeoutError:
        return "no answer"
    except Exception as error:  # whatever a driver raises while its server is coming up
        return str(error) or type(error).__name__
    return None


async def _cancel(tasks: Sequence[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    with suppress(asyncio.CancelledError):
        await asyncio.gather(*tasks, return_exceptions=True)


def _describe(status: int) -> str:
    if status < 0:
        return f"was ended by {signal.Signals(-status).name}"
    return f"ended with status {status}"
