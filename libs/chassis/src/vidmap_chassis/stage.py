"""The application object of every stage: what it consumes, what it opens, and how it starts and stops.

app = StageApp("analyze", settings)
app.on_startup(database.open)
app.consume(topics.TRANSCRIPT_GENERATED, on_transcript_generated, stage=Stage.CONTENT_ANALYSIS)
run(app)
"""

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar, cast

import structlog
from aiokafka.errors import KafkaError
from aiokafka.structs import RecordMetadata
from prometheus_client import CollectorRegistry
from pydantic import ValidationError

from vidmap_chassis.clock import Clock, utc_now
from vidmap_chassis.consumer import Consumption, Handle, StageConsumer, wait_bounded
from vidmap_chassis.dead_letter_limit import DeadLetterLimit
from vidmap_chassis.delivery import Delivery, worker_name
from vidmap_chassis.errors import PermanentError, TransientError
from vidmap_chassis.failure import FailurePath
from vidmap_chassis.health import HealthServer, Probe, Readiness
from vidmap_chassis.in_flight import InFlight, Record
from vidmap_chassis.logs import configure_logging, log_context
from vidmap_chassis.metrics import StageMetrics
from vidmap_chassis.publisher import EventPublisher
from vidmap_chassis.records import RawRecord, raw_record
from vidmap_chassis.settings import StageSettings
from vidmap_chassis.topics import end_offsets, missing_topics
from vidmap_contracts.event import Event
from vidmap_contracts.job import Stage
from vidmap_contracts.topics import ALL_TOPICS, Topic

log = structlog.get_logger()

E = TypeVar("E", bound=Event)
Handler = Callable[[E, Delivery], Awaitable[None]]
RawHandler = Callable[[RawRecord, Delivery], Awaitable[None]]
Hook = Callable[[], Awaitable[None]]

_SHORTEST_WAIT_S = 0.2
_LONGEST_WAIT_S = 5.0
_STOP_STEP_S = 5.0


class StageApp:
    """One process of one service.

    Args:
        service: its name: consumer group, metric prefix, log field.
        settings: the broker, telemetry and bounds.
        clock: the time.
    """

    def __init__(self, service: str, settings: StageSettings, clock: Clock = utc_now) -> None:
        self.service = service
        self.registry = CollectorRegistry()
        self._settings = settings
        self._clock = clock
        self._metrics = StageMetrics(service, self.registry)
        self._publisher = EventPublisher(settings.kafka, f"vidmap-{service}")
        self._groups: set[str] = set()
        self._consumers: list[StageConsumer] = []
        self._running: list[StageConsumer] = []
        self._startup: list[Hook] = []
        self._shutdown: list[Hook] = []
        self.readiness = Readiness()
        self.readiness.add("kafka", self._check_kafka)

    def on_startup(self, hook: Hook) -> None:
        """Call `hook` at start, after the ones before it, and before records are taken."""
        self._startup.append(hook)

    def on_shutdown(self, hook: Hook) -> None:
        """Call `hook` at the end, before the ones that were added earlier, after the last record."""
        self._shutdown.append(hook)

    def check(self, name: str, probe: Probe) -> None:
        """Be ready only where `probe` does not raise."""
        self.readiness.add(name, probe)

    def consume(
        self,
        topic: Topic,
        handler: Handler[E],
        *,
        stage: Stage,
        timeout: float = 300,
        in_flight: int | None = None,
        group: str | None = None,
    ) -> None:
        """Hand each event of `topic` to `handler`.

        Args:
            topic: a topic of events.
            handler: gets the decoded event; what it raises decides what happens to the record.
            stage: the stage that users see.
            timeout: seconds after which the handler is cancelled and the record retried.
            in_flight: how many at a time; the service's setting where None.
            group: consumer group; the service's name where None. Each topic needs a group of its own: members that
                read different topics disturb each other's assignments.
        """
        model = topic.event
        if model is None:
            raise ValueError(f"{topic.name} holds other topics' records: use consume_raw")

        async def handle(record: Record) -> None:
            raw = raw_record(record)
            event = cast(E, _decode(model, raw))
            with log_context(
                job_id=str(event.job_id),
                video_id=event.video_id,
                stage=str(stage),
                attempt=raw.attempt,
                trace_id=event.trace,
            ):
                await self._bounded(handler(event, self._delivery(event, stage, raw)), timeout)

        self._add(topic, handle, stage, timeout, in_flight, group)

    def consume_raw(
        self,
        topic: Topic,
        handler: RawHandler,
        *,
        stage: Stage = Stage.FAILED,
        timeout: float = 60,
        in_flight: int | None = None,
        group: str | None = None,
    ) -> None:
        """Hand each record of `topic` to `handler`, undecoded. Arguments as in `consume`."""

        async def handle(record: Record) -> None:
            raw = raw_record(record)
            await self._bounded(handler(raw, self._delivery(None, stage, raw)), timeout)

        self._add(topic, handle, stage, timeout, in_flight, group)

    async def _bounded(self, work: Awaitable[None], timeout: float) -> None:
        try:
            await wait_bounded(work, timeout)
        except TimeoutError as error:
            raise TransientError("timed_out", f"The stage did not finish within {timeout:g} s.") from error

    def _delivery(self, event: Event | None, stage: Stage, record: RawRecord) -> Delivery:
        return Delivery(event, stage, record.attempt, self._publisher, worker_name(self.service), self._clock)

    def _add(
        self, topic: Topic, handle: Handle, stage: Stage, timeout: float, in_flight: int | None, group: str | None
    ) -> None:
        group = group or self.service
        if group in self._groups:
            raise ValueError(f"the group {group} already reads another topic")
        self._groups.add(group)
        limit = DeadLetterLimit(self._settings.dead_letter_limit)
        self.check(f"dead letters of {topic.name}", limit.check)
        failure = FailurePath(
            self.service, stage, self._settings.max_retries, self._publisher, self._metrics, self._clock, limit
        )
        flight = InFlight(
            topic.name,
            limit=in_flight or self._settings.in_flight,
            max_ahead=self._settings.max_ahead,
            drain_s=self._settings.kafka.drain_timeout_s,
            settle=failure.settle,
            metrics=self._metrics,
        )
        consumption = Consumption(topic.name, group, timeout)
        self._consumers.append(
            StageConsumer(consumption, self._measured(topic, handle, limit), flight, self._settings.kafka)
        )

    def _measured(self, topic: Topic, handle: Handle, limit: DeadLetterLimit) -> Handle:
        async def measured(record: Record) -> None:
            began = time.perf_counter()
            try:
                await handle(record)
            finally:
                self._metrics.seconds.labels(topic.name).observe(time.perf_counter() - began)
            limit.handled()
            self._metrics.records.labels(topic.name, "done").inc()

        return measured

    async def publish(self, event: Event) -> RecordMetadata:
        """Publish an event outside a handler; returns where the broker put it.

        Raises:
            KafkaError: the broker did not take it.
            RuntimeError: before `start`.
        """
        return await self._publisher.publish(event)

    async def end_offsets(self, topic: Topic) -> dict[int, int]:
        """The offset after the last record of `topic`, by partition.

        Raises:
            KafkaError: the broker is away.
        """
        return await end_offsets(self._settings.kafka, topic)

    @property
    def connected(self) -> bool:
        """Whether everything is started and records are taken."""
        return len(self._running) == len(self._consumers)

    async def _check_kafka(self) -> None:
        if not self.connected:
            raise RuntimeError("not connected to Kafka yet")

    async def start(self) -> None:
        """Open what the service needs, wait for the broker and its topics, and begin to take records."""
        for hook in self._startup:
            await hook()
        await self._publisher.start()
        await self._wait_for_topics()
        await asyncio.gather(*(self._start_consumer(consumer) for consumer in self._consumers))
        log.info("ready", topics=len(self._consumers))

    async def _wait_for_topics(self) -> None:
        delay = _SHORTEST_WAIT_S
        while missing := await missing_topics(self._settings.kafka, ALL_TOPICS):
            log.warning("topics are missing: run `vidmap topics`", missing=missing, retry_in_s=delay)
            await asyncio.sleep(delay)
            delay = min(delay * 2, _LONGEST_WAIT_S)

    async def _start_consumer(self, consumer: StageConsumer) -> None:
        delay = _SHORTEST_WAIT_S
        while consumer not in self._running:
            try:
                await consumer.start()
            except (KafkaError, OSError) as error:
                log.warning("kafka is away", error=str(error) or type(error).__name__, retry_in_s=delay)
                await asyncio.sleep(delay)
                delay = min(delay * 2, _LONGEST_WAIT_S)
            else:
                self._running.append(consumer)

    async def stop(self) -> None:
        """Finish or hand back what is in work, commit, leave, and close what was opened. Never raises."""
        grace_s = self._settings.kafka.shutdown_grace_s + _STOP_STEP_S
        await asyncio.gather(*(_quietly(consumer.stop, grace_s) for consumer in self._running))
        self._running.clear()
        await _quietly(self._publisher.stop)
        for hook in reversed(self._shutdown):
            await _quietly(hook)

    async def run(self) -> None:
        """Start, serve until SIGTERM or SIGINT, stop."""
        telemetry = self._settings.telemetry
        configure_logging(self.service, telemetry)
        stopping = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stopping.set)
        health = HealthServer(telemetry.health_host, telemetry.health_port, self.readiness, self.registry)
        if telemetry.health_port:
            await health.start()
        starting = asyncio.create_task(self.start())
        stop = asyncio.create_task(stopping.wait())
        await asyncio.wait([starting, stop], return_when=asyncio.FIRST_COMPLETED)
        failed = starting.done() and starting.exception() is not None
        if not failed:
            await stop
        starting.cancel()
        stop.cancel()
        await self.stop()
        await health.stop()
        if failed:
            await starting


def run(app: StageApp) -> None:
    """Run a stage until it is told to stop."""
    asyncio.run(app.run())


def _decode(model: type[Event], record: RawRecord) -> Event:
    try:
        return model.model_validate_json(record.value or b"")
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the record"
        raise PermanentError(
            "undecodable", f"A message on {record.topic} could not be read ({where}: {first['msg']})."
        ) from error


async def _quietly(step: Hook, limit_s: float = _STOP_STEP_S) -> None:
    """One step of a stop: what it raises is logged, and it is left behind at the limit, so that the next steps run.

    A client whose broker is gone may wait for it for ever, and be deaf to a cancel.
    """
    task = asyncio.ensure_future(step())
    done, _ = await asyncio.wait([task], timeout=limit_s)
    if not done:
        task.cancel()
        log.warning("a step of the stop was left behind", step=repr(step), after_s=limit_s)
    elif not task.cancelled() and (error := task.exception()) is not None:
        log.error("a step of the stop failed", step=repr(step), exc_info=error)
