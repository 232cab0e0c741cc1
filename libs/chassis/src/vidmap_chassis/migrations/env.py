"""How Alembic reaches the database: asyncpg, one transaction for all, and a lock against a second migrator."""

import asyncio

from alembic import context
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

# Any number that nobody else uses: the key of the advisory lock.
_LOCK = 6_248_031_977


def _run(connection: Connection) -> None:
    context.configure(connection=connection, transaction_per_migration=False)
    with context.begin_transaction():
        connection.execute(text(f"select pg_advisory_xact_lock({_LOCK})"))
        context.run_migrations()


async def _main() -> None:
    dsn: str = context.config.attributes["dsn"]
    url = dsn.replace("postgres://", "postgresql://", 1).replace("postgresql://", "postgresql+asyncpg://", 1)
    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(_run)
        await connection.commit()
    await engine.dispose()


asyncio.run(_main())
