"""kill -9 of any process in the middle of a job delays the job and does not lose it."""

from collections.abc import Iterator

import pytest
from tests.e2e.harness import RunningStack, erased_afterwards, running_stack

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack"), pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    with erased_afterwards(tmp_path_factory.mktemp("killed") / "state") as state, running_stack(state) as running:
        yield running


# Each job has a video of its own (the stand-in knows each talk under many ids), so that no artefact is there already.
@pytest.mark.parametrize(
    ("process", "video_id", "moment"),
    [
        ("gateway", "vmSampleC01", "metadata_extraction"),
        ("metadata", "vmSampleC02", "metadata_extraction"),
        ("transcribe", "vmSampleT03", "transcript_generation"),
        ("speech", "vmSampleT04", "transcript_generation"),
        ("analyze", "vmSampleC05", "transcript_generation"),
        ("mindmap", "vmSampleC06", "transcript_generation"),
        ("indexer", "vmSampleC07", "transcript_generation"),
    ],
)
def test_a_job_completes_when_a_process_is_killed_in_the_middle(
    stack: RunningStack, process: str, video_id: str, moment: str
) -> None:
    job = stack.start_job(video_id)
    stack.wait_for(job["id"], lambda job: job["current_stage"] == moment, 60)
    stack.kill(process)
    done = stack.wait_until_final(job["id"], 180)
    assert done["status"] == "completed", done
    assert len(stack.mindmap(video_id)["root"]["children"]) >= 3
    stack.wait_until_all_ready((process,))


def test_a_retry_goes_on_when_the_relay_is_killed_while_it_waits(stack: RunningStack) -> None:
    job = stack.start_job("vmFlaky0001")
    stack.wait_for(job["id"], lambda job: job["status"] == "retrying", 60)
    stack.kill("relay")
    done = stack.wait_until_final(job["id"], 180)
    assert done["status"] == "completed", done
    assert done["retry_count"] >= 1
    stack.wait_until_all_ready(("relay",))
