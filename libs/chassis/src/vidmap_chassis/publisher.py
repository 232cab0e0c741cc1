"""Publishing: every event and every failed record goes out through one confirmed producer per process."""

import asyncio
from typing import Any

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.structs import RecordMetadata

from vidmap_chassis.settings import KafkaSettings
from vidmap_contracts.event import Event
from vidmap_contracts.topics import BY_EVENT, FAILURE_MESSAGE_BYTES

log = structlog.get_logger()


class EventPublisher:
    """A producer that answers when the broker has the record (`acks=all`)."""

    def __init__(self, settings: KafkaSettings, client_id: str) -> None:
        self._settings = settings
        self._client_id = client_id
        self._producer: AIOKafkaProducer | None = None

    async def start(self) -> None:
        """Connect; while the broker is away, wait and try again."""
        delay = 0.2
        while self._producer is None:
            producer = self._create_producer()
            try:
                await producer.start()
            except (KafkaError, OSError) as error:
                await producer.stop()
                log.warning(
                    "no producer yet", error=str(error) or type(error).__name__, retry_in_s=delay, hint=self._hint
                )
                await asyncio.sleep(delay)
                delay = min(delay * 2, 5.0)
            else:
                self._producer = producer

    @property
    def _hint(self) -> str:
        if self._settings.idempotence:
            return "is Kafka up? a broker without idempotent producers needs KAFKA_IDEMPOTENCE=false"
        return "is Kafka up?"

    def _create_producer(self) -> AIOKafkaProducer:
        return AIOKafkaProducer(
            bootstrap_servers=self._settings.bootstrap_servers,
            client_id=self._client_id,
            acks="all",
            enable_idempotence=self._settings.idempotence,
            compression_type="gzip",
            max_request_size=FAILURE_MESSAGE_BYTES,
            request_timeout_ms=self._settings.request_timeout_ms,
        )

    async def stop(self) -> None:
        """Send what is buffered and disconnect."""
        if self._producer is not None:
            producer, self._producer = self._producer, None
            await producer.stop()

    @property
    def started(self) -> bool:
        """Whether `start` has come through."""
        return self._producer is not None

    async def publish(self, event: Event) -> RecordMetadata:
        """Publish an event to its topic, under its own key; returns where the broker put it.

        Raises:
            aiokafka.errors.KafkaError: the broker did not take it.
        """
        return await self.send(BY_EVENT[type(event)].name, event.model_dump_json().encode(), key=event.key)

    async def send(
        self, topic: str, value: bytes | None, *, key: bytes | None, headers: dict[str, str] | None = None
    ) -> RecordMetadata:
        """Publish bytes to a topic; returns when the broker has them.

        Raises:
            aiokafka.errors.KafkaError: the broker did not take them.
            RuntimeError: before `start`.
        """
        if self._producer is None:
            raise RuntimeError("the producer is not started")
        encoded: list[tuple[str, Any]] = [(name, text.encode()) for name, text in (headers or {}).items()]
        return await self._producer.send_and_wait(topic, value, key=key, headers=encoded)
