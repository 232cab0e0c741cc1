"""Connections to Postgres, with one error for every way in which it can be away."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from vidmap_chassis.postgres import Database
from vidmap_gateway.errors import database_away

Connection = PoolConnectionProxy

ACQUIRE_TIMEOUT_S = 5.0
_AWAY = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InterfaceError,  # the pool has taken a dead connection back
    asyncpg.InternalClientError,  # the connection died between two messages
)


class Connections:
    """Lends connections of the pool."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @asynccontextmanager
    async def acquire(self) -> AsyncGenerator[Connection]:
        """A connection.

        Raises:
            UnavailableError: Postgres is away, was not there yet, or goes away inside the block.
        """
        try:
            async with self._pool().acquire(timeout=ACQUIRE_TIMEOUT_S) as connection:
                yield connection
        except asyncpg.DataError:
            raise  # a value of ours is wrong, and it is an InterfaceError as well
        except _AWAY as error:
            raise database_away() from error

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Connection]:
        """A connection inside a transaction; an error inside the block rolls it back."""
        async with self.acquire() as connection, connection.transaction():
            yield connection

    def _pool(self) -> asyncpg.Pool:
        try:
            return self._database.pool
        except RuntimeError as error:
            raise database_away() from error
