"""The schema and the artefacts, on a real Postgres."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest
from tests.integration.conftest import Postgres, execute

from vidmap_chassis.artefacts import Artefacts, artefact_key
from vidmap_chassis.errors import WaitError
from vidmap_chassis.postgres import Database, away_is_waiting
from vidmap_chassis.settings import PostgresSettings


@pytest.fixture
async def artefacts(database_url: str) -> AsyncIterator[Artefacts]:
    database = Database(PostgresSettings(dsn=database_url), "test")
    await database.open()
    yield Artefacts(database)
    await database.close()


async def test_artefact_is_found_under_its_key(artefacts: Artefacts) -> None:
    key = artefact_key("transcript", "aaaaaaaaaaa", {"language": "en"})
    assert await artefacts.get(key) is None
    await artefacts.put(key, b"\x00one", kind="transcript", video_id="aaaaaaaaaaa")
    await artefacts.put(key, b"two", kind="transcript", video_id="aaaaaaaaaaa")
    assert await artefacts.get(key) == b"two"


async def test_artefact_is_gone_when_its_time_is_over(artefacts: Artefacts) -> None:
    await artefacts.put("k", b"x", kind="audio", video_id="v", ttl=timedelta(seconds=-1))
    assert await artefacts.get("k") is None


async def test_artefacts_are_counted_listed_and_discarded_by_owner_and_kind(artefacts: Artefacts) -> None:
    for number in (2, 0, 1):
        await artefacts.put(f"w{number}", bytes([number]), kind="window", video_id="v", owner="run")
    await artefacts.put("other", b"", kind="window", video_id="v", owner="another run")
    await artefacts.put("plan", b"p", kind="plan", video_id="v", owner="run")
    assert await artefacts.count("run", "window") == 3
    assert list((await artefacts.owned("run", "window")).items()) == [("w0", b"\0"), ("w1", b"\1"), ("w2", b"\2")]
    assert await artefacts.discard("run", "window") == 3
    assert await artefacts.get("plan") == b"p"
    assert await artefacts.discard("run") == 1
    assert await artefacts.get("other") == b""


def test_keys_are_equal_exactly_where_kind_and_parts_are() -> None:
    assert artefact_key("a", 1, {"x": 1, "y": 2}) == artefact_key("a", 1, {"y": 2, "x": 1})
    assert len({artefact_key("a", 1), artefact_key("b", 1), artefact_key("a", "1"), artefact_key("a", 1, None)}) == 4


async def test_database_opens_when_postgres_comes_up_later(postgres: Postgres) -> None:
    late = "late_database"
    database = Database(PostgresSettings(dsn=postgres.url(late)), "test")
    opening = asyncio.create_task(database.open())
    await asyncio.sleep(0)
    await execute(postgres.url("postgres"), f"create database {late}")
    async with asyncio.timeout(20):
        await opening
    await database.ping()
    await database.close()
    await execute(postgres.url("postgres"), f"drop database {late} with (force)")


async def test_a_record_waits_when_postgres_cuts_it_off(postgres: Postgres, database_url: str) -> None:
    database = Database(PostgresSettings(dsn=database_url), "test")
    await database.open()
    async with database.pool.acquire() as connection:
        await execute(postgres.url("postgres"), f"select pg_terminate_backend({connection.get_server_pid()})")
        with pytest.raises(WaitError, match="database_unavailable"), away_is_waiting():
            await connection.fetchval("select pg_sleep(5)")
    assert await Artefacts(database).get("k") is None
    await database.close()


async def test_two_migrators_at_once_leave_one_schema(postgres: Postgres) -> None:
    name = "migrated_twice"
    await execute(postgres.url("postgres"), f"create database {name}")
    environment = {**os.environ, "DATABASE_URL": postgres.url(name)}
    command = (sys.executable, "-m", "vidmap_chassis.migrate")
    both = [await asyncio.create_subprocess_exec(*command, env=environment) for _ in range(2)]
    assert [await process.wait() for process in both] == [0, 0]
    connection = await asyncpg.connect(postgres.url(name))
    assert await connection.fetchval("select count(*) from alembic_version") == 1
    assert await connection.fetchval("select count(*) from runs") == 0
    await connection.close()
    await execute(postgres.url("postgres"), f"drop database {name} with (force)")
