"""Shows how a job goes: a live bar on a terminal, plain lines elsewhere."""

from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn

from vidmap_client.models import Job
from vidmap_contracts.job import JobStatus, Stage


class ProgressView(Protocol):
    """Something that shows states of one job."""

    def show(self, job: Job) -> None:
        """Show a state; the same one twice makes no difference."""
        ...

    def __enter__(self) -> Self:
        """Begin to show."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Show no more."""
        ...


def create_view(console: Console) -> ProgressView:
    """The view that suits the console."""
    return LiveView(console) if console.is_terminal else LineView(console)


def describe(job: Job) -> str:
    """What the job does now, in a few words."""
    if job.status is JobStatus.QUEUED:
        return f"queued, place {job.position}" if job.position else "queued"
    stage = stage_name(job.current_stage)
    if job.status is JobStatus.RETRYING:
        again = f", again at {job.next_retry_at.astimezone():%H:%M:%S}" if job.next_retry_at else ""
        return f"{stage}: {job.message or 'failed for now'}{again}"
    return f"{stage}: {job.message}" if job.message else stage


def stage_name(stage: Stage) -> str:
    """The stage as people read it."""
    return stage.value.replace("_", " ")


class LineView:
    """A line for every change."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._last = ""

    def show(self, job: Job) -> None:
        """Print the state where it differs from the last one."""
        line = f"{job.progress_percentage:3} %  {describe(job)}"
        if line != self._last:
            self._last = line
            self._console.print(line, markup=False, highlight=False, soft_wrap=True)

    def __enter__(self) -> Self:
        """Nothing to begin."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing to end."""


class LiveView:
    """A bar that moves; finished stages stay above it."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        )
        self._task = self._progress.add_task("submitted", total=100)
        self._stage = Stage.URL_VALIDATION

    def show(self, job: Job) -> None:
        """Move the bar."""
        if job.current_stage.order > self._stage.order and job.current_stage is not Stage.FAILED:
            self._progress.console.print(f"[green]✓[/] {stage_name(self._stage)}")
            self._stage = job.current_stage
        self._progress.update(self._task, completed=job.progress_percentage, description=escape(describe(job)))

    def __enter__(self) -> Self:
        """Draw the bar."""
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the bar away."""
        self._progress.stop()
