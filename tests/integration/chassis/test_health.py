"""The HTTP server beside every stage, as a probe sees it."""

from collections.abc import AsyncIterator

import httpx
import pytest
from prometheus_client import CollectorRegistry, Counter
from tests.integration.servers import free_port

from vidmap_chassis.health import HealthServer, Readiness


class Serving:
    """A server and what can be changed about it."""

    def __init__(self) -> None:
        self.port, self.readiness, self.registry = free_port(), Readiness(), CollectorRegistry()
        self.server = HealthServer("127.0.0.1", self.port, self.readiness, self.registry)

    async def get(self, path: str) -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.AsyncHTTPTransport(retries=5)) as client:
            return await client.get(f"http://127.0.0.1:{self.port}{path}")


@pytest.fixture
async def serving() -> AsyncIterator[Serving]:
    it = Serving()
    await it.server.start()
    yield it
    await it.server.stop()


async def test_live_and_ready_when_every_probe_is_content(serving: Serving) -> None:
    async def content() -> None:
        return None

    serving.readiness.add("kafka", content)
    assert (await serving.get("/health/live")).status_code == 200
    ready = await serving.get("/health/ready")
    assert (ready.status_code, ready.json()) == (200, {"status": "ok", "checks": {"kafka": "ok"}})


async def test_live_but_not_ready_when_a_probe_raises(serving: Serving) -> None:
    async def away() -> None:
        raise OSError("postgres is away")

    serving.readiness.add("postgres", away)
    assert (await serving.get("/health/live")).status_code == 200
    ready = await serving.get("/health/ready")
    assert (ready.status_code, ready.json()["checks"]) == (503, {"postgres": "postgres is away"})


async def test_metrics_are_served(serving: Serving) -> None:
    Counter("vidmap_test_things", "Things", registry=serving.registry).inc(3)
    answer = await serving.get("/metrics")
    assert "vidmap_test_things_total 3.0" in answer.text


async def test_unknown_path_is_not_found(serving: Serving) -> None:
    assert (await serving.get("/")).status_code == 404
