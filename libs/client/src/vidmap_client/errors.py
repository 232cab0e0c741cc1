"""What can go wrong while asking a gateway.

ClientError
├── UnreachableError    nobody answers at the address
└── ProblemError        the gateway answered with an error (problem+json)
"""

from http import HTTPStatus
from typing import Any

import httpx


class ClientError(Exception):
    """An error with a sentence for the user."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class UnreachableError(ClientError):
    """Nobody answers at the address."""

    def __init__(self, url: str) -> None:
        super().__init__(f"There is no vidmap at {url}; start one with `vidmap up`.")
        self.url = url


class ProblemError(ClientError):
    """The gateway refused.

    Args:
        status: HTTP status.
        code: stable name.
        message: a sentence for the user.
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


def problem_of(response: httpx.Response) -> ProblemError:
    """The error that a response tells; something sensible also where a proxy answered in the gateway's place."""
    try:
        told: Any = response.json()
    except ValueError:
        told = None
    known: dict[str, Any] = told if isinstance(told, dict) else {}
    phrase = HTTPStatus(response.status_code).phrase if response.status_code in set(HTTPStatus) else "an error"
    message = str(known.get("detail") or f"The gateway answered {response.status_code} ({phrase}).")
    return ProblemError(response.status_code, str(known.get("code") or "unknown"), message)
