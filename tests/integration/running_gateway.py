"""A gateway under test, and the pipeline that it hears from."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
from prometheus_client import CollectorRegistry
from tests.integration.servers import eventually, free_port

from vidmap_chassis.postgres import Database
from vidmap_chassis.settings import KafkaSettings, PostgresSettings, RedisSettings
from vidmap_contracts.job import JobProgressed, ProcessingOptions, ProgressState, Stage
from vidmap_contracts.mindmap import MindMap, MindmapGenerated, Node
from vidmap_contracts.transcript import Segment, Transcript
from vidmap_contracts.video import VideoIndexed, VideoMetadata
from vidmap_gateway.adapters.postgres import Connections
from vidmap_gateway.adapters.postgres_jobs import PostgresJobRepository
from vidmap_gateway.adapters.postgres_runs import PostgresRunRepository
from vidmap_gateway.adapters.redis import RedisLink
from vidmap_gateway.adapters.redis_cache import RedisResultCache
from vidmap_gateway.adapters.redis_events import RedisEventHub
from vidmap_gateway.app import create_app
from vidmap_gateway.domain import Burial
from vidmap_gateway.metrics import GatewayMetrics
from vidmap_gateway.server import create_server
from vidmap_gateway.service.projection import Projector
from vidmap_gateway.settings import Settings
from vidmap_indexer.adapters.postgres import PostgresVideoStore

VIDEO = "dQw4w9WgXcQ"
RESULT = {
    "metadata": VideoMetadata(title="A talk", channel="Ada", duration=90, source="yt_dlp"),
    "transcript": Transcript(language="en", source="whisper", segments=(Segment(text="hello", start=0, end=2),)),
    "mindmap": MindMap(
        video_id=VIDEO,
        title="A talk",
        language="en",
        duration=90,
        root=Node(
            id="n0",
            label="A talk",
            start=0,
            end=90,
            children=(Node(id="n0.0", label="Beginnings", start=12.7, end=90),),
        ),
    ),
    "exports": {"markdown": "# A talk\n"},
}


class Pipeline:
    """What the stages report, projected beside the gateways under test, as another gateway would."""

    def __init__(self, database: Database, link: RedisLink) -> None:
        registry = CollectorRegistry()
        connections = Connections(database)
        self.database = database
        self.link = link
        self.runs = PostgresRunRepository(connections)
        self.jobs = PostgresJobRepository(connections)
        self.hub = RedisEventHub(link)
        self.projector = Projector(
            self.runs, self.jobs, self.hub, RedisResultCache(link), lambda: None, GatewayMetrics(registry)
        )

    async def run_of(self, job_id: str) -> UUID:
        return await self.database.pool.fetchval("select run_id from jobs where id = $1", UUID(job_id))

    async def report(self, job_id: str, stage: Stage, state: ProgressState, **fields: Any) -> None:
        """A stage reports on the run of a job."""
        run = await self.run_of(job_id)
        progress = stage.progress_before if state is ProgressState.STARTED else stage.progress
        given = envelope(run, job_id) | {"current_stage": stage, "state": state, "progress": progress}
        await self.projector.advance(JobProgressed.model_validate(given | fields))

    async def complete(self, job_id: str, options: ProcessingOptions | None = None) -> UUID:
        """The indexer stores a result for the run of a job, and says so."""
        run = await self.run_of(job_id)
        fields = envelope(run, job_id) | {"options": options or ProcessingOptions()}
        await PostgresVideoStore(self.database).replace(MindmapGenerated.model_validate(fields | RESULT))
        await self.projector.complete(VideoIndexed.model_validate(fields))
        return run

    async def fail(self, job_id: str, code: str, message: str, action: str | None = None) -> None:
        """A record of the run of a job ends in the dead-letter topic."""
        burial = Burial(
            event_id=uuid4(),
            run=await self.run_of(job_id),
            stage=Stage.METADATA_EXTRACTION,
            code=code,
            message=message,
            action=action,
            worker="metadata",
            occurred_at=datetime.now(UTC),
        )
        await self.projector.bury(burial)


def envelope(run: UUID, job_id: str) -> dict[str, Any]:
    moment = datetime.now(UTC)
    told = {"event_id": uuid4(), "occurred_at": moment, "job_id": UUID(job_id)}
    return told | {"video_id": VIDEO, "run": run, "trace": "0" * 32}


class RunningGateway:
    """A gateway that serves on the loopback, inside the test's own loop. Without `kafka` it has no broker."""

    def __init__(self, database_url: str, redis_url: str, **settings: Any) -> None:
        self.settings = Settings(
            port=free_port(),
            kafka=settings.pop("kafka", KafkaSettings(bootstrap_servers="127.0.0.1:1")),
            postgres=PostgresSettings(dsn=database_url, pool_max=8),
            redis=RedisSettings(dsn=redis_url),
            **settings,
        )
        self.url = f"http://127.0.0.1:{self.settings.port}"
        self.server = create_server(create_app(self.settings), self.settings)
        self._serving: asyncio.Task[None] | None = None

    async def start(self, *, ready: bool = True) -> None:
        """Serve; where asked, wait until the database and the event stream are there."""
        self._serving = asyncio.create_task(self.server.serve())
        async with httpx.AsyncClient(base_url=self.url) as client:

            async def answers() -> bool:
                return self.server.started and (
                    not ready or (await client.get("/health/ready")).json()["checks"]["postgres"] == "ok"
                )

            await eventually(answers)

    async def stop(self) -> None:
        """Stop as at SIGTERM; returns when everything is closed."""
        assert self._serving is not None
        if not self._serving.done():
            self.server.stop()
        await self._serving
