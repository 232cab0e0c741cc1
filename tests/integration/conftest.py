"""Real Postgres and Valkey for the tests, from the same wheels that the laptop stack uses.

One Postgres server for the session; each test that asks gets a database of its own, cloned from a migrated template.
"""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from tests.integration.running_gateway import Pipeline, RunningGateway
from tests.integration.servers import Postgres, Valkey, execute

from vidmap_chassis.migrate import migrate
from vidmap_chassis.postgres import Database
from vidmap_chassis.settings import PostgresSettings, RedisSettings
from vidmap_gateway.adapters.redis import RedisLink


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    # Not pytest's own folder: nobody may not enter it.
    home = Path(tempfile.mkdtemp(prefix="vidmap-postgres-"))
    server = Postgres(home)
    try:
        server.create()
        server.start()
        asyncio.run(execute(server.url("postgres"), "create database template_vidmap"))
        migrate(server.url("template_vidmap"))
        yield server
        server.stop()
    finally:
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
async def database_url(postgres: Postgres) -> AsyncIterator[str]:
    """A migrated database of the test's own."""
    name = f"test_{uuid4().hex[:12]}"
    await execute(postgres.url("postgres"), f"create database {name} template template_vidmap")
    yield postgres.url(name)
    await execute(postgres.url("postgres"), f"drop database {name} with (force)")


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Valkey]:
    """A server of the test's own, so that the test may stop it."""
    home = tmp_path / "valkey"
    home.mkdir()
    server = Valkey(home)
    server.start()
    yield server
    server.stop()


@pytest.fixture
async def create_gateway(database_url: str, valkey: Valkey) -> AsyncIterator[Callable[..., RunningGateway]]:
    """Makes gateways that share the test's database and Valkey; they are stopped at the end."""
    made: list[RunningGateway] = []

    def create(**settings: Any) -> RunningGateway:
        places = (settings.pop("database_url", database_url), settings.pop("redis_url", valkey.url))
        made.append(RunningGateway(*places, **settings))
        return made[-1]

    yield create
    for gateway in made:
        await gateway.stop()


@pytest.fixture
async def gateway(create_gateway: Callable[..., RunningGateway]) -> RunningGateway:
    """A gateway that is ready."""
    gateway = create_gateway()
    await gateway.start()
    return gateway


@pytest.fixture
async def pipeline(database_url: str, valkey: Valkey) -> AsyncIterator[Pipeline]:
    database = Database(PostgresSettings(dsn=database_url), "test")
    link = RedisLink(RedisSettings(dsn=valkey.url))
    await database.open()
    yield Pipeline(database, link)
    await link.close()
    await database.close()
