"""Loops beside the requests: woken, slowed down, never ended by an error."""

import asyncio
from collections.abc import Callable

import pytest

from vidmap_gateway.errors import broker_away, database_away
from vidmap_gateway.service.loops import Alarm, repeat


class Steps:
    """Counts how often it was called; raises what was planned."""

    def __init__(self, *errors: Exception | None) -> None:
        self.errors = list(errors)
        self.count = 0
        self._changed = asyncio.Condition()

    async def __call__(self) -> None:
        async with self._changed:
            self.count += 1
            self._changed.notify_all()
        if self.errors and (error := self.errors.pop(0)):
            raise error

    async def reached(self, count: int) -> None:
        async with asyncio.timeout(10), self._changed:
            await self._changed.wait_for(lambda: self.count >= count)


@pytest.fixture
async def run_loop() -> Callable[..., Alarm]:
    tasks: list[asyncio.Task[None]] = []

    def start(steps: Steps, pause: float) -> Alarm:
        alarm = Alarm()
        tasks.append(asyncio.create_task(repeat("test", steps, pause, alarm)))
        return alarm

    return start


async def test_step_is_done_again_when_alarm_rings(run_loop: Callable[..., Alarm]) -> None:
    steps = Steps()
    alarm = run_loop(steps, 3600)
    for count in range(1, 4):
        await steps.reached(count)
        alarm()
    await steps.reached(4)


async def test_step_is_done_again_when_pause_is_over(run_loop: Callable[..., Alarm]) -> None:
    steps = Steps()
    run_loop(steps, 0.001)
    await steps.reached(5)


@pytest.mark.parametrize("error", [broker_away(), database_away(), RuntimeError("nobody foresaw this")])
async def test_loop_goes_on_when_step_fails(run_loop: Callable[..., Alarm], error: Exception) -> None:
    steps = Steps(error, error, None)
    alarm = run_loop(steps, 0.001)
    for count in range(1, 5):
        await steps.reached(count)
        alarm()
