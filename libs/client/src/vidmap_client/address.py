"""Where the gateway is: told, in the environment, or what runs in this folder."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

DEFAULT_URL = "http://127.0.0.1:8642"
VARIABLE = "VIDMAP_URL"
RUN_FILE = Path(".vidmap") / "run.json"


def gateway_url(told: str | None, environment: Mapping[str, str], folder: Path) -> str:
    """The address of the gateway.

    Args:
        told: what the user said; wins.
        environment: `VIDMAP_URL` comes next.
        folder: where `.vidmap/run.json` of a running stack may be.
    """
    url = told or environment.get(VARIABLE) or _running_in(folder) or DEFAULT_URL
    return url if "://" in url else f"http://{url}"


def _running_in(folder: Path) -> str | None:
    try:
        record: Any = json.loads((folder / RUN_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    url: Any = record.get("gateway") if isinstance(record, dict) else None
    return url if isinstance(url, str) else None
