"""The command line: what it prints, where, and with which exit code it ends."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from tests.unit.client.test_vidmap_client import JOB_ID, job, message
from typer.testing import CliRunner, Result

from vidmap_client.__main__ import create_app
from vidmap_client.address import DEFAULT_URL, gateway_url

VIDEO = "dQw4w9WgXcQ"
MINDMAP = {
    "video_id": VIDEO,
    "title": "A talk",
    "language": "en",
    "duration": 4000,
    "root": {
        "id": "n0",
        "label": "A talk",
        "start": 0,
        "end": 4000,
        "children": [{"id": "n0.0", "label": "The [end]", "start": 3723.9, "end": 4000, "children": []}],
    },
}
Routes = dict[str, tuple[int, str, str]]


class StubGateway(ThreadingHTTPServer):
    """Answers each path with what the test put there."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), StubHandler)
        self.routes: Routes = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def answer(self, path: str, body: object, status: int = 200, kind: str = "application/json") -> None:
        self.routes[path] = (status, kind, body if isinstance(body, str) else json.dumps(body))


class StubHandler(BaseHTTPRequestHandler):
    server: StubGateway

    def do_GET(self) -> None:
        status, kind, body = self.server.routes[self.path.partition("?")[0]]
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(body.encode())

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def stub() -> Iterator[StubGateway]:
    with StubGateway() as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        yield server
        server.shutdown()
        serving.join()


@pytest.fixture
def vidmap(stub: StubGateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VIDMAP_URL", stub.url)
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(create_app(), list(arguments))

    return run


def test_id_is_printed_when_address_is_a_video(vidmap: Callable[..., Result]) -> None:
    result = vidmap("check-url", f"https://www.youtube.com/watch?v={VIDEO}&t=90")
    assert (result.exit_code, result.stdout) == (0, f"{VIDEO}\n")
    as_json = vidmap("check-url", f"youtu.be/{VIDEO}?t=90", "--json")
    assert json.loads(as_json.stdout) == {"video_id": VIDEO, "start": 90, "playlist": None}


@pytest.mark.parametrize("command", ["check-url", "submit", "map"])
def test_exit_code_is_2_when_address_is_no_video(vidmap: Callable[..., Result], command: str) -> None:
    result = vidmap(command, "https://vimeo.com/1")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("This is not an address of YouTube.")


def test_job_is_printed_when_submitted(stub: StubGateway, vidmap: Callable[..., Result]) -> None:
    stub.answer("/api/processing/start", job(position=2), 202)
    result = vidmap("submit", VIDEO)
    assert result.exit_code == 0
    assert result.stdout == f"{JOB_ID}  queued  10 %  queued, place 2\n"
    assert json.loads(vidmap("submit", VIDEO, "--json").stdout)["id"] == JOB_ID


def serve_completed(stub: StubGateway) -> None:
    done = job("completed", "completed", 100)
    stages = [{"stage": "transcript_generation", "seconds": 12.34}]
    events = message(1, job("running", "metadata_extraction", 15)) + message(2, done)
    stub.answer("/api/processing/start", job(), 202)
    stub.answer("/api/processing/events", events, kind="text/event-stream")
    stub.answer(f"/api/processing/status/{JOB_ID}", done | {"stages": stages})
    stub.answer(f"/api/videos/{VIDEO}/mindmap", MINDMAP)


def test_outline_is_printed_when_waited_for(stub: StubGateway, vidmap: Callable[..., Result]) -> None:
    serve_completed(stub)
    result = vidmap("submit", VIDEO, "--wait")
    assert result.exit_code == 0, result.stderr
    assert result.stdout.splitlines() == [
        f"A talk  0:00  https://youtu.be/{VIDEO}?t=0",
        f"  - The [end]  1:02:03  https://youtu.be/{VIDEO}?t=3723",
    ]
    assert " 15 %  metadata extraction" in result.stderr
    assert "100 %  completed" in result.stderr
    assert "transcript generation     12.3 s" in result.stderr


def test_map_and_job_are_printed_when_waited_for_as_json(stub: StubGateway, vidmap: Callable[..., Result]) -> None:
    serve_completed(stub)
    told = json.loads(vidmap("submit", VIDEO, "--wait", "--json").stdout)
    assert (told["job"]["status"], told["mindmap"]["root"]["label"]) == ("completed", "A talk")


def test_exit_code_is_1_when_job_fails(stub: StubGateway, vidmap: Callable[..., Result]) -> None:
    failed = job("failed", "failed", 15, error_message="The video is private.", code="private")
    stub.answer("/api/processing/start", job(), 202)
    stub.answer("/api/processing/events", message(1, failed), kind="text/event-stream")
    stub.answer(f"/api/processing/status/{JOB_ID}", failed)
    result = vidmap("submit", VIDEO, "--wait")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.splitlines()[-1] == "The video is private."


def test_one_sentence_is_printed_when_nobody_listens(vidmap: Callable[..., Result]) -> None:
    result = vidmap("submit", VIDEO, "--url", "http://127.0.0.1:1")
    assert result.exit_code == 1
    assert result.stderr == "There is no vidmap at http://127.0.0.1:1; start one with `vidmap up`.\n"


def test_status_is_printed_when_asked_for(stub: StubGateway, vidmap: Callable[..., Result]) -> None:
    waiting = job("retrying", "metadata_extraction", 15, message="YouTube is slow.", retry_count=1)
    stub.answer(f"/api/processing/status/{JOB_ID}", waiting)
    assert vidmap("status", JOB_ID).stdout == f"{JOB_ID}  retrying  15 %  metadata extraction: YouTube is slow.\n"
    assert json.loads(vidmap("status", JOB_ID, "--json").stdout)["retry_count"] == 1


@pytest.mark.parametrize(("name", "body"), [("markdown", "# A talk\n"), ("json", json.dumps(MINDMAP))])
def test_document_is_printed_as_it_is_when_format_is_named(
    stub: StubGateway, vidmap: Callable[..., Result], name: str, body: str
) -> None:
    stub.answer(f"/api/videos/{VIDEO}/mindmap", body)
    assert vidmap("map", VIDEO, "--format", name).stdout.rstrip("\n") == body.rstrip("\n")


def test_reason_is_printed_when_video_has_no_map(stub: StubGateway, vidmap: Callable[..., Result]) -> None:
    problem: dict[str, Any] = {"status": 404, "code": "not_found", "detail": "There is no mind map yet."}
    stub.answer(f"/api/videos/{VIDEO}/mindmap", problem, 404, "application/problem+json")
    result = vidmap("map", VIDEO)
    assert (result.exit_code, result.stderr) == (1, "There is no mind map yet.\n")


def test_language_is_refused_when_it_is_none(vidmap: Callable[..., Result]) -> None:
    result = vidmap("submit", VIDEO, "--language", "English please")
    assert result.exit_code == 1
    assert "name it like en or pt-BR" in result.stderr


def test_address_is_found_where_it_is_told(tmp_path: Path) -> None:
    assert gateway_url(None, {}, tmp_path) == DEFAULT_URL
    (tmp_path / ".vidmap").mkdir()
    run_file = tmp_path / ".vidmap" / "run.json"
    for broken in ("{", "[]", '{"gateway": 7}'):
        run_file.write_text(broken)
        assert gateway_url(None, {}, tmp_path) == DEFAULT_URL
    run_file.write_text('{"gateway": "http://127.0.0.1:9999"}')
    assert gateway_url(None, {}, tmp_path) == "http://127.0.0.1:9999"
    assert gateway_url(None, {"VIDMAP_URL": "host:1"}, tmp_path) == "http://host:1"
    assert gateway_url("https://told", {"VIDMAP_URL": "host:1"}, tmp_path) == "https://told"


def test_other_packages_add_commands_when_installed(vidmap: Callable[..., Result]) -> None:
    assert "check-url" in vidmap("--help").stdout
    assert vidmap("up", "--help").exit_code == 0
