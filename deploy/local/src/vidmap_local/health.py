"""Asks a service on this machine whether it is ready."""

import asyncio

from vidmap_local.errors import StartError
from vidmap_local.ports import LOOPBACK

_REQUEST = f"GET /health/ready HTTP/1.1\r\nHost: {LOOPBACK}\r\nConnection: close\r\n\r\n".encode()
_SHOWN = 300  # characters of an answer


async def ask_health(port: int) -> None:
    """Return when /health/ready answers 200.

    By hand: this runs several times a second for every service, and an HTTP client would read the machine's
    certificates each time.

    Raises:
        OSError: nobody listens.
        StartError: another answer; the text says which.
    """
    reader, writer = await asyncio.open_connection(LOOPBACK, port)
    try:
        writer.write(_REQUEST)
        answer = await reader.read()
    finally:
        writer.close()
    head, _, body = answer.decode(errors="replace").partition("\r\n\r\n")
    status = head.split(" ", 2)[1:2]
    if status != ["200"]:
        raise StartError(f"{status[0] if status else 'no answer'}: {body[:_SHOWN]}")
