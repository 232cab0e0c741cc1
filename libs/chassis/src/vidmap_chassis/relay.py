"""Holds failed records in the retry topics until they are due, then sends them back to where they came from.

One consumer over all retry topics: what a partition gave is buffered and the partition paused, so that a long delay
holds up neither a short one nor the group. An offset is committed when the broker has taken the record again. Run two.
"""

import asyncio
import signal
from collections import deque
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
from vidmap_contracts import headers as names
from vidmap_contracts.topics import DEAD_LETTER, RETRY_TOPICS

log = structlog.get_logger()

_GROUP = "relay"
_LONGEST_POLL_S = 0.2
_BUFFER = 100
_PAUSE_S = 0.5

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
        self._waiting: dict[TopicPartition, deque[Record]] = {}
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
            self._waiting.clear()
            await consumer.stop()

    async def _turn(self, consumer: AIOKafkaConsumer) -> None:
        wait_s = self._until_next_due()
        fetched = await consumer.getmany(timeout_ms=int(wait_s * 1000), max_records=_BUFFER)
        for where, records in fetched.items():
            self._waiting.setdefault(where, deque()).extend(records)
            consumer.pause(where)
        for where in list(self._waiting):
            await self._send_due(consumer, where)

    def _until_next_due(self) -> float:
        now = self._clock().timestamp()
        heads = [due_at(queue[0]) - now for queue in self._waiting.values() if queue]
        return max(0.0, min([_LONGEST_POLL_S, *heads]))

    async def _send_due(self, consumer: AIOKafkaConsumer, where: TopicPartition) -> None:
        queue = self._waiting[where]
        now = self._clock().timestamp()
        due = [record for record in queue if due_at(record) <= now]
        # The delay of a topic is fixed, so what is due stands at the head; a skewed clock must not reorder commits.
        due = due[: next((i for i, record in enumerate(queue) if due_at(record) > now), len(due))]
        if due:
            await asyncio.gather(*(self._send_back(record) for record in due))
            if self._waiting.get(where) is not queue:
                return  # revoked meanwhile: the new owner sends them again
            await consumer.commit({where: due[-1].offset + 1})
            for _ in due:
                queue.popleft()
            self._late.set(now - due_at(due[-1]))
        if not queue:
            del self._waiting[where]
            if where in consumer.assignment():
                consumer.resume(where)

    async def _send_back(self, record: Record) -> None:
        raw = raw_record(record)
        origin = raw.headers.get(names.ORIGIN_TOPIC, DEAD_LETTER.name)
        await self._publisher.send(origin, raw.value, key=raw.key, headers=raw.headers)
        self._relayed.labels(raw.topic).inc()

    # aiokafka awaits what these return, although it declares them as plain functions.
    async def on_partitions_revoked(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, revoked: Iterable[TopicPartition]
    ) -> None:
        """Forget what is buffered: whoever gets the partition reads it again."""
        self._waiting.clear()

    async def on_partitions_assigned(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, assigned: Iterable[TopicPartition]
    ) -> None:
        """Begin with nothing buffered."""
        self._waiting.clear()


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
