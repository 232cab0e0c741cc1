"""The way out for a record that failed: a retry topic or the dead-letter topic, and a word to the user."""

import structlog
from aiokafka.errors import KafkaError, MessageSizeTooLargeError

from vidmap_chassis.clock import Clock
from vidmap_chassis.dead_letter_limit import DeadLetterLimit
from vidmap_chassis.delivery import FINISHED_SEQUENCE, progress_event, worker_name
from vidmap_chassis.in_flight import Record
from vidmap_chassis.metrics import StageMetrics
from vidmap_chassis.publisher import EventPublisher
from vidmap_chassis.records import RawRecord, envelope, raw_record
from vidmap_chassis.retry import Bury, Retry, counted, decide, destination, error_code, error_message, failure_headers
from vidmap_contracts import headers as names
from vidmap_contracts.job import ProgressState, Stage
from vidmap_contracts.topics import DEAD_LETTER, JOB_PROGRESSED, RETRY_DELAYS_S, VIDEO_INDEXED

log = structlog.get_logger()

# Read by the read model: a failure there is none of the job's, and a report about a report would breed reports.
_UNTOLD = frozenset({JOB_PROGRESSED.name, VIDEO_INDEXED.name, DEAD_LETTER.name})


class FailurePath:
    """Makes failures of one consumer safe with the broker.

    Args:
        service: the service that fails.
        stage: its stage, as users see it.
        max_retries: after this many failures a record is buried.
        publisher: where records go.
        metrics: counters of the process.
        clock: the time.
        limit: stops a run of dead letters.
    """

    def __init__(
        self,
        service: str,
        stage: Stage,
        max_retries: int,
        publisher: EventPublisher,
        metrics: StageMetrics,
        clock: Clock,
        limit: DeadLetterLimit,
    ) -> None:
        self._service = service
        self._stage = stage
        self._max_retries = max_retries
        self._publisher = publisher
        self._metrics = metrics
        self._clock = clock
        self._limit = limit

    async def settle(self, record: Record, error: BaseException) -> None:
        """Publish the failed record to where it goes next; returns when the broker has it.

        Raises:
            KafkaError: the broker did not take it.
            StoppedError: too many records in a row were buried; this one stays open.
        """
        raw = raw_record(record)
        decision = self._decide(raw, error)
        if isinstance(decision, Bury):
            self._limit.allow(error, error_code(error))
        headers = failure_headers(raw, error, decision, service=self._service, stage=self._stage, now=self._clock())
        await self._send(raw, destination(decision), headers)
        if isinstance(decision, Bury):
            self._limit.buried(error, error_code(error))
        self._metrics.records.labels(raw.topic, "buried" if isinstance(decision, Bury) else "retried").inc()
        self._log(raw, error, decision)
        if isinstance(decision, Retry) and raw.topic not in _UNTOLD:
            await self._tell(raw, error, headers, raw.attempt + counted(decision))

    def _decide(self, record: RawRecord, error: BaseException) -> Retry | Bury:
        decision = decide(error, record.attempt + 1, self._max_retries)
        if isinstance(decision, Bury) and record.topic == DEAD_LETTER.name:
            return Retry(
                RETRY_DELAYS_S[-1], RETRY_DELAYS_S[-1]
            )  # there is nowhere further to put it, and it must not be lost
        return decision

    async def _send(self, record: RawRecord, topic: str, headers: dict[str, str]) -> None:
        try:
            await self._publisher.send(topic, record.value, key=record.key, headers=headers)
        except MessageSizeTooLargeError:
            log.error("a failed record is too large to keep whole", topic=record.topic, offset=record.offset)
            known = envelope(record.value)
            reference = known.model_dump_json().encode() if known is not None else None
            await self._publisher.send(DEAD_LETTER.name, reference, key=record.key, headers=headers)

    async def _tell(self, record: RawRecord, error: BaseException, headers: dict[str, str], attempt: int) -> None:
        """Tell the user that the job waits. The record is safe already, so this may fail."""
        event = envelope(record.value)
        if event is None:
            return
        report = progress_event(
            event,
            self._stage,
            ProgressState.RETRYING,
            self._stage.progress_before,
            at=self._clock(),
            attempt=attempt,
            # What waits without an attempt may say so more than once.
            sequence=FINISHED_SEQUENCE + record.offset,
            code=error_code(error),
            message=error_message(error),
            next_retry_at=headers[names.DUE],
            worker=worker_name(self._service),
        )
        try:
            await self._publisher.publish(report)
        except (KafkaError, RuntimeError) as failure:  # also a producer that has just been stopped
            log.warning("the user was not told of a retry", error=repr(failure))

    def _log(self, record: RawRecord, error: BaseException, decision: Retry | Bury) -> None:
        foreseen = error_code(error) != "internal_error"
        log.warning(
            "record failed",
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            code=error_code(error),
            error=str(error),
            goes_to=destination(decision),
            attempt=record.attempt + counted(decision),
            exc_info=None if foreseen else error,
        )
