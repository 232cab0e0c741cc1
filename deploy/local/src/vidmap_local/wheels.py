"""Finds the folder of an installed package without importing it: only the programs inside are wanted."""

import importlib.util
from pathlib import Path


def package_folder(name: str) -> Path | None:
    """The package's folder; None where it is not installed, as on a platform without a wheel."""
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else None
