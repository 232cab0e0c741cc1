"""One stage topic, consumed: a FastStream subscriber with an in-flight middleware and a failure path."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import structlog
from faststream import AckPolicy, BaseMiddleware
from faststream.kafka import KafkaBroker
from faststream.message import StreamMessage

from vidmap_chassis.in_flight import InFlight, Record, sticky_assignor
from vidmap_chassis.settings import KafkaSettings

log = structlog.get_logger()

Handle = Callable[[Record], Awaitable[None]]

_record: ContextVar[Record] = ContextVar("record")


@dataclass(frozen=True, slots=True)
class Consumption:
    """What to consume, and within which bounds."""

    topic: str
    group: str
    timeout_s: float
    """After this long a handler is cancelled and its record retried."""


class StageConsumer:
    """Hands the records of one topic to `handle`, many at a time.

    Args:
        consumption: what to consume.
        handle: does the work of one record; what it raises goes to the failure path.
        in_flight: keeps the records that are in work.
        settings: the broker.
    """

    def __init__(self, consumption: Consumption, handle: Handle, in_flight: InFlight, settings: KafkaSettings) -> None:
        self._in_flight = in_flight
        self._settings = settings
        self._broker = KafkaBroker(
            settings.bootstrap_servers,
            consumer_only=True,
            allow_auto_create_topics=False,
            request_timeout_ms=settings.request_timeout_ms,
            client_id=f"vidmap-{consumption.group}",
            graceful_timeout=1.0,
            apply_types=False,
            logger=None,
            log_level=logging.DEBUG,
            middlewares=[_concurrent(in_flight)],
        )
        self._subscribe(consumption, handle)

    def _subscribe(self, consumption: Consumption, handle: Handle) -> None:
        settings = self._settings
        subscriber = self._broker.subscriber(
            consumption.topic,
            group_id=consumption.group,
            ack_policy=AckPolicy.MANUAL,
            auto_offset_reset="earliest",
            listener=self._in_flight,
            partition_assignment_strategy=[sticky_assignor()],
            fetch_max_wait_ms=settings.fetch_max_wait_ms,
            session_timeout_ms=settings.session_timeout_ms,
            heartbeat_interval_ms=settings.heartbeat_interval_ms,
            rebalance_timeout_ms=settings.rebalance_timeout_ms,
            max_poll_interval_ms=int(consumption.timeout_s * 2000),
            decoder=_undecoded,
        )

        async def on_record(_: object) -> None:
            await handle(_record.get())

        subscriber(on_record)
        self._in_flight.subscriber = subscriber

    async def start(self) -> None:
        """Join the group and begin to take records.

        Raises:
            aiokafka.errors.KafkaError: the broker is away; `start` may be called again.
        """
        try:
            await self._broker.start()
        except BaseException:  # also a cancel: half a consumer would stay in the group
            await self._broker.stop()
            raise

    async def stop(self) -> None:
        """Stop taking records, finish or hand back what is in work, commit, leave the group."""
        await self._in_flight.close(self._settings.shutdown_grace_s)
        await self._broker.stop()


async def _undecoded(message: StreamMessage[Any]) -> bytes:
    """The handler decodes for itself, inside its task, so that a bad record takes the one way out."""
    return message.body


def _concurrent(in_flight: InFlight) -> type[BaseMiddleware[Any, Any]]:
    """The middleware that hands each record to a task of its own and returns."""

    class Concurrent(BaseMiddleware[Any, Any]):
        async def consume_scope(
            self, call_next: Callable[[StreamMessage[Any]], Awaitable[Any]], msg: StreamMessage[Any]
        ) -> None:
            record: Record = msg.raw_message

            async def run() -> None:
                _record.set(record)
                await call_next(msg)

            await in_flight.take(record, run)

        async def __aexit__(
            self,
            exc_type: type[BaseException] | None = None,
            exc_val: BaseException | None = None,
            exc_tb: TracebackType | None = None,
        ) -> bool | None:
            # What cannot even be parsed (a header that is no text) fails before consume_scope: the same way out.
            if exc_val is None or not isinstance(exc_val, Exception) or self.msg is None:
                return False
            failure = exc_val

            async def fail() -> None:
                raise failure

            await in_flight.take(self.msg, fail)
            return True

    return Concurrent


async def wait_bounded(awaitable: Awaitable[None], timeout_s: float) -> None:
    """Await with a limit.

    Raises:
        TimeoutError: it took longer than `timeout_s` seconds; the work was cancelled.
    """
    async with asyncio.timeout(timeout_s):
        await awaitable
