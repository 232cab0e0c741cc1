"""Work that is done again and again beside the requests."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from vidmap_gateway.errors import PublishError, UnavailableError

log = structlog.get_logger()

LONGEST_PAUSE_S = 15.0


class Alarm:
    """Wakes a loop before its pause is over."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def __call__(self) -> None:
        """Wake the loop; where it is at work, let it go round once more."""
        self._event.set()

    async def wait(self, timeout: float) -> None:
        """Return when woken, at the latest after `timeout` seconds."""
        try:
            async with asyncio.timeout(timeout):
                await self._event.wait()
        except TimeoutError:
            return
        self._event.clear()


async def repeat(name: str, step: Callable[[], Awaitable[object]], pause: float, alarm: Alarm) -> None:
    """Do `step` until cancelled.

    Args:
        name: what logs call it.
        step: what it raises is logged; a broker or database that is away lengthens the pause.
        pause: seconds between two steps.
        alarm: ends a pause early; while something is away only after `pause` seconds.
    """
    longest = max(pause, LONGEST_PAUSE_S)
    away: str | None = None
    wait = pause
    while True:
        try:
            await step()
            away, wait = None, pause
        except (PublishError, UnavailableError) as error:
            if error.code != away:
                log.warning("waiting", loop=name, code=error.code)
            away, wait = error.code, min(wait * 2, longest)
            await asyncio.sleep(pause)
        except Exception:
            log.exception("a step failed", loop=name)
        await alarm.wait(wait - pause if away else wait)
