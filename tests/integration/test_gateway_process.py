"""The gateway and the command as processes: signals, exit codes, and what a job leaves behind."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
from tests.integration.running_gateway import VIDEO, Pipeline, RunningGateway
from tests.integration.servers import Broker, Valkey, eventually, free_port

DEADLINE_S = 60


@asynccontextmanager
async def gateway_process(
    database_url: str, redis_url: str, **settings: str
) -> AsyncGenerator[tuple[asyncio.subprocess.Process, str]]:
    port = free_port()
    environment = {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
        "GATEWAY_PORT": str(port),
        "LOG_FORMAT": "json",
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "vidmap_gateway"),
        env=os.environ | environment | settings,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process, f"http://127.0.0.1:{port}"
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def consumes(http: httpx.AsyncClient) -> bool:
    return await answers(http) and (await http.get("/health/ready")).json()["status"] == "ok"


async def answers(http: httpx.AsyncClient) -> bool:
    try:
        return (await http.get("/health/ready")).status_code == 200
    except httpx.TransportError:
        return False


async def test_process_ends_cleanly_when_terminated_with_open_streams(database_url: str, valkey: Valkey) -> None:
    async with (
        asyncio.timeout(DEADLINE_S),
        gateway_process(database_url, valkey.url) as (process, url),
        httpx.AsyncClient(base_url=url, timeout=DEADLINE_S) as http,
    ):
        await eventually(lambda: answers(http))
        async with http.stream("GET", "/api/processing/events") as response:
            lines = response.aiter_lines()
            assert await anext(lines) == ": connected"
            process.send_signal(signal.SIGTERM)
            assert [line async for line in lines if line.startswith("event")] == []
        _, logs = await process.communicate()
    assert process.returncode == 0
    assert b"Traceback" not in logs
    assert all(json.loads(line)["service"] == "gateway" for line in logs.splitlines())


async def test_process_ends_in_time_when_broker_died_before(database_url: str, valkey: Valkey) -> None:
    broker = Broker()
    await broker.start()
    kafka = {
        "KAFKA_BOOTSTRAP_SERVERS": broker.settings.bootstrap_servers,
        "KAFKA_IDEMPOTENCE": "false",
        "KAFKA_SHUTDOWN_GRACE_S": "0.5",
    }
    async with (
        asyncio.timeout(DEADLINE_S),
        gateway_process(database_url, valkey.url, **kafka) as (process, url),
        httpx.AsyncClient(base_url=url, timeout=DEADLINE_S) as http,
    ):
        await eventually(lambda: consumes(http))
        broker.stop()
        await http.post("/api/processing/start", json={"youtube_url": VIDEO})  # for the producer to hold
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(20):
            await process.communicate()
    assert process.returncode == 0


async def test_job_goes_on_when_waiting_is_interrupted(gateway: RunningGateway, tmp_path: Path) -> None:
    command = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "vidmap_client", "submit", VIDEO, "--wait", "--url", gateway.url),
        cwd=tmp_path,
        stderr=asyncio.subprocess.PIPE,
    )
    assert command.stderr is not None
    async with asyncio.timeout(DEADLINE_S):
        assert b"queued" in await command.stderr.readline()
        command.send_signal(signal.SIGINT)
        _, told = await command.communicate()
    assert command.returncode == 130
    assert b"The job goes on." in told
    assert b"Traceback" not in told


async def test_outline_is_printed_when_job_completes(
    gateway: RunningGateway, pipeline: Pipeline, tmp_path: Path
) -> None:
    command = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "vidmap_client", "submit", VIDEO, "--wait", "--url", gateway.url),
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert command.stderr is not None
    async with asyncio.timeout(DEADLINE_S), httpx.AsyncClient(base_url=gateway.url) as http:
        await command.stderr.readline()
        (job,) = (await http.get("/api/processing/history")).json()["jobs"]
        await pipeline.complete(job["id"])
        outline, _ = await command.communicate()
    assert command.returncode == 0
    assert f"  - Beginnings  0:12  https://youtu.be/{VIDEO}?t=12" in outline.decode().splitlines()
