"""Passwords of the embedded servers: made once, kept in the state folder for the owner's eyes only."""

import secrets
from pathlib import Path

from vidmap_local.records import write_atomically


def kept_password(path: Path) -> str:
    """The password in the file; made on first use, readable by the owner alone. Letters, digits, `-` and `_` only."""
    try:
        return path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        password = secrets.token_urlsafe(24)
        write_atomically(path, password + "\n", mode=0o600)
        return password
