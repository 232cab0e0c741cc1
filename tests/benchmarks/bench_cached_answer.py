"""How long the gateway takes to answer from a finished result: `make bench`.

Everything runs on this machine, in this process and its children, so absolute times say little about a server; the
ratios to an answer that touches no store, and to a job that is queued, say more.
"""

import argparse
import asyncio
import logging
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
from rich.console import Console
from rich.table import Table
from tests.integration.running_gateway import VIDEO, Pipeline, RunningGateway
from tests.integration.servers import Postgres, Valkey, execute

from vidmap_chassis.logs import configure_logging
from vidmap_chassis.migrate import migrate
from vidmap_chassis.postgres import Database
from vidmap_chassis.settings import PostgresSettings, RedisSettings, TelemetrySettings
from vidmap_gateway.adapters.redis import RedisLink

START = "/api/processing/start"
WARM_UP = 20

Request = Callable[[int], Awaitable[httpx.Response]]


def quantile(seconds: list[float], share: float) -> float:
    """A quantile in milliseconds."""
    return statistics.quantiles(seconds, n=100, method="inclusive")[int(share * 100) - 1] * 1000


async def timed(request: Request, count: int) -> list[float]:
    """Seconds that each request took, one after the other; the first ones do not count."""
    seconds: list[float] = []
    for number in range(-WARM_UP, count):
        began = time.perf_counter()
        (await request(number)).raise_for_status()
        if number >= 0:
            seconds.append(time.perf_counter() - began)
    return seconds


def requests_of(http: httpx.AsyncClient) -> dict[str, Request]:
    """What is measured, by name."""

    async def live(_: int) -> httpx.Response:
        return await http.get("/health/live")

    async def cached(_: int) -> httpx.Response:
        return await post({"youtube_url": VIDEO})

    async def queued(number: int) -> httpx.Response:
        return await post({"youtube_url": f"bench{number + WARM_UP:06}"})

    async def post(body: dict[str, Any]) -> httpx.Response:
        return await http.post(START, json=body)

    return {"GET /health/live": live, "POST start, cached": cached, "POST start, queued": queued}


async def measure(postgres: Postgres, valkey: Valkey, count: int) -> dict[str, list[float]]:
    """Seconds of every request, by name."""
    url = postgres.url("bench")
    gateway = RunningGateway(url, valkey.url)
    database = Database(PostgresSettings(dsn=url), "bench")
    link = RedisLink(RedisSettings(dsn=valkey.url))
    await gateway.start()
    await database.open()
    async with httpx.AsyncClient(base_url=gateway.url) as http:
        job = (await http.post(START, json={"youtube_url": VIDEO})).json()
        await Pipeline(database, link).complete(str(UUID(job["id"])))
        results = {name: await timed(request, count) for name, request in requests_of(http).items()}
    await link.close()
    await database.close()
    await gateway.stop()
    return results


def report(results: dict[str, list[float]], console: Console) -> None:
    """A table of the results, and the ratios."""
    table = Table("request", "p50 ms", "p95 ms")
    for name, seconds in results.items():
        table.add_row(name, f"{quantile(seconds, 0.5):.2f}", f"{quantile(seconds, 0.95):.2f}")
    console.print(table)
    live, cached, queued = (quantile(seconds, 0.5) for seconds in results.values())
    console.print(f"cached / live   {cached / live:.2f}")
    console.print(f"cached / queued {cached / queued:.2f}")


def main() -> int:
    """Measure and report."""
    configure_logging("bench", TelemetrySettings(log_level="ERROR"))
    logging.disable(logging.ERROR)  # there is no broker, and the log would say so at every turn
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=300, help="requests of each kind")
    count: int = parser.parse_args().count
    with tempfile.TemporaryDirectory(prefix="vidmap-bench-") as folder:
        postgres, valkey = Postgres(Path(folder) / "postgres"), Valkey(Path(folder) / "valkey")
        for home in (Path(folder), postgres.home, valkey.home):
            home.mkdir(exist_ok=True)
            home.chmod(0o755)
        postgres.create()
        postgres.start()
        valkey.start()
        try:
            asyncio.run(execute(postgres.url("postgres"), "create database bench"))
            migrate(postgres.url("bench"))
            report(asyncio.run(measure(postgres, valkey, count)), Console())
        finally:
            valkey.stop()
            postgres.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
