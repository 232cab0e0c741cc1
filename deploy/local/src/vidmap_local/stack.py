"""Which processes make up the stack, in which order, with which environment."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from vidmap_chassis.settings import models_dir
from vidmap_local.health import ask_health
from vidmap_local.ports import LOOPBACK, free_ports
from vidmap_local.servers.broker import broker_spec
from vidmap_local.servers.cache import cache_spec, cache_url
from vidmap_local.servers.postgres import EmbeddedPostgres
from vidmap_local.specs import ProcessSpec

SERVICES: Mapping[str, str] = {
    "gateway": "vidmap_gateway",
    "metadata": "vidmap_metadata",
    "transcribe": "vidmap_transcribe",
    "speech": "vidmap_transcribe.speech",
    "analyze": "vidmap_analyze",
    "mindmap": "vidmap_mindmap",
    "indexer": "vidmap_indexer",
    "relay": "vidmap_chassis.relay",
}
"""Process name to the module that it runs."""

_SERVERS = ("postgres", "valkey", "broker")
_STOP_GRACE = 5  # seconds for records in flight: nothing is lost by handing them back, and a user is waiting


@dataclass(frozen=True, kw_only=True)
class Stack:
    """Everything that has to run."""

    specs: tuple[ProcessSpec, ...]
    gateway: str
    """Base URL."""
    environment: Mapping[str, str] = field(repr=False)
    """What every service gets, without the port that is its own."""


def plan(state: Path, gateway_port: int, environment: Mapping[str, str] = os.environ) -> Stack:
    """Work out the stack; starts nothing.

    Args:
        state: the state folder, there already.
        gateway_port: on the loopback.
        environment: the user's; what it names replaces the embedded server.

    Raises:
        LocalError: where there is no embedded server for this machine.
    """
    ports = free_ports([*_SERVERS, *SERVICES], state) | {"gateway": gateway_port}
    servers, addresses = _servers(state, ports, environment)
    shared = _shared_environment(environment, addresses)
    names = tuple(spec.name for spec in servers)
    steps = _steps(names, shared)
    after = (*names, *(step.name for step in steps))
    services = tuple(_service(name, ports[name], shared, after) for name in SERVICES)
    gateway = f"http://{LOOPBACK}:{gateway_port}"
    return Stack(specs=(*servers, *steps, *services), gateway=gateway, environment=shared)


def _servers(
    state: Path, ports: Mapping[str, int], environment: Mapping[str, str]
) -> tuple[list[ProcessSpec], dict[str, str]]:
    specs: list[ProcessSpec] = []
    addresses: dict[str, str] = {}
    if not environment.get("DATABASE_URL"):
        postgres = EmbeddedPostgres(state, ports["postgres"])
        specs.append(postgres.spec())
        addresses["DATABASE_URL"] = postgres.url()
    if not environment.get("REDIS_URL"):
        specs.append(cache_spec(state, ports["valkey"]))
        addresses["REDIS_URL"] = cache_url(state, ports["valkey"])
    if not environment.get("KAFKA_BOOTSTRAP_SERVERS"):
        specs.append(broker_spec(ports["broker"], state, tuple(SERVICES)))
        addresses |= {
            "KAFKA_BOOTSTRAP_SERVERS": f"{LOOPBACK}:{ports['broker']}",
            "KAFKA_FETCH_MAX_WAIT_MS": "100",  # at 10 an idle stack takes 106 % of a core, here 19 %
            "KAFKA_IDEMPOTENCE": "false",  # it has no idempotent producer
            # It lets a new member wait half a session, and a killed one's partitions a whole one.
            "KAFKA_SESSION_TIMEOUT_MS": "6000",
            "KAFKA_HEARTBEAT_INTERVAL_MS": "1000",
            "KAFKA_REBALANCE_TIMEOUT_MS": "10000",
        }
    return specs, addresses


def _shared_environment(environment: Mapping[str, str], addresses: Mapping[str, str]) -> dict[str, str]:
    defaults = {
        "KAFKA_SHUTDOWN_GRACE_S": str(_STOP_GRACE),
        "LOG_FORMAT": "console",
        "HEALTH_HOST": LOOPBACK,
        "GATEWAY_HOST": LOOPBACK,
        "VIDMAP_MODELS_DIR": str(models_dir().absolute()),
    }
    return {**defaults, **environment, **addresses, "PYTHONUNBUFFERED": "1"}


def _steps(servers: tuple[str, ...], environment: Mapping[str, str]) -> list[ProcessSpec]:
    """What has to be done to a server before the services start, and again when the server has been restarted."""
    wanted = [("migrate", "vidmap_chassis.migrate", "postgres")]
    if "broker" not in servers:  # the embedded one has its topics when it is ready
        wanted.append(("topics", "vidmap_chassis.topics", "broker"))
    return [
        ProcessSpec(
            name=name,
            command=_python(module),
            environment=environment,
            once=True,
            after=(server,) if server in servers else (),
        )
        for name, module, server in wanted
    ]


def _service(name: str, port: int, shared: Mapping[str, str], after: tuple[str, ...]) -> ProcessSpec:
    # The gateway answers for its health where it answers for everything else.
    own_port = "GATEWAY_PORT" if name == "gateway" else "HEALTH_PORT"

    return ProcessSpec(
        name=name,
        command=_python(SERVICES[name]),
        environment={**shared, own_port: str(port)},
        after=after,
        port=port,
        probe=partial(ask_health, port),
        ready_timeout=120.0,  # a cold disk and two cores: imports alone take long
        stop_timeout=_STOP_GRACE + 7.0,
    )


def _python(module: str) -> tuple[str, ...]:
    # -P: a file named like a library in the user's current folder must not be imported instead of it.
    return (sys.executable, "-P", "-m", module)
