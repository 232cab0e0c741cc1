"""Whether the process lives, whether it can answer, and its metrics."""

from typing import Any

from litestar import Response, get
from litestar.di import NamedDependency
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from vidmap_chassis.health import Readiness
from vidmap_gateway.api.telemetry import UNMEASURED
from vidmap_gateway.schemas import HealthBody

# The framework adds the charset itself.
METRICS_TYPE = CONTENT_TYPE_LATEST.partition("; charset")[0]
# Jobs are accepted without Kafka and Redis: only the database is needed to answer.
ESSENTIAL = "postgres"
_OPT: dict[str, Any] = {UNMEASURED: True}


@get("/health/live", opt=_OPT, tags=["health"], summary="Whether the process lives")
async def live() -> dict[str, str]:
    """Always `ok`."""
    return {"status": "ok"}


@get("/health/ready", opt=_OPT, tags=["health"], summary="Whether requests can be answered")
async def ready(readiness: NamedDependency[Readiness]) -> Response[HealthBody]:
    """503 while the database is away; `degraded` while something else is."""
    checks = await readiness.report()
    if checks.get(ESSENTIAL) != "ok":
        return Response(HealthBody(status="unavailable", checks=checks), status_code=503)
    well = all(answer == "ok" for answer in checks.values())
    return Response(HealthBody(status="ok" if well else "degraded", checks=checks))


@get("/metrics", opt=_OPT, include_in_schema=False)
async def metrics_page(registry: NamedDependency[CollectorRegistry]) -> Response[bytes]:
    """Prometheus' text format."""
    return Response(generate_latest(registry), media_type=METRICS_TYPE)


route_handlers = [live, ready, metrics_page]
