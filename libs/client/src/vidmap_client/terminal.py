"""What the command line says, and with which exit code it ends. Results go to stdout, everything else to stderr."""

from collections.abc import Generator
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.text import Text

from vidmap_client.errors import ClientError
from vidmap_client.models import Job
from vidmap_client.outline import outline
from vidmap_client.progress import describe, stage_name
from vidmap_contracts.job import JobStatus
from vidmap_contracts.mindmap import MindMap
from vidmap_contracts.youtube_url import UrlError

FAILED = 1
BAD_URL = 2
INTERRUPTED = 130


class Terminal:
    """Both streams of the terminal.

    Args:
        out: where results go.
        err: where everything else goes.
    """

    def __init__(self, out: Console, err: Console) -> None:
        self.out = out
        self.err = err

    def say(self, line: str) -> None:
        """A line of the result, exactly as it is."""
        self.out.print(line, markup=False, highlight=False, soft_wrap=True)

    def write(self, document: str) -> None:
        """A document of the result, exactly as it is."""
        self.out.file.write(document if document.endswith("\n") else document + "\n")
        self.out.file.flush()

    def note(self, line: str) -> None:
        """A line beside the result."""
        self.err.print(line, markup=False, highlight=False, soft_wrap=True)

    def complain(self, line: str) -> None:
        """A line that says what went wrong."""
        self.err.print(line, style="red", markup=False, highlight=False, soft_wrap=True)

    def show_outline(self, mindmap: MindMap) -> None:
        """The map as a list with times; on a terminal the times are links, elsewhere the links are written out."""
        for line in outline(mindmap):
            text = Text("  " * line.depth + ("" if line.depth == 0 else "- ") + line.label)
            if self.out.is_terminal:
                text.append("  ").append(line.time, style=f"cyan link {line.link}")
            else:
                text.append(f"  {line.time}  {line.link}")
            self.out.print(text, soft_wrap=True, highlight=False)

    def show_timings(self, job: Job) -> None:
        """Where the time went, by stage."""
        if not job.stages:
            return
        self.note("Where the time went:")
        for timing in job.stages:
            self.note(f"  {stage_name(timing.stage):22} {timing.seconds:7.1f} s")

    def show_job(self, job: Job) -> None:
        """A job in a few lines."""
        self.say(f"{job.id}  {job.status.value}  {job.progress_percentage} %  {describe(job)}")
        if job.error_message:
            self.complain(failure_of(job))


def create_terminal() -> Terminal:
    """The terminal of this process."""
    return Terminal(Console(), Console(stderr=True))


def failure_of(job: Job) -> str:
    """Why a job ended without a result, in a sentence."""
    if job.status is JobStatus.CANCELLED:
        return "The job was cancelled."
    told = job.error_message or "The job failed, and the reason was not told."
    return f"{told} {job.operator_action}" if job.operator_action else told


@contextmanager
def plain_errors(terminal: Terminal) -> Generator[None]:
    """Errors that were foreseen end the command with a sentence and an exit code, not with a trace."""
    try:
        yield
    except UrlError as error:
        terminal.complain(error.message)
        raise typer.Exit(BAD_URL) from error
    except ClientError as error:
        terminal.complain(error.message)
        raise typer.Exit(FAILED) from error
