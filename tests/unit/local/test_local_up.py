"""What `vidmap up` plans and records, and how its commands end."""

import asyncio
import json
import re
import shlex
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from io import StringIO
from pathlib import Path

import httpx
import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner

from vidmap_contracts.job import Stage
from vidmap_local import commands, demo, packages, stack, up
from vidmap_local.errors import StartError
from vidmap_local.health import ask_health
from vidmap_local.models import DEFAULT_MODELS
from vidmap_local.output import log_path
from vidmap_local.ports import LOOPBACK
from vidmap_local.records import StateFolder
from vidmap_local.servers import postgres
from vidmap_local.specs import ProcessSpec, levels
from vidmap_local.stack import SERVICES, Stack, plan
from vidmap_local.up import UpOptions, run_stack

AWKWARD = "it's $HOME"
OUTSIDE = {
    "DATABASE_URL": "postgresql://db/vidmap",
    "REDIS_URL": "redis://cache/0",
    "KAFKA_BOOTSTRAP_SERVERS": "kafka:9092",
}


@pytest.fixture
def ordinary_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "unprivileged_account", lambda: None)


def spec_of(planned: Stack, name: str) -> ProcessSpec:
    return next(spec for spec in planned.specs if spec.name == name)


def test_every_process_is_there_when_nothing_is_outside(tmp_path: Path, ordinary_user: None) -> None:
    planned = plan(tmp_path, 8642, {})
    assert [sorted(level) for level in levels(planned.specs)] == [
        ["broker", "postgres", "valkey"],
        ["migrate"],
        sorted(SERVICES),
    ]
    assert spec_of(planned, "broker").pauses == tuple(SERVICES)  # until its topics are there again
    ports = [spec.port for spec in planned.specs if spec.port]
    assert len(set(ports)) == len(ports) == 3 + len(SERVICES)


def test_services_find_the_embedded_servers_when_nothing_is_outside(tmp_path: Path, ordinary_user: None) -> None:
    planned = plan(tmp_path, 8642, {})
    environment = spec_of(planned, "analyze").environment
    broker, valkey = spec_of(planned, "broker").port, spec_of(planned, "valkey").port
    assert environment["KAFKA_BOOTSTRAP_SERVERS"] == f"127.0.0.1:{broker}"
    assert environment["KAFKA_IDEMPOTENCE"] == "false"
    assert environment["KAFKA_FETCH_MAX_WAIT_MS"] == "100"
    assert environment["REDIS_URL"].endswith(f"@127.0.0.1:{valkey}/0")
    assert environment["DATABASE_URL"].endswith("/vidmap")
    assert environment["HEALTH_PORT"] == str(spec_of(planned, "analyze").port)
    assert environment["LOG_FORMAT"] == "console"
    assert Path(environment["VIDMAP_MODELS_DIR"]).is_absolute()


def test_gateway_serves_the_port_when_it_was_chosen(tmp_path: Path) -> None:
    planned = plan(tmp_path, 8700, OUTSIDE)
    gateway = spec_of(planned, "gateway")
    assert planned.gateway == "http://127.0.0.1:8700"
    assert (gateway.port, gateway.environment["GATEWAY_PORT"]) == (8700, "8700")
    assert gateway.environment["GATEWAY_HOST"] == LOOPBACK


def test_no_server_is_started_when_all_are_outside(tmp_path: Path) -> None:
    planned = plan(tmp_path, 8642, {**OUTSIDE, "KAFKA_IDEMPOTENCE": "true", "YTDLP_PROXY": "http://proxy:1"})
    assert {spec.name for spec in planned.specs} == {"migrate", "topics", *SERVICES}
    assert spec_of(planned, "migrate").after == ()
    assert spec_of(planned, "gateway").after == ("migrate", "topics")
    for name, value in {**OUTSIDE, "KAFKA_IDEMPOTENCE": "true", "YTDLP_PROXY": "http://proxy:1"}.items():
        assert spec_of(planned, "metadata").environment[name] == value
    assert "KAFKA_FETCH_MAX_WAIT_MS" not in spec_of(planned, "metadata").environment
    assert list(tmp_path.iterdir()) == []


@asynccontextmanager
async def health(answer: bytes) -> AsyncIterator[int]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"GET /health/ready HTTP/1.1\r\n")
        writer.write(answer)
        writer.close()

    async with await asyncio.start_server(serve, LOOPBACK, 0) as server:
        yield server.sockets[0].getsockname()[1]


async def test_service_is_ready_when_its_health_says_so() -> None:
    async with health(b"HTTP/1.1 200 OK\r\n\r\n{}") as port:
        await ask_health(port)


@pytest.mark.parametrize(
    ("answer", "told"),
    [(b'HTTP/1.1 503 Unavailable\r\n\r\n{"kafka":"away"}', '503: {"kafka":"away"}'), (b"", "no answer: ")],
)
async def test_service_is_not_ready_when_its_health_says_otherwise(answer: bytes, told: str) -> None:
    async with health(answer) as port:
        with pytest.raises(StartError, match=re.escape(told)):
            await ask_health(port)


async def test_service_is_not_ready_when_nobody_listens(tmp_path: Path) -> None:
    probe = spec_of(plan(tmp_path, 8642, OUTSIDE), "indexer").probe
    assert probe
    with pytest.raises(ConnectionRefusedError):
        await probe()


def small_stack(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """Let `vidmap up` run one small process in place of the real ones."""

    def planned(state: Path, port: int) -> Stack:
        command = (sys.executable, "-I", "-S", "-c", code, str(state / "run.json"))
        spec = ProcessSpec(name="small", command=command, port=port)
        environment = {"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1", "DATABASE_URL": AWKWARD}
        return Stack(specs=(spec,), gateway=f"http://127.0.0.1:{port}", environment=environment)

    monkeypatch.setattr(up, "plan", planned)


STOPS_THE_STACK = """
import json, os, sys, time
while True:
    record = json.load(open(sys.argv[1]))
    if record["ready"]:
        break
    time.sleep(0.01)
print("RECORD", json.dumps(record), "ENV", open(os.path.dirname(sys.argv[1]) + "/stack.env").read(), flush=True)
os.kill(os.getppid(), 15)
time.sleep(600)
"""


def test_record_is_there_while_the_stack_runs_and_goes_when_it_stops(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_stack(monkeypatch, STOPS_THE_STACK)
    console = Console(file=StringIO())
    assert run_stack(UpOptions(state_dir=tmp_path, install_models=False), console) == 0
    logged = (tmp_path / "logs" / "small.log").read_text()
    record = json.loads(logged.split("RECORD ")[1].split(" ENV")[0])
    (process,) = record["processes"]
    assert record["gateway"] == f"http://127.0.0.1:{process['port']}"
    assert process["name"] == "small"
    assert record["supervisor_pid"] > 0
    assert f"export DATABASE_URL={shlex.quote(AWKWARD)}\n" in logged
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lock", "logs"]


def test_log_of_the_failed_process_is_shown_when_the_stack_was_quiet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_stack(monkeypatch, "raise SystemExit('no such model')")
    monkeypatch.setattr("vidmap_local.specs.RestartPolicy.delay", lambda *_: 0.01)
    text = StringIO()
    options = UpOptions(state_dir=tmp_path, install_models=False, quiet=True)
    assert run_stack(options, Console(file=text, width=500)) == 1
    assert "small: no such model" in text.getvalue()
    assert f"stopped because of small; its log is {tmp_path / 'logs' / 'small.log'}" in text.getvalue()


def test_old_data_go_and_other_files_stay_when_a_fresh_stack_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    state = tmp_path / "state"
    (state / "valkey").mkdir(parents=True)
    (state / "postgres").symlink_to(elsewhere)
    (state / "postgres.password").write_text("secret")
    (state / "thesis.txt").write_text("mine")
    small_stack(monkeypatch, STOPS_THE_STACK)
    options = UpOptions(state_dir=state, install_models=False, fresh=True)
    assert run_stack(options, Console(file=StringIO())) == 0
    assert sorted(path.name for path in state.iterdir()) == ["lock", "logs", "thesis.txt"]
    assert not elsewhere.exists()


@pytest.fixture
def command() -> Callable[..., object]:
    app = typer.Typer()
    app.command("up")(commands.up)
    app.command("models")(commands.models)
    return lambda *arguments: CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_up_ends_with_2_when_the_stack_already_runs(tmp_path: Path, command: Callable[..., object]) -> None:
    with StateFolder(tmp_path).held():
        ended = command("up", "--state-dir", tmp_path)
    assert ended.exit_code == 2
    assert "vidmap already runs" in ended.output


def test_up_ends_with_1_when_the_port_is_taken(tmp_path: Path, command: Callable[..., object]) -> None:
    with socket.create_server((LOOPBACK, 0)) as server:
        ended = command("up", "--state-dir", tmp_path, "--port", server.getsockname()[1])
    assert ended.exit_code == 1
    assert "is taken by another program" in ended.output


def test_models_ends_with_1_when_there_is_no_index(
    tmp_path: Path, command: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packages, "_commands", lambda *_: [[sys.executable, "-c", "raise SystemExit('no route')"]])
    ended = command("models", "--directory", tmp_path / "models")
    assert ended.exit_code == 1
    assert "could not be downloaded: no route. Nothing was installed." in ended.output


def test_models_says_so_when_all_are_there(
    tmp_path: Path, command: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vidmap_local.models._is_complete", lambda *_: True)
    ended = command("models", "--directory", tmp_path)
    assert (ended.exit_code, ended.output) == (
        0,
        f"All models are there already: {tmp_path}. Nothing was downloaded.\n",
    )
    assert len(DEFAULT_MODELS) == 2


def gateway_that_says(monkeypatch: pytest.MonkeyPatch, job: dict[str, object]) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"jobs": [{"id": "1"}]} if request.url.path.endswith("history") else job)

    create = httpx.Client
    monkeypatch.setattr(httpx, "Client", lambda **given: create(**given, transport=httpx.MockTransport(answer)))


def test_demo_shows_the_log_of_the_stage_when_it_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gateway_that_says(monkeypatch, {"stages": [{"stage": "metadata_extraction"}]})
    state = StateFolder(tmp_path)
    state.logs.mkdir()
    log_path(state.logs, "speech").write_text("the model is damaged\n")
    text = StringIO()
    demo._show_logs(Console(file=text, width=300), "http://127.0.0.1:8642", state)
    assert "the model is damaged" in text.getvalue()
    assert str(log_path(state.logs, "transcribe")) in text.getvalue()


def test_demo_knows_the_process_when_any_stage_fails() -> None:
    # An address that is no video never becomes a job.
    assert set(demo._WORKS_ON) == set(Stage) - {Stage.URL_VALIDATION, Stage.COMPLETED, Stage.FAILED}
    assert {name for names in demo._WORKS_ON.values() for name in names} <= set(stack.SERVICES)


def test_demo_ends_with_1_when_it_is_not_run_from_the_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    assert demo.main([]) == 1
    assert "Is this the root of the repository?" in capfd.readouterr().out
