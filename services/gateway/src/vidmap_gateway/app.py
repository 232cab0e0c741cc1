"""The only wiring of the gateway: what is built from what, and the order in which it starts and stops."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from aiokafka.errors import KafkaError
from litestar import Litestar
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin

from vidmap_chassis.clock import utc_now
from vidmap_chassis.postgres import Database
from vidmap_chassis.stage import StageApp
from vidmap_gateway import handlers
from vidmap_gateway.adapters.kafka import KafkaBroker
from vidmap_gateway.adapters.postgres import Connections
from vidmap_gateway.adapters.postgres_jobs import PostgresJobRepository
from vidmap_gateway.adapters.postgres_runs import PostgresRunRepository
from vidmap_gateway.adapters.postgres_videos import PostgresVideoRepository
from vidmap_gateway.adapters.redis import RedisLink
from vidmap_gateway.adapters.redis_cache import RedisResultCache
from vidmap_gateway.adapters.redis_events import RedisEventHub
from vidmap_gateway.api import events, health, processing, videos
from vidmap_gateway.api.problems import EXCEPTION_HANDLERS
from vidmap_gateway.api.telemetry import RequestTimer
from vidmap_gateway.metrics import GatewayMetrics
from vidmap_gateway.service.catalogue import JobCatalogue, VideoCatalogue
from vidmap_gateway.service.dispatch import Dispatcher, Reconciler
from vidmap_gateway.service.loops import Alarm, repeat
from vidmap_gateway.service.projection import Projector
from vidmap_gateway.service.streams import JobStreams, Rhythm
from vidmap_gateway.service.submission import JobSubmission
from vidmap_gateway.settings import Settings

log = structlog.get_logger()

VERSION = "0.1.0"
_KAFKA_RETRY_S = 5.0
_CANCEL_S = 5.0


@dataclass(frozen=True, slots=True)
class Outside:
    """The systems outside, as this process sees them."""

    stage: StageApp
    database: Database
    link: RedisLink
    hub: RedisEventHub
    jobs: PostgresJobRepository
    runs: PostgresRunRepository
    metrics: GatewayMetrics


@dataclass(frozen=True, slots=True)
class Beside:
    """What goes on beside the requests."""

    dispatcher: Dispatcher
    reconciler: Reconciler
    alarm: Alarm


def create_app(settings: Settings) -> Litestar:
    """The gateway. `app.state.close_streams` ends its event streams: call it before the server shuts down."""
    outside = _create_outside(settings)
    beside = _create_beside(settings, outside)
    cache = RedisResultCache(outside.link)
    projector = Projector(outside.runs, outside.jobs, outside.hub, cache, beside.alarm, outside.metrics)
    handlers.register(outside.stage, projector, outside.metrics)
    submission = JobSubmission(outside.jobs, cache, outside.hub, beside.alarm, outside.metrics)
    app = Litestar(
        route_handlers=[processing.router, events.events, videos.router, *health.route_handlers],
        dependencies=_dependencies(settings, outside, submission),
        exception_handlers=EXCEPTION_HANDLERS,
        middleware=[RequestTimer(outside.metrics)],
        lifespan=[lambda _: _lifespan(settings, outside, beside)],
        openapi_config=_openapi(),
        request_max_body_size=settings.max_body_bytes,
        logging_config=None,
    )
    app.state.close_streams = outside.hub.close
    return app


def _create_outside(settings: Settings) -> Outside:
    stage = StageApp("gateway", settings)
    database = Database(settings.postgres, "vidmap-gateway")
    link = RedisLink(settings.redis)
    connections = Connections(database)
    stage.check(health.ESSENTIAL, database.ping)
    stage.check("redis", link.ping)
    return Outside(
        stage=stage,
        database=database,
        link=link,
        hub=RedisEventHub(link),
        jobs=PostgresJobRepository(connections),
        runs=PostgresRunRepository(connections),
        metrics=GatewayMetrics(stage.registry),
    )


def _create_beside(settings: Settings, outside: Outside) -> Beside:
    broker = KafkaBroker(outside.stage)
    dispatcher = Dispatcher(
        outside.runs,
        outside.jobs,
        broker,
        outside.hub,
        limit=settings.max_concurrent_jobs,
        metrics=outside.metrics,
        clock=utc_now,
    )
    stall = timedelta(seconds=settings.stall_seconds)
    reconciler = Reconciler(outside.runs, broker, stall=stall, metrics=outside.metrics, clock=utc_now)
    return Beside(dispatcher, reconciler, Alarm())


def _dependencies(settings: Settings, outside: Outside, submission: JobSubmission) -> dict[str, Provide]:
    rhythm = Rhythm(settings.heartbeat_s, settings.poll_s)
    given: dict[str, object] = {
        "submission": submission,
        "jobs": JobCatalogue(outside.jobs),
        "videos": VideoCatalogue(PostgresVideoRepository(Connections(outside.database))),
        "streams": JobStreams(outside.jobs, outside.hub, rhythm),
        "readiness": outside.stage.readiness,
        "registry": outside.stage.registry,
        "metrics": outside.metrics,
    }
    return {name: _provide(value) for name, value in given.items()}


def _provide(value: object) -> Provide:
    def get() -> Any:
        return value

    return Provide(get, sync_to_thread=False, use_cache=True)


def _openapi() -> OpenAPIConfig:
    return OpenAPIConfig(
        title="vidmap",
        version=VERSION,
        description="From a YouTube URL to a mind map linked to the seconds of the video.",
        path="/docs",
        render_plugins=[JsonRenderPlugin()],
    )


@asynccontextmanager
async def _lifespan(settings: Settings, outside: Outside, beside: Beside) -> AsyncGenerator[None]:
    """Everything outside is waited for in the background: requests are answered from the first moment."""
    works = (outside.hub.run(), _consume(outside.stage, beside.alarm), _dispatch(settings, outside.database, beside))
    tasks = [asyncio.create_task(work) for work in works]
    try:
        yield
    finally:
        outside.hub.close()
        for task in tasks:
            task.cancel()
        # With a limit: a start of Kafka consumers that was cancelled may be deaf to it.
        await asyncio.wait(tasks, timeout=_CANCEL_S)
        await _stop_stage(outside.stage, settings.kafka.shutdown_grace_s + _CANCEL_S)
        await outside.link.close()
        await outside.database.close()


async def _stop_stage(stage: StageApp, limit_s: float) -> None:
    try:
        async with asyncio.timeout(limit_s):
            await stage.stop()
    except TimeoutError:
        # The producer waits for a broker that is gone; what it holds was not confirmed, so nobody counts on it.
        log.warning("kafka was left without a good-bye", after_s=limit_s)


async def _dispatch(settings: Settings, database: Database, beside: Beside) -> None:
    await database.open()
    await asyncio.gather(
        repeat("dispatcher", beside.dispatcher.release_all, settings.dispatch_interval_s, beside.alarm),
        repeat("reconciler", beside.reconciler.reconcile, settings.reconcile_interval_s, Alarm()),
    )


async def _consume(stage: StageApp, alarm: Alarm) -> None:
    while not stage.connected:
        try:
            await stage.start()
        except (KafkaError, OSError) as error:
            log.warning("kafka went away during the start", error=repr(error), retry_in_s=_KAFKA_RETRY_S)
            await asyncio.sleep(_KAFKA_RETRY_S)
    # Jobs may have waited for the broker.
    alarm()
