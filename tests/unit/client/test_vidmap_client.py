"""The client against a scripted gateway: typed answers, plain errors, a stream that comes back."""

import json
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from vidmap_client import client as client_module
from vidmap_client.client import VidmapClient
from vidmap_client.errors import ProblemError, UnreachableError
from vidmap_client.models import JobEvent
from vidmap_contracts.job import JobStatus, ProcessingOptions, Stage

URL = "http://gateway"
JOB_ID = "5b0c3d57-5f0b-4a51-9f9a-0d7c3f1f6b1e"
Answer = httpx.Response | Exception


def job(status: str = "queued", stage: str = "url_validation", progress: int = 10, **fields: Any) -> dict[str, Any]:
    moment = datetime(2026, 1, 2, tzinfo=UTC).isoformat()
    return {
        "id": JOB_ID,
        "user_id": "local",
        "youtube_url": "https://youtu.be/dQw4w9WgXcQ",
        "video_id": "dQw4w9WgXcQ",
        "status": status,
        "current_stage": stage,
        "progress_percentage": progress,
        "started_at": moment,
        "updated_at": moment,
        "from_a_newer_gateway": {"x": 1},
    } | fields


def message(number: int, state: dict[str, Any]) -> str:
    data = {"job_id": JOB_ID, "stage": state["current_stage"], "progress": state["progress_percentage"], "job": state}
    return f"id: {number}-0\nevent: job\ndata: {json.dumps(data)}\n\n"


def stream(*messages: str) -> httpx.Response:
    body = ": connected\n\n" + "".join(messages)
    return httpx.Response(200, headers={"content-type": "text/event-stream"}, content=body.encode())


def problem(status: int, code: str, detail: str) -> httpx.Response:
    return httpx.Response(status, json={"status": status, "code": code, "detail": detail, "title": "No"})


class ScriptedGateway:
    """Gives one answer after the other, and keeps what it was asked."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def client(self, **settings: Any) -> VidmapClient:
        return VidmapClient(URL, transport=httpx.MockTransport(self), **settings)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "_SHORTEST_WAIT_S", 0.0)


async def collect(gateway: ScriptedGateway, **settings: Any) -> list[JobEvent]:
    async with gateway.client(**settings) as client:
        return [event async for event in client.events(job_id=JOB_ID)]


async def test_job_is_typed_when_submitted() -> None:
    gateway = ScriptedGateway(httpx.Response(202, json=job()))
    async with gateway.client() as client:
        answer = await client.submit("dQw4w9WgXcQ", options=ProcessingOptions(language="de"), priority=7)
    assert (answer.status, answer.current_stage) == (JobStatus.QUEUED, Stage.URL_VALIDATION)
    asked = json.loads(gateway.requests[0].content)
    assert (asked["youtube_url"], asked["options"]["language"], asked["priority"]) == ("dQw4w9WgXcQ", "de", 7)


async def test_sentence_is_told_when_gateway_refuses() -> None:
    async with ScriptedGateway(problem(404, "not_found", "There is no such job.")).client() as client:
        with pytest.raises(ProblemError) as refused:
            await client.status(JOB_ID)
    assert (refused.value.status, refused.value.code, refused.value.message) == (
        404,
        "not_found",
        "There is no such job.",
    )


@pytest.mark.parametrize("answer", [httpx.Response(502, text="<html>bad</html>"), httpx.Response(599, json=[1])])
async def test_error_is_told_when_proxy_answers_in_between(answer: httpx.Response) -> None:
    async with ScriptedGateway(answer).client() as client:
        with pytest.raises(ProblemError) as refused:
            await client.video("dQw4w9WgXcQ")
    assert str(answer.status_code) in refused.value.message


async def test_one_sentence_is_told_when_nobody_listens() -> None:
    async with ScriptedGateway(httpx.ConnectError("refused")).client() as client:
        with pytest.raises(UnreachableError) as away:
            await client.submit("dQw4w9WgXcQ")
    assert away.value.message == "There is no vidmap at http://gateway; start one with `vidmap up`."


async def test_stream_ends_when_job_is_final() -> None:
    gateway = ScriptedGateway(stream(message(1, job()), message(2, job("completed", "completed", 100))))
    assert [event.progress for event in await collect(gateway)] == [10, 100]


@pytest.mark.parametrize(
    "interruption",
    [
        stream(),
        httpx.ReadError("reset"),
        httpx.ConnectError("restarting"),
        problem(503, "database_unavailable", "Away."),
    ],
    ids=["ended", "reset", "refused", "away"],
)
async def test_stream_goes_on_after_last_event_when_interrupted(interruption: Answer) -> None:
    gateway = ScriptedGateway(
        stream(message(1, job()), message(2, job("running", "metadata_extraction", 20))),
        interruption,
        stream(message(3, job("failed", "failed", 20))),
    )
    events = await collect(gateway)
    assert [event.stage for event in events] == [Stage.URL_VALIDATION, Stage.METADATA_EXTRACTION, Stage.FAILED]
    assert [request.headers.get("last-event-id") for request in gateway.requests] == [None, "2-0", "2-0"]


async def test_other_messages_are_passed_over_when_stream_has_them() -> None:
    error = 'event: error\ndata: {"code":"internal_error"}\n\n'
    gateway = ScriptedGateway(stream(error), stream(message(1, job("completed", "completed", 100))))
    assert len(await collect(gateway)) == 1


async def test_stream_raises_when_gateway_refuses_it() -> None:
    with pytest.raises(ProblemError) as refused:
        await collect(ScriptedGateway(problem(404, "not_found", "There is no such job.")))
    assert refused.value.code == "not_found"


async def test_stream_gives_up_when_nobody_was_ever_there() -> None:
    with pytest.raises(UnreachableError):
        await collect(ScriptedGateway(httpx.ConnectError("refused")))


async def test_stream_gives_up_when_patience_is_used_up() -> None:
    gateway = ScriptedGateway(stream(message(1, job())), httpx.ReadError("reset"), httpx.ReadError("reset"))
    with pytest.raises(UnreachableError):
        await collect(gateway, patience_s=-1.0)
    assert len(gateway.requests) == 2


async def test_map_is_typed_when_asked_for() -> None:
    root = {"id": "n0", "label": "A talk", "start": 0, "end": 9}
    mindmap = {"video_id": "dQw4w9WgXcQ", "title": "A talk", "language": "en", "duration": 9, "root": root}
    gateway = ScriptedGateway(httpx.Response(200, json=mindmap))
    async with gateway.client() as client:
        assert (await client.mindmap("dQw4w9WgXcQ")).root.label == "A talk"
    assert gateway.requests[0].url.params["format"] == "json"
