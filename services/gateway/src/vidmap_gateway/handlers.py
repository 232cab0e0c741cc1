"""What the gateway hears from Kafka.

While the database is away a record is held, not failed: a retry would only come back to the same closed door.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import structlog

from vidmap_chassis.delivery import Delivery
from vidmap_chassis.records import RawRecord, run_of
from vidmap_chassis.stage import StageApp
from vidmap_contracts import headers, topics
from vidmap_contracts.event import event_id
from vidmap_contracts.job import JobProgressed, Stage
from vidmap_contracts.video import VideoIndexed
from vidmap_gateway.domain import Burial
from vidmap_gateway.errors import UnavailableError
from vidmap_gateway.metrics import GatewayMetrics
from vidmap_gateway.service.projection import Projector

log = structlog.get_logger()

# An hour of an absent database: after that the record takes the way of a failure, which loses it neither.
HOLD_S = 3600.0
# A group a topic: members of one group with different topics make each other rebalance for nothing.
PROGRESS_GROUP = "gateway-progress"
RESULTS_GROUP = "gateway-results"
DEAD_LETTERS_GROUP = "gateway-dead-letters"
_SHORTEST_WAIT_S = 0.2
_LONGEST_WAIT_S = 5.0


def register(app: StageApp, projector: Projector, metrics: GatewayMetrics) -> None:
    """Consume what stages report. One record at a time: the reports of a job are applied in their order."""

    async def on_job_progressed(event: JobProgressed, _: Delivery) -> None:
        await held(lambda: projector.advance(event))

    async def on_video_indexed(event: VideoIndexed, _: Delivery) -> None:
        await held(lambda: projector.complete(event))

    async def on_dead_letter(record: RawRecord, _: Delivery) -> None:
        burial = burial_of(record)
        if burial is None:
            metrics.unreadable_dead_letters.inc()
            log.error("a dead letter fails no run", offset=record.offset, **_origin(record))
        else:
            await held(lambda: projector.bury(burial))

    app.consume(
        topics.JOB_PROGRESSED,
        on_job_progressed,
        stage=Stage.INDEXING,
        timeout=HOLD_S,
        in_flight=1,
        group=PROGRESS_GROUP,
    )
    app.consume(
        topics.VIDEO_INDEXED, on_video_indexed, stage=Stage.INDEXING, timeout=HOLD_S, in_flight=1, group=RESULTS_GROUP
    )
    app.consume_raw(topics.DEAD_LETTER, on_dead_letter, timeout=HOLD_S, in_flight=1, group=DEAD_LETTERS_GROUP)


async def held(apply: Callable[[], Awaitable[None]]) -> None:
    """Apply, and while the database is away wait and apply again."""
    delay = _SHORTEST_WAIT_S
    while True:
        try:
            return await apply()
        except UnavailableError as error:
            log.warning("a record is held", code=error.code, retry_in_s=delay)
        await asyncio.sleep(delay)
        delay = min(delay * 2, _LONGEST_WAIT_S)


def burial_of(record: RawRecord) -> Burial | None:
    """What a dead letter says about its run; None where it names none, or was no more than a report of progress."""
    run = run_of(record.value)
    told = record.headers
    origin = told.get(headers.ORIGIN_TOPIC, "")
    if run is None or origin == topics.JOB_PROGRESSED.name:
        return None
    place = (origin, told.get(headers.ORIGIN_PARTITION, ""), told.get(headers.ORIGIN_OFFSET, ""))
    return Burial(
        event_id=event_id(run, "dead-letter", *place),
        run=run,
        stage=_stage(told.get(headers.STAGE)),
        code=told.get(headers.ERROR_CODE, "internal_error"),
        message=told.get(headers.ERROR_MESSAGE, "The job failed, and the reason was not recorded."),
        action=told.get(headers.NEEDS_OPERATOR) or None,
        worker=told.get(headers.SERVICE),
        occurred_at=_moment(told.get(headers.FAILED_AT)),
    )


def _stage(text: str | None) -> Stage | None:
    return Stage(text) if text in set(Stage) else None


def _moment(text: str | None) -> datetime:
    """Epoch seconds as a moment; a record without them is taken to have failed at the beginning of time."""
    try:
        return datetime.fromtimestamp(float(text or 0), UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0, UTC)


def _origin(record: RawRecord) -> dict[str, str]:
    return {
        "origin_topic": record.headers.get(headers.ORIGIN_TOPIC, ""),
        "origin_offset": record.headers.get(headers.ORIGIN_OFFSET, ""),
        "code": record.headers.get(headers.ERROR_CODE, ""),
    }
