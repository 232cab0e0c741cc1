"""A gate that is open or closed, and can be waited for either way."""

import asyncio


class Gate:
    """Closed at first."""

    def __init__(self) -> None:
        self._open = asyncio.Event()
        self._closed = asyncio.Event()
        self._closed.set()

    @property
    def is_open(self) -> bool:
        """Whether it is open now."""
        return self._open.is_set()

    def open(self) -> None:
        """Let everybody through."""
        self._closed.clear()
        self._open.set()

    def close(self) -> None:
        """Hold back who comes from now on."""
        self._open.clear()
        self._closed.set()

    async def wait_open(self) -> None:
        """Return when it is, or has been, open."""
        await self._open.wait()

    async def wait_closed(self) -> None:
        """Return when it is, or has been, closed."""
        await self._closed.wait()
