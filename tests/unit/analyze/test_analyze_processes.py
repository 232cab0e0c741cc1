"""Worker processes: real ones, with a model small enough to load at once."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from tests.unit.analyze.conftest import talk
from tests.unit.encoder.tiny_model import write_tiny_model

from vidmap_analyze.adapters.processes import WorkerProcesses
from vidmap_analyze.domain.material import Material
from vidmap_analyze.errors import ModelMissingError, WorkerDiedError

SHORT = Material(talk(4), "en")
# Far more than can be done before somebody reacts.
LONG = Material(talk(6, sentences=4000), "en")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    write_tiny_model(tmp_path / "tiny", ["tidal", "bulge", "bread", "bees"])
    return tmp_path / "tiny"


class Kills:
    """Counts."""

    count = 0

    def __call__(self) -> None:
        self.count += 1


@pytest.fixture
def kills() -> Kills:
    return Kills()


@pytest.fixture
async def workers(model: Path, kills: Kills) -> AsyncIterator[WorkerProcesses]:
    workers = WorkerProcesses(model, 1, killed=kills)
    yield workers
    await workers.close()


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110  # it comes true in another process
            await asyncio.sleep(0.01)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def _begun(workers: WorkerProcesses) -> "tuple[asyncio.Task[object], int]":
    """A task that is in work, and the process that works on it."""
    await workers.warm()
    task = asyncio.create_task(workers.analyse(LONG))
    await _until(lambda: bool(workers.busy_pids))
    return task, workers.busy_pids[0]


async def test_outline_is_the_same_when_worker_is_asked_twice(workers: WorkerProcesses) -> None:
    first = await workers.analyse(SHORT)
    assert len(first.stretches) == 4
    assert await workers.analyse(SHORT) == first


async def test_process_is_replaced_when_analysis_is_cancelled(workers: WorkerProcesses, kills: Kills) -> None:
    task, pid = await _begun(workers)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert kills.count == 1
    await _until(lambda: not _is_alive(pid))
    assert (await workers.analyse(SHORT)).stretches


async def test_next_transcript_is_analysed_when_one_is_cancelled_before_its_process_runs(
    workers: WorkerProcesses, kills: Kills
) -> None:
    task = asyncio.create_task(workers.analyse(LONG))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert kills.count == 1
    assert (await workers.analyse(SHORT)).stretches


async def test_record_is_retried_when_somebody_else_kills_the_process(workers: WorkerProcesses) -> None:
    task, pid = await _begun(workers)
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(WorkerDiedError):
        await task
    assert (await workers.analyse(SHORT)).stretches


async def test_operator_is_told_what_to_do_when_model_is_missing(tmp_path: Path, kills: Kills) -> None:
    workers = WorkerProcesses(tmp_path / "none", 1, killed=kills)
    try:
        await workers.warm()
        with pytest.raises(ModelMissingError, match="embedding_model") as raised:
            await workers.analyse(SHORT)
        assert "vidmap models" in raised.value.action
        # The same process goes on when the model has been installed.
        write_tiny_model(tmp_path / "none", ["bread"])
        assert (await workers.analyse(SHORT)).stretches
    finally:
        await workers.close()
