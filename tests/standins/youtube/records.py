"""What the stand-in was asked, and what it answers with."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Request:
    """One request, as tests count them."""

    method: str
    host: str
    path: str
    video_id: str
    """Empty where the request names none."""
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""
    client: str = ""
    """The player client that asks, such as `VISIONOS`."""


@dataclass(frozen=True, slots=True)
class Response:
    """An answer; the server adds the length."""

    status: int
    body: bytes = b""
    content_type: str = "text/html; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)
    chunk_delay: float = 0.0
    """Seconds between two pieces of the body."""
    cut_at: int | None = None
    """Close the connection after so many bytes."""
    delay: float = 0.0
    """Seconds before the answer begins."""


def as_json(status: int, document: object) -> Response:
    """A JSON answer."""
    return Response(status, json.dumps(document).encode(), "application/json; charset=UTF-8")
