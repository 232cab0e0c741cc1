"""Redis or Valkey, which may vanish at any time: nobody waits for it, and nothing is lost with it."""

import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from vidmap_chassis.settings import RedisSettings

log = structlog.get_logger()

T = TypeVar("T")

Client = Redis

TIMEOUT_S = 2.0
COOL_DOWN_S = 1.0
# The longest XREAD must end before the socket's own timeout.
BLOCK_S = 4.0


class RedisLink:
    """Asks Redis, and after an error leaves it alone for a moment.

    Args:
        settings: where it is.
        monotonic: seconds of a clock that never goes back.
    """

    def __init__(self, settings: RedisSettings, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._monotonic = monotonic
        self._away_until = 0.0
        self._client = create_client(settings.dsn, timeout_s=TIMEOUT_S)

    async def ask(self, question: Callable[[Client], Awaitable[T]]) -> T | None:
        """The answer of Redis, or None where it is away."""
        if self._monotonic() < self._away_until:
            return None
        try:
            return await question(self._client)
        except (RedisError, OSError, TimeoutError) as error:
            self._away_until = self._monotonic() + COOL_DOWN_S
            log.warning("redis is away", error=str(error) or type(error).__name__)
            return None

    async def ping(self) -> None:
        """Ask for an answer.

        Raises:
            RedisError, OSError: there is none.
        """
        await self._client.ping()

    def blocking_client(self) -> Client:
        """A client of its own for reads that wait up to `BLOCK_S` seconds."""
        return create_client(self._settings.dsn, timeout_s=BLOCK_S + TIMEOUT_S)

    async def close(self) -> None:
        """Close every connection."""
        await self._client.aclose()


def create_client(dsn: str, *, timeout_s: float) -> Client:
    """A client that neither waits nor retries for longer than it says.

    Args:
        dsn: `redis://[:password@]host:port/database`.
        timeout_s: seconds for a connection, and for an answer.
    """
    # The default pool raises an error when a herd of listeners reconnects; this one lets them wait.
    pool = BlockingConnectionPool.from_url(
        dsn,
        decode_responses=True,
        max_connections=16,
        timeout=TIMEOUT_S,
        socket_timeout=timeout_s,
        socket_connect_timeout=TIMEOUT_S,
        retry=Retry(NoBackoff(), 1),
    )
    return Redis.from_pool(pool)
