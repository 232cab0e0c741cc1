"""The event stream: a snapshot, then every change of one job, or of all jobs of a user."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Any
from uuid import UUID

import structlog
from litestar import Request, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from litestar.response import ServerSentEvent
from litestar.response.sse import ServerSentEventMessage

from vidmap_gateway.api.problems import RESPONSES
from vidmap_gateway.api.processing import PATH, AnyUserQuery
from vidmap_gateway.api.telemetry import UNMEASURED
from vidmap_gateway.domain import DEFAULT_USER
from vidmap_gateway.metrics import GatewayMetrics
from vidmap_gateway.ports import JobEvent
from vidmap_gateway.schemas import JobEventBody
from vidmap_gateway.service.catalogue import JobCatalogue
from vidmap_gateway.service.streams import JobStreams

log = structlog.get_logger()

RECONNECT_MS = 2000

JobEvents = AsyncGenerator[JobEvent | None]
# None and not the default of "": that would be an event without data, not a comment.
HEARTBEAT = ServerSentEventMessage(data=None, comment="heartbeat")


@get(f"{PATH}/events", responses=RESPONSES, summary="Follow jobs", tags=["processing"], opt={UNMEASURED: True})
async def events(
    request: Request[Any, Any, Any],
    jobs: NamedDependency[JobCatalogue],
    streams: NamedDependency[JobStreams],
    metrics: NamedDependency[GatewayMetrics],
    job_id: Annotated[UUID | None, QueryParameter(name="job_id")] = None,
    user_id: AnyUserQuery = None,
) -> ServerSentEvent:
    """Server-sent events named `job`, each with the whole state; `Last-Event-ID` resumes.

    The stream of one job ends after its final event. Comments are heartbeats.
    """
    last_id = request.headers.get("last-event-id") or None
    if job_id is not None:
        await jobs.job(job_id, user_id)
        return ServerSentEvent(_messages(streams.of_job(job_id, last_id), metrics))
    return ServerSentEvent(_messages(streams.of_user(user_id or DEFAULT_USER, last_id), metrics))


async def _messages(job_events: JobEvents, metrics: GatewayMetrics) -> AsyncGenerator[ServerSentEventMessage]:
    with metrics.event_streams.track_inprogress():
        yield ServerSentEventMessage(data=None, comment="connected", retry=RECONNECT_MS)
        try:
            async with aclosing(job_events):
                async for event in job_events:
                    yield HEARTBEAT if event is None else _message(event)
        except Exception:
            # The response has begun: what escapes from here would only tear the connection.
            log.exception("an event stream failed")
            yield ServerSentEventMessage(event="error", data='{"code":"internal_error"}')


def _message(event: JobEvent) -> ServerSentEventMessage:
    return ServerSentEventMessage(event="job", id=event.id, data=JobEventBody.of(event.job).model_dump_json())
