"""The stack as a whole: its servers die and come back, it is stopped, killed, and started again on the same data."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from tests.e2e.harness import CAPTIONED, STAGES, RunningStack, erased_afterwards, running_stack

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack"), pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    with erased_afterwards(tmp_path_factory.mktemp("lifecycle") / "state") as state, running_stack(state) as running:
        yield running


def processes_of(stack: RunningStack) -> list[psutil.Process]:
    """Everything that the supervisor has started, with its children."""
    return psutil.Process(stack.record()["supervisor_pid"]).children(recursive=True)


def wait_until_gone(processes: list[psutil.Process], deadline_s: float = 20) -> None:
    end = time.monotonic() + deadline_s
    while left := [process for process in processes if _runs(process)]:
        assert time.monotonic() < end, f"still there: {left}"
        time.sleep(0.05)


def _runs(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait_for_another(stack: RunningStack, process: str, pid: int, deadline_s: float = 60) -> None:
    end = time.monotonic() + deadline_s
    while all(entry["name"] != process or entry["pid"] == pid for entry in stack.record()["processes"]):
        assert time.monotonic() < end, f"{process} was not started again"
        time.sleep(0.05)


@pytest.mark.parametrize("server", ["broker", "postgres", "valkey"])
def test_new_jobs_complete_when_a_server_was_killed(stack: RunningStack, server: str) -> None:
    pid = stack.pid(server)
    stack.kill(server)
    wait_for_another(stack, server, pid)
    stack.wait_until_all_ready(("gateway", *STAGES))
    job = stack.start_job(CAPTIONED, options={"branches": {"broker": 3, "postgres": 4, "valkey": 5}[server]})
    done = stack.wait_until_final(job["id"], 180)
    assert done["status"] == "completed", done
    assert not done["cached"]


def test_job_completes_when_the_broker_loses_its_messages_in_the_middle(stack: RunningStack) -> None:
    job = stack.start_job("vmSampleC08")  # a video that no artefact knows: its metadata take a while
    stack.wait_for(job["id"], lambda job: job["current_stage"] == "metadata_extraction", 60)
    stack.kill("broker")
    done = stack.wait_until_final(job["id"], 240)
    assert done["status"] == "completed", done


def test_second_stack_is_refused_when_the_folder_is_in_use(stack: RunningStack) -> None:
    command = [sys.executable, "-m", "vidmap_client", "up", "--state-dir", str(stack.state)]
    second = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert second.returncode == 2
    assert f"already runs with the state folder {stack.state}" in second.stdout
    assert stack.url in second.stdout
    assert stack.ready("gateway")


def test_results_survive_when_the_supervisor_is_killed_and_when_it_is_stopped(
    stack: RunningStack, tmp_path: Path
) -> None:
    with erased_afterwards(tmp_path / "state") as state:  # runs beside the other stack
        with running_stack(state) as first:
            assert first.url != stack.url
            job = first.start_job(CAPTIONED)
            assert first.wait_until_final(job["id"], 180)["status"] == "completed"
            wanted = first.mindmap(CAPTIONED)
            running = processes_of(first)
            assert len(running) > 10
            os.kill(first.record()["supervisor_pid"], signal.SIGKILL)
            wait_until_gone(running)
        assert (state / "run.json").exists()  # nobody was left to remove it
        with running_stack(state) as second:
            assert second.mindmap(CAPTIONED) == wanted
            running = processes_of(second)
        wait_until_gone(running, 5)
        assert not (state / "run.json").exists()
        with running_stack(state) as third:
            assert third.mindmap(CAPTIONED) == wanted
            job = third.start_job(CAPTIONED)
            assert job["cached"]
