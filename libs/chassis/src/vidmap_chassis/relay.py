"""Holds failed records in the retry topics until they are due, then sends them back to where they came from.

One consumer over all retry topics: what a partition gives is buffered, and the partition is paused where the buffer is
full, so that a long delay holds up neither a short one nor the group. An offset is committed when the broker has taken
all records up to it again. Run two.
"""

import asyncio
import signal
from collections.abc import Iterable
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError
from prometheus_client import CollectorRegistry, Counter, Gauge

from vidmap_chassis.clock import Clock, utc_now
from vidmap_chassis.health import HealthServer, Readiness
from vidmap_chassis.logs import configure_logging
from vidmap_chassis.publisher import EventPublisher
from vidmap_chassis.records import raw_record
from vidmap_chassis.settings import KafkaSettings, StageSettings
from vidmap_chassis.topics import missing_topics
from vidmap_chassis.waiting import Held, Waiting
from vidmap_contracts import headers as names
from vidmap_contracts.topics import DEAD_LETTER, RETRY_DELAYS_S, RETRY_TOPICS, retry_topic

log = structlog.get_logger()

_GROUP = "relay"
_LONGEST_POLL_S = 0.2
_BUFFER = 100
_PAUSE_S = 0.5
_CLOCK_SKEW_S = 5.0
_DELAYS_S = {retry_topic(delay): delay for delay in RETRY_DELAYS_S}

Record = ConsumerRecord[Any, Any]


class Relay(ConsumerRebalanceListener):
    """Sends records back when they are due.

    Args:
        settings: the broker.
        publisher: where records go.
        registry: for metrics.
        clock: the time.
    """

    def __init__(
        self, settings: KafkaSettings, publisher: EventPublisher, registry: CollectorRegistry, clock: Clock = utc_now
    ) -> None:
        self._settings = settings
        self._publisher = publisher
        self._clock = clock
        self._waiting: dict[TopicPartition, Waiting[Record]] = {}
        self._paused: set[TopicPartition] = set()
        self._stopping = False
        self._consumer: AIOKafkaConsumer | None = None
        self._relayed = Counter("vidmap_relay_records", "Records sent back", ["topic"], registry=registry)
        self._late = Gauge("vidmap_relay_lateness_seconds", "How late the last record was", registry=registry)

    def stop(self) -> None:
        """End `run` after the records that are due now."""
        self._stopping = True

    async def check(self) -> None:
        """Raise where the relay does not consume."""
        if self._consumer is None:
            raise RuntimeError("not connected to Kafka yet")

    async def run(self) -> None:
        """Relay until `stop`; while the broker is away, wait for it."""
        await self._publisher.start()
        while not self._stopping:
            try:
                if await missing_topics(self._settings, RETRY_TOPICS):
                    raise OSError("the retry topics are not there")
                await self._consume()
            except (KafkaError, OSError) as error:
                log.warning("kafka is away", error=repr(error))
                await asyncio.sleep(_PAUSE_S)
        await self._publisher.stop()

    async def _consume(self) -> None:
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._settings.bootstrap_servers,
            client_id="vidmap-relay",
            group_id=_GROUP,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=self._settings.fetch_max_wait_ms,
            session_timeout_ms=min(10_000, self._settings.session_timeout_ms),
            heartbeat_interval_ms=min(1_000, self._settings.heartbeat_interval_ms),
        )
        consumer.subscribe([topic.name for topic in RETRY_TOPICS], listener=self)
        await consumer.start()
        self._consumer = consumer
        try:
            while not self._stopping:
                await self._turn(consumer)
        finally:
            self._consumer = None
            self._forget()
            await consumer.stop()

    async def _turn(self, consumer: AIOKafkaConsumer) -> None:
        wait_s = self._until_next()
        fetched = await consumer.getmany(timeout_ms=int(wait_s * 1000), max_records=_BUFFER)
        for where, records in fetched.items():
            self._waiting.setdefault(where, Waiting()).hold(held(record) for record in records)
        for where in list(self._waiting):
            await self._send_ready(consumer, where)
            self._pause_or_resume(consumer, where)

    def _until_next(self) -> float:
        now = self._clock().timestamp()
        times = [at - now for waiting in self._waiting.values() if (at := waiting.next_at()) is not None]
        return max(0.0, min([_LONGEST_POLL_S, *times]))

    async def _send_ready(self, consumer: AIOKafkaConsumer, where: TopicPartition) -> None:
        waiting = self._waiting[where]
        now = self._clock().timestamp()
        if not (ready := waiting.ready(now)):
            return
        await asyncio.gather(*(self._send(held, now) for held in ready))
        if self._waiting.get(where) is not waiting:
            return  # revoked meanwhile: the new owner sends them again
        for held in ready:
            waiting.sent(held)
        await consumer.commit({where: waiting.position})
        self._late.set(max(0.0, now - ready[0].due))

    async def _send(self, held: Held[Record], now: float) -> None:
        raw = raw_record(held.record)
        origin = raw.headers.get(names.ORIGIN_TOPIC, DEAD_LETTER.name)
        target = origin if held.goes_home(now) else raw.topic
        await self._publisher.send(target, raw.value, key=raw.key, headers=raw.headers)
        self._relayed.labels(raw.topic).inc()

    def _pause_or_resume(self, consumer: AIOKafkaConsumer, where: TopicPartition) -> None:
        if where not in consumer.assignment() or where not in self._waiting:
            return
        full = len(self._waiting[where]) >= _BUFFER
        if full and where not in self._paused:
            consumer.pause(where)
            self._paused.add(where)
        elif not full and where in self._paused:
            consumer.resume(where)
            self._paused.discard(where)

    # aiokafka awaits what these return, although it declares them as plain functions.
    async def on_partitions_revoked(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, revoked: Iterable[TopicPartition]
    ) -> None:
        """Forget what is buffered: whoever gets the partition reads it again."""
        self._forget()

    async def on_partitions_assigned(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, assigned: Iterable[TopicPartition]
    ) -> None:
        """Begin with nothing buffered."""
        self._forget()

    def _forget(self) -> None:
        self._waiting.clear()
        self._paused.clear()


def held(record: Record) -> Held[Record]:
    """A record of a retry topic, with its times."""
    due, leaves = due_at(record), record.timestamp / 1000 + _DELAYS_S.get(record.topic, 0)
    # Clocks differ: what is due about when it leaves need not go round once more.
    return Held(record, record.offset, due, due if due <= leaves + _CLOCK_SKEW_S else leaves)


def due_at(record: Record) -> float:
    """Epoch seconds at which a record goes back; 0 (at once) where its header cannot be read."""
    try:
        return float(raw_record(record).headers.get(names.DUE, "0"))
    except ValueError:
        return 0.0


async def _main() -> None:
    settings = StageSettings()
    telemetry = settings.telemetry
    configure_logging("relay", telemetry)
    registry, readiness = CollectorRegistry(), Readiness()
    relay = Relay(settings.kafka, EventPublisher(settings.kafka, "vidmap-relay"), registry)
    readiness.add("kafka", relay.check)
    health = HealthServer(telemetry.health_host, telemetry.health_port, readiness, registry)
    if telemetry.health_port:
        await health.start()
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    running, stop = asyncio.create_task(relay.run()), asyncio.create_task(stopping.wait())
    await asyncio.wait([running, stop], return_when=asyncio.FIRST_COMPLETED)
    relay.stop()
    _, late = await asyncio.wait([running], timeout=settings.kafka.shutdown_grace_s)
    for task in (*late, stop):
        task.cancel()
    await asyncio.gather(stop, *late, return_exceptions=True)
    await health.stop()
    if not late:
        await running


if __name__ == "__main__":
    asyncio.run(_main())
