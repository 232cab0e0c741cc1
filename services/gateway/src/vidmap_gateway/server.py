"""uvicorn, told to end its event streams before it waits for its connections."""

import asyncio
import signal
from collections.abc import Callable, Generator
from contextlib import contextmanager

import uvicorn
from litestar import Litestar

from vidmap_gateway.settings import Settings


class GatewayServer(uvicorn.Server):
    """A server whose open streams end cleanly.

    Left to itself uvicorn waits for open streams for ever, or cuts them off: the lifespan's own shutdown comes only
    after the last connection has gone.
    """

    def __init__(self, config: uvicorn.Config, close_streams: Callable[[], None]) -> None:
        super().__init__(config)
        self._close_streams = close_streams

    def stop(self) -> None:
        """Stop serving; at the second call without waiting for anybody."""
        self.force_exit = self.should_exit
        self.should_exit = True
        self._close_streams()

    async def run_until_stopped(self) -> None:
        """Serve until SIGTERM or SIGINT."""
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self.stop)
        await self.serve()

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Leaves the signals to `run_until_stopped`: uvicorn would raise them again at the end."""
        yield


def create_server(app: Litestar, settings: Settings) -> GatewayServer:
    """The server of the gateway, on the host and port of the settings."""
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=settings.shutdown_grace_s,
    )
    return GatewayServer(config, app.state.close_streams)
