"""The connection pool that every service uses for Postgres."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager

import asyncpg
import structlog

from vidmap_chassis.errors import WaitError
from vidmap_chassis.settings import PostgresSettings

log = structlog.get_logger()

_UNREACHABLE = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.InvalidCatalogNameError,  # whoever sets the server up has not made the database yet
)
_WENT_AWAY = (
    *_UNREACHABLE,
    asyncpg.OperatorInterventionError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InterfaceError,  # the pool has taken a dead connection back
    asyncpg.InternalClientError,  # the connection died between two messages
)
# Long enough for a restart, short enough for a user who waits.
_LOOK_AGAIN_S = 16.0


@contextmanager
def away_is_waiting() -> Generator[None]:
    """Around a query: while Postgres is away the record waits, and that is no attempt.

    Raises:
        WaitError: Postgres is away.
    """
    try:
        yield
    except asyncpg.DataError:
        raise  # a value of ours is wrong, and it is an InterfaceError as well
    except _WENT_AWAY as error:
        raise WaitError(
            "database_unavailable", "The database is away; the job goes on when it is back.", _LOOK_AGAIN_S
        ) from error


class Database:
    """A pool that is opened at start-up and waits for Postgres to come up.

    Args:
        settings: where, and how many connections.
        application_name: what the server shows for these connections.
    """

    def __init__(self, settings: PostgresSettings, application_name: str) -> None:
        self._settings = settings
        self._application_name = application_name
        self._pool: asyncpg.Pool | None = None

    @property
    def pool(self) -> asyncpg.Pool:
        """The open pool.

        Raises:
            RuntimeError: before `open`.
        """
        if self._pool is None:
            raise RuntimeError("the database is not open")
        return self._pool

    async def open(self) -> None:
        """Open the pool; while Postgres cannot be reached, wait and try again."""
        delay = 0.2
        while self._pool is None:
            try:
                self._pool = await self._connect()
            except _UNREACHABLE as error:
                log.warning("postgres is away", error=str(error) or type(error).__name__, retry_in_s=delay)
                await asyncio.sleep(delay)
                delay = min(delay * 2, 5.0)

    async def _connect(self) -> asyncpg.Pool:
        return await asyncpg.create_pool(
            self._settings.dsn,
            min_size=self._settings.pool_min,
            max_size=self._settings.pool_max,
            command_timeout=self._settings.command_timeout_s,
            server_settings={"application_name": self._application_name, "jit": "off"},
        )

    async def close(self) -> None:
        """Close the pool; connections that are busy get five seconds."""
        if self._pool is None:
            return
        pool, self._pool = self._pool, None
        try:
            async with asyncio.timeout(5):
                await pool.close()
        except TimeoutError:
            pool.terminate()

    async def ping(self) -> None:
        """Ask for an answer.

        Raises:
            OSError, asyncpg.PostgresError: where there is none.
        """
        await self.pool.fetchval("select 1")
