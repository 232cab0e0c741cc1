"""The API over real HTTP, on a real Postgres and a real Valkey."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from tests.integration.running_gateway import VIDEO, Pipeline, RunningGateway
from tests.integration.servers import Valkey

from vidmap_contracts.job import ProgressState, Stage

CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "data" / "urls" / "youtube_urls.json").read_text(encoding="utf-8")
)
ASKED_FOR = {
    "id",
    "user_id",
    "youtube_url",
    "video_id",
    "current_stage",
    "progress_percentage",
    "started_at",
    "updated_at",
    "estimated_completion",
    "error_message",
    "retry_count",
    "processing_options",
}
URL = f"https://youtu.be/{VIDEO}"


@pytest.fixture
async def http(gateway: RunningGateway) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=gateway.url, timeout=20) as client:
        yield client


async def start(http: httpx.AsyncClient, **body: Any) -> dict[str, Any]:
    response = await http.post("/api/processing/start", json={"youtube_url": URL} | body)
    assert response.status_code in {200, 202}, response.text
    return response.json()


def problem(response: httpx.Response) -> tuple[int, str]:
    assert response.headers["content-type"].startswith("application/problem+json"), response.text
    body = response.json()
    assert body["status"] == response.status_code
    assert body["detail"]
    assert "Traceback" not in response.text
    return response.status_code, body["code"]


async def test_every_address_is_judged_when_posted(http: httpx.AsyncClient) -> None:
    for case in CASES:
        response = await http.post("/api/processing/start", json={"youtube_url": case["input"]})
        if case["ok"]:
            assert (response.status_code, response.json()["video_id"]) == (202, case["id"])
        else:
            assert problem(response) == (400, case["error"])


async def test_job_waits_when_kafka_is_away(http: httpx.AsyncClient) -> None:
    response = await http.post("/api/processing/start", json={"youtube_url": URL, "user_id": "ada"})
    job = response.json()
    assert response.status_code == 202
    assert response.headers["location"] == f"/api/processing/status/{job['id']}"
    assert job.keys() >= ASKED_FOR
    assert (job["status"], job["position"], job["cached"], job["user_id"]) == ("queued", 1, False, "ada")
    ready = await http.get("/health/ready")
    assert (ready.status_code, ready.json()["status"]) == (200, "degraded")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "youtube_url"),
        ({"youtube_url": 7}, "youtube_url"),
        ({"youtube_url": URL, "priority": 10}, "priority"),
        ({"youtube_url": URL, "colour": "red"}, "colour"),
        ({"youtube_url": URL, "options": {"language": "ENGLISH"}}, "options.language"),
        ({"youtube_url": URL, "options": {"tempo": 3}}, "options.tempo"),
        ({"youtube_url": URL, "user_id": ""}, "user_id"),
    ],
)
async def test_field_is_named_when_request_is_wrong(http: httpx.AsyncClient, body: dict[str, Any], field: str) -> None:
    response = await http.post("/api/processing/start", json=body)
    assert problem(response) == (400, "validation_failed")
    assert [error["field"] for error in response.json()["errors"]] == [field]


async def test_code_is_stable_when_request_is_refused(http: httpx.AsyncClient) -> None:
    as_json = {"content-type": "application/json"}
    start_url = "/api/processing/start"
    assert problem(await http.post(start_url, content="{", headers=as_json)) == (400, "malformed_body")
    assert problem(await http.post(start_url, content=b" " * 70_000, headers=as_json)) == (413, "body_too_large")
    assert problem(await http.get(start_url)) == (405, "method_not_allowed")
    assert problem(await http.get("/nowhere")) == (404, "not_found")
    assert problem(await http.get(f"/api/processing/status/{uuid4()}")) == (404, "not_found")
    assert problem(await http.get(f"/api/processing/events?job_id={uuid4()}")) == (404, "not_found")
    assert problem(await http.get("/api/processing/history?limit=0")) == (400, "validation_failed")


async def test_job_is_hidden_when_another_user_asks(http: httpx.AsyncClient) -> None:
    job = await start(http, user_id="ada")
    path = f"/api/processing/status/{job['id']}"
    assert (await http.get(path, params={"user_id": "ada"})).json()["id"] == job["id"]
    assert (await http.get(path)).status_code == 200
    assert problem(await http.get(path, params={"user_id": "eve"})) == (404, "not_found")


async def test_status_tells_stages_when_they_finished(http: httpx.AsyncClient, pipeline: Pipeline) -> None:
    job = await start(http)
    await pipeline.report(job["id"], Stage.METADATA_EXTRACTION, ProgressState.STARTED)
    await pipeline.report(job["id"], Stage.METADATA_EXTRACTION, ProgressState.FINISHED)
    now = (await http.get(f"/api/processing/status/{job['id']}")).json()
    assert (now["current_stage"], now["progress_percentage"]) == ("metadata_extraction", 20)
    assert [timing["stage"] for timing in now["stages"]] == ["metadata_extraction"]


async def test_answer_is_cached_when_video_is_finished(http: httpx.AsyncClient, pipeline: Pipeline) -> None:
    first = await start(http)
    await pipeline.complete(first["id"])
    response = await http.post("/api/processing/start", json={"youtube_url": URL, "user_id": "bob"})
    job = response.json()
    assert response.status_code == 200
    assert (job["status"], job["cached"], job["progress_percentage"]) == ("completed", True, 100)
    assert (job["user_id"], job["current_stage"]) == ("bob", "completed")
    other = await start(http, options={"language": "de"})
    assert (other["status"], other["cached"]) == ("queued", False)
    forced = await start(http, force=True)
    assert (forced["status"], forced["cached"]) == ("queued", False)


async def test_answer_is_cached_when_redis_forgot(http: httpx.AsyncClient, pipeline: Pipeline, valkey: Valkey) -> None:
    await pipeline.complete((await start(http))["id"])
    await valkey.flush()
    assert (await start(http))["cached"] is True
    assert len(await valkey.keys("vidmap:video:*")) == 1


async def test_answer_is_not_cached_when_redis_remembers_what_is_gone(
    http: httpx.AsyncClient, pipeline: Pipeline
) -> None:
    await pipeline.complete((await start(http))["id"])
    await pipeline.database.pool.execute("truncate videos, segments, jobs, runs cascade")
    assert (await start(http))["status"] == "queued"


async def test_one_run_works_when_many_ask_at_once(http: httpx.AsyncClient, pipeline: Pipeline) -> None:
    jobs = await asyncio.gather(*(start(http, user_id=f"user-{number}") for number in range(20)))
    assert len({await pipeline.run_of(job["id"]) for job in jobs}) == 1
    await pipeline.complete(jobs[0]["id"])
    for job in jobs:
        assert (await http.get(f"/api/processing/status/{job['id']}")).json()["status"] == "completed"


async def test_failure_is_told_when_dead_letter_came(http: httpx.AsyncClient, pipeline: Pipeline) -> None:
    job = await start(http)
    await pipeline.fail(job["id"], "private", "The video is private.")
    now = (await http.get(f"/api/processing/status/{job['id']}")).json()
    assert (now["status"], now["current_stage"]) == ("failed", "failed")
    assert (now["code"], now["error_message"]) == ("private", "The video is private.")
    again = await start(http)
    assert again["status"] == "queued"
    await pipeline.fail(again["id"], "bot_check", "YouTube asks for a login.", "Set YTDLP_COOKIES_FILE.")
    now = (await http.get(f"/api/processing/status/{again['id']}")).json()
    assert (now["status"], now["operator_action"]) == ("needs_operator", "Set YTDLP_COOKIES_FILE.")


async def test_map_is_served_when_video_is_finished(http: httpx.AsyncClient, pipeline: Pipeline) -> None:
    assert problem(await http.get(f"/api/videos/{VIDEO}")) == (404, "not_found")
    assert problem(await http.get(f"/api/videos/{VIDEO}/mindmap")) == (404, "not_found")
    await pipeline.complete((await start(http))["id"])
    video = (await http.get(f"/api/videos/{VIDEO}")).json()
    assert (video["title"], video["duration"], video["formats"]) == ("A talk", 90, ["json", "markdown"])
    mindmap = await http.get(f"/api/videos/{VIDEO}/mindmap")
    assert mindmap.headers["content-type"] == "application/json"
    assert mindmap.json()["root"]["children"][0]["label"] == "Beginnings"
    markdown = await http.get(f"/api/videos/{VIDEO}/mindmap", params={"format": "markdown"})
    assert markdown.text == "# A talk\n"
    assert markdown.headers["content-type"] == "text/markdown; charset=utf-8"
    unknown = await http.get(f"/api/videos/{VIDEO}/mindmap", params={"format": "pdf"})
    assert problem(unknown) == (400, "unknown_format")
    assert "json, markdown" in unknown.json()["detail"]


async def test_history_has_pages_when_user_has_many_jobs(http: httpx.AsyncClient) -> None:
    asked = [(await start(http, user_id="ada", options={"branches": number}))["id"] for number in (1, 2, 3)]
    page = (await http.get("/api/processing/history?user_id=ada&limit=2&offset=1")).json()
    assert [job["id"] for job in page["jobs"]] == [asked[1], asked[0]]
    assert (page["total"], page["limit"], page["offset"]) == (3, 2, 1)


async def test_api_describes_itself_when_offline(http: httpx.AsyncClient) -> None:
    document = (await http.get("/docs/openapi.json")).json()
    assert {"/api/processing/start", "/api/processing/events", "/api/videos/{video_id}/mindmap"} <= set(
        document["paths"]
    )
    refused = document["paths"]["/api/processing/start"]["post"]["responses"]["400"]["content"]
    assert set(refused) == {"application/problem+json"}
    assert document["components"]["schemas"].keys() >= {"JobBody", "ProblemBody", "StartBody"}


async def test_metrics_name_routes_and_no_ids_when_asked(http: httpx.AsyncClient) -> None:
    await http.get(f"/api/processing/status/{uuid4()}")
    page = await http.get("/metrics")
    assert page.headers["content-type"].startswith("text/plain; version=")
    assert 'path="/api/processing/status/{job_id}",status="404"' in page.text
    assert "vidmap_gateway_submissions_total" in page.text
    assert (await http.get("/health/live")).json() == {"status": "ok"}


async def test_503_says_when_to_come_back_when_database_is_away(
    create_gateway: Callable[..., RunningGateway],
) -> None:
    gateway = create_gateway(database_url="postgresql://postgres@127.0.0.1:1/none")
    await gateway.start(ready=False)
    async with httpx.AsyncClient(base_url=gateway.url) as http:
        response = await http.post("/api/processing/start", json={"youtube_url": URL})
        assert problem(response) == (503, "database_unavailable")
        assert int(response.headers["retry-after"]) > 0
        ready = await http.get("/health/ready")
        assert (ready.status_code, ready.json()["status"]) == (503, "unavailable")
        assert (await http.get("/health/live")).status_code == 200


async def test_nothing_leaks_when_gateway_is_broken(http: httpx.AsyncClient, pipeline: Pipeline) -> None:
    await pipeline.database.pool.execute("alter table jobs rename to secret_table")
    response = await http.post("/api/processing/start", json={"youtube_url": URL})
    assert problem(response) == (500, "internal_error")
    assert "jobs" not in response.json()["detail"]
