"""Runs every benchmark beside this file, one after the other: `make bench`."""

import subprocess
import sys
from pathlib import Path


def main() -> int:
    """How many benchmarks failed."""
    modules = sorted(path.stem for path in Path(__file__).parent.glob("bench_*.py"))
    ends = [subprocess.run([sys.executable, "-m", f"tests.benchmarks.{module}"], check=False) for module in modules]
    return sum(end.returncode != 0 for end in ends)


if __name__ == "__main__":
    sys.exit(main())
