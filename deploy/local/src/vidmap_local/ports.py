"""Free ports on the loopback.

Ports come from below the range that systems hand out to outgoing connections: otherwise a client that tries again and
again to reach a server which is being restarted can be given the server's own port. They begin at a number that
belongs to the state folder, so that a stack mostly finds the ports it had before.
"""

import errno
import hashlib
import socket
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from vidmap_local.errors import LocalError

LOOPBACK = "127.0.0.1"
DEFAULT_GATEWAY_PORT = 8642
_FIRST, _LAST = 15_000, 31_000
_NEXT_TRIED = 100


def free_ports(names: Sequence[str], state: Path) -> dict[str, int]:
    """A free port for each name, different ones.

    Raises:
        LocalError: where there are not enough.
    """
    span = _LAST - _FIRST
    begin = int.from_bytes(hashlib.sha256(str(state).encode()).digest()[:4], "big") % span
    found: dict[str, int] = {}
    with ExitStack() as held:
        for offset in range(span):
            if len(found) == len(names):
                return found
            if taken := _hold(port := _FIRST + (begin + offset) % span):
                held.enter_context(taken)
                found[names[len(found)]] = port
    raise LocalError(f"There are no {len(names)} free ports between {_FIRST} and {_LAST} on {LOOPBACK}.")


def gateway_port(wanted: int | None) -> int:
    """The port for the gateway: the one wanted, or the first free one from the default on.

    Raises:
        LocalError: where it is taken.
    """
    candidates = [wanted] if wanted is not None else range(DEFAULT_GATEWAY_PORT, DEFAULT_GATEWAY_PORT + _NEXT_TRIED)
    for port in candidates:
        if is_free(port):
            return port
    if wanted is not None:
        raise LocalError(f"Port {wanted} is taken by another program. Choose another --port, or leave it out.")
    raise LocalError(f"Ports {DEFAULT_GATEWAY_PORT} to {DEFAULT_GATEWAY_PORT + _NEXT_TRIED - 1} are taken. Use --port.")


def is_free(port: int) -> bool:
    """Whether a server can listen there now."""
    held = _hold(port)
    if held is None:
        return False
    held.close()
    return True


def _hold(port: int) -> socket.socket | None:
    with socket.socket() as client:  # a wildcard listener does not stop every system from letting us bind
        client.settimeout(0.5)
        if client.connect_ex((LOOPBACK, port)) == 0:
            return None
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do: TIME_WAIT is not taken
    try:
        server.bind((LOOPBACK, port))
    except OSError as error:
        server.close()
        if error.errno in (errno.EADDRINUSE, errno.EACCES):
            return None
        raise
    return server
