"""Where lines go: to the terminal with a prefix, and to one file for each process.

Colours only on a terminal (rich decides, NO_COLOR is honoured). A console that has gone away (`| head`) is no reason to
stop: the files go on.
"""

import logging
from collections import deque
from logging.handlers import RotatingFileHandler
from pathlib import Path

from rich.console import Console
from rich.text import Text

_COLOURS = ("cyan", "green", "yellow", "magenta", "blue", "bright_cyan", "bright_green", "bright_magenta")
_OURSELVES = "vidmap"
_LOG_BYTES = 10_000_000
_LOG_BACKUPS = 1


class LastingConsole(Console):
    """A console that falls silent when its reader has gone, where rich would end the program."""

    def on_broken_pipe(self) -> None:
        """Write nothing any more."""
        self.quiet = True


class ProcessOutput:
    """Takes every line of every process.

    Args:
        console: the terminal, or whatever stands in for it.
        folder: where the files are kept; made if it is not there.
        quiet: keep the processes' lines off the console; ours are shown.
    """

    def __init__(self, console: Console, folder: Path, *, quiet: bool = False) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._console: Console | None = console
        self._folder = folder
        self._quiet = quiet
        self._width = len("transcribe")
        self._files: dict[str, RotatingFileHandler] = {}

    def line(self, name: str, text: str) -> None:
        """One line of a process."""
        self._write(name, text)
        if not self._quiet:
            self._show(name, text, self._colour(name))

    def say(self, text: str, *, error: bool = False) -> None:
        """One line of the supervisor's own."""
        self._write(_OURSELVES, text)
        self._show(_OURSELVES, text, "bold red" if error else "bold")

    def close(self) -> None:
        """Close the files."""
        for handler in self._files.values():
            handler.close()

    def _colour(self, name: str) -> str:
        # By the name and not by the order of arrival: a process keeps its colour from run to run.
        return _COLOURS[sum(name.encode()) % len(_COLOURS)]

    def _show(self, name: str, text: str, style: str) -> None:
        if self._console is None:
            return
        try:
            self._console.print(Text.assemble((f"{name:<{self._width}} | ", style), text), soft_wrap=True)
        except OSError:
            self._console = None

    def _write(self, name: str, text: str) -> None:
        handler = self._files.get(name) or self._open(name)
        handler.emit(logging.makeLogRecord({"msg": text}))

    def _open(self, name: str) -> RotatingFileHandler:
        handler = RotatingFileHandler(
            log_path(self._folder, name), maxBytes=_LOG_BYTES, backupCount=_LOG_BACKUPS, encoding="utf-8"
        )
        self._files[name] = handler
        return handler


def log_path(folder: Path, name: str) -> Path:
    """The file of a process."""
    return folder / f"{name}.log"


def tail(path: Path, lines: int = 20) -> list[str]:
    """The last lines of a file; none where there is no file."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return [line.rstrip("\n") for line in deque(file, maxlen=lines)]
    except FileNotFoundError:
        return []
