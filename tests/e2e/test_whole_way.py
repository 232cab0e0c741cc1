"""From a URL to a mind map, as a user sees it, on the whole embedded stack."""

from typing import Any

import httpx
import pytest
from tests.e2e.harness import CAPTIONED, SPOKEN, STAGES, RunningStack

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack"), pytest.mark.timeout(400)]


def check_node(node: dict[str, Any], start: float, end: float) -> int:
    """Every node lies inside its parent, siblings in order; returns how many nodes there are."""
    assert start <= node["start"] < node["end"] <= end, node
    assert node["label"].strip(), node
    count, after = 1, node["start"]
    for child in node["children"]:
        assert child["start"] >= after, (node, child)
        count += check_node(child, node["start"], node["end"])
        after = child["end"]
    return count


@pytest.mark.parametrize(("video_id", "most"), [(CAPTIONED, 120), (SPOKEN, 240)])
def test_a_video_becomes_a_map_whose_nodes_lie_in_time(stack: RunningStack, video_id: str, most: float) -> None:
    job = stack.start_job(video_id)
    done = stack.wait_until_final(job["id"], most)
    assert done["status"] == "completed", done
    assert (done["current_stage"], done["progress_percentage"]) == ("completed", 100)
    mindmap = stack.mindmap(video_id)
    assert mindmap["root"]["start"] == 0
    assert mindmap["root"]["end"] == mindmap["duration"]
    assert 3 <= len(mindmap["root"]["children"]) <= 12
    assert check_node(mindmap["root"], 0, mindmap["duration"]) >= 8
    told = {timing["stage"] for timing in done["stages"]}
    assert {"metadata_extraction", "transcript_generation", "content_analysis", "mindmap_generation"} <= told


def test_a_second_submission_is_answered_from_the_cache(stack: RunningStack) -> None:
    first = stack.start_job(CAPTIONED)
    stack.wait_until_final(first["id"])
    before = len(stack.youtube.requests)
    again = stack.start_job(CAPTIONED, user_id="somebody else")
    assert again["cached"] is True
    assert again["status"] == "completed"
    assert again["id"] != first["id"]
    assert len(stack.youtube.requests) == before


def test_the_markdown_map_links_to_the_seconds(stack: RunningStack) -> None:
    stack.wait_until_final(stack.start_job(CAPTIONED)["id"])
    answer = httpx.get(f"{stack.url}/api/videos/{CAPTIONED}/mindmap", params={"format": "markdown"})
    assert answer.headers["content-type"].startswith("text/markdown")
    assert answer.text.startswith("# ")
    assert f"watch?v={CAPTIONED}&t=" in answer.text


@pytest.mark.parametrize(
    ("video_id", "code"),
    [
        ("private0001", "private"),
        ("removed0001", "removed"),
        ("livenow0001", "live_now"),
        ("toolong0001", "too_long"),
        ("silence0001", "no_speech"),
    ],
)
def test_a_video_that_cannot_be_processed_fails_with_a_sentence(stack: RunningStack, video_id: str, code: str) -> None:
    job = stack.wait_until_final(stack.start_job(video_id)["id"])
    assert (job["status"], job["code"]) == ("failed", code)
    assert len(job["error_message"].split()) >= 6
    assert job["error_message"].endswith(".")
    assert all(stack.ready(name) for name in STAGES)
    assert httpx.get(f"{stack.url}/health/ready").status_code == 200


def test_each_stage_is_a_process_of_its_own(stack: RunningStack) -> None:
    pids = {entry["name"]: entry["pid"] for entry in stack.record()["processes"]}
    assert {"gateway", *STAGES} <= set(pids)
    assert len(set(pids.values())) == len(pids)
