"""Many records in flight in one consumer, at least once: offsets are committed up to the oldest open record.

FastStream hands records one by one to a middleware; it gives each to a task of its own and returns, so a slow record
holds up neither its partition nor the others. Nothing here knows what the work is: that comes as `run`, and what to do
with a failure as `settle`. A task keeps its offset open until one of the two is through. The bookkeeping is `flight`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Protocol

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from aiokafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor

from vidmap_chassis.flight import Admission, Entry, Flight
from vidmap_chassis.metrics import StageMetrics

log = structlog.get_logger()

Record = ConsumerRecord[Any, Any]
Run = Callable[[], Awaitable[None]]
Settle = Callable[[Record, BaseException], Awaitable[None]]

_SETTLE_PAUSE_S = 1.0
_COMMIT_PAUSE_S = 0.2


class HasConsumer(Protocol):
    """FastStream makes the consumer when its subscriber starts."""

    consumer: AIOKafkaConsumer | None


def sticky_assignor() -> type[StickyPartitionAssignor]:
    """A sticky assignor for one consumer: the class itself keeps the state, so each consumer needs its own."""
    return type("StickyAssignor", (StickyPartitionAssignor,), {})


class InFlight(ConsumerRebalanceListener):
    """The records of one consumer that are in work.

    Args:
        topic: for metrics.
        limit: how many records may be in work at the same time.
        max_ahead: how far the newest record of a partition may be past its oldest open one.
        drain_s: how long a rebalance waits for records in work.
        settle: makes a failure safe with the broker; is tried until it succeeds.
        metrics: counters of the process.
    """

    def __init__(
        self, topic: str, *, limit: int, max_ahead: int, drain_s: float, settle: Settle, metrics: StageMetrics
    ) -> None:
        self.subscriber: HasConsumer | None = None
        self._topic = topic
        self._max_ahead = max_ahead
        self._drain_s = drain_s
        self._settle = settle
        self._metrics = metrics
        self._slots = asyncio.Semaphore(limit)
        self._flight = Flight[TopicPartition]()
        self._tasks: dict[Entry[TopicPartition], asyncio.Task[None]] = {}
        self._paused: set[TopicPartition] = set()
        self._closed = False
        self._confirmed = False
        self._moved = asyncio.Event()
        self._committer: asyncio.Task[None] | None = None

    @property
    def consumer(self) -> AIOKafkaConsumer | None:
        """The consumer, while the subscriber runs."""
        return self.subscriber.consumer if self.subscriber is not None else None

    async def take(self, record: Record, run: Run) -> None:
        """Start `run` in a task of its own as soon as a slot is free; returns when it has begun, or was not needed."""
        if self._committer is None:
            self._committer = asyncio.create_task(self._commit_forever())
        arrived = self._flight.arrive()
        await self._slots.acquire()
        where = TopicPartition(record.topic, record.partition)
        if self._closed or not self._admit(where, record, arrived):
            self._slots.release()
            return
        entry = self._flight.entry(where, record.offset)
        self._tasks[entry] = asyncio.create_task(self._work(entry, record, run))
        self._pause_when_far_ahead(where)
        if self._flight.unanchored(where):
            self._moved.set()

    def _admit(self, where: TopicPartition, record: Record, arrived: int) -> bool:
        admission, void = self._flight.admit(where, record.offset, record.timestamp, arrived)
        if void:
            log.warning("the broker lost a log, it begins anew", partition=str(where), offset=record.offset)
            self._cancel(void)
        return admission is Admission.TAKEN

    async def _work(self, entry: Entry[TopicPartition], record: Record, run: Run) -> None:
        try:
            with self._metrics.in_flight.labels(self._topic).track_inprogress():
                await self._run_or_settle(record, run)
        except asyncio.CancelledError:
            self._metrics.records.labels(self._topic, "handed_back").inc()  # stays open: never committed past
            return
        finally:
            self._tasks.pop(entry, None)
            self._slots.release()
        self._flight.finish(entry)
        self._resume_when_close(entry.partition)
        self._moved.set()

    async def _run_or_settle(self, record: Record, run: Run) -> None:
        me = asyncio.current_task()
        try:
            await run()
        except (Exception, asyncio.CancelledError) as error:
            # Only a cancel of this task hands the record back; one that comes from inside the handler is a failure.
            if isinstance(error, asyncio.CancelledError) and me is not None and me.cancelling():
                raise
            await self._settle_until_safe(record, error)

    async def _settle_until_safe(self, record: Record, failure: BaseException) -> None:
        while True:
            try:
                await self._settle(record, failure)
            except Exception as error:
                self._metrics.failures_held.inc()
                log.error("a failed record is held", error=repr(error))
                await asyncio.sleep(_SETTLE_PAUSE_S)
            else:
                return

    def _pause_when_far_ahead(self, where: TopicPartition) -> None:
        # Blocking here would hold up the other partitions too.
        if self._flight.ahead(where) >= self._max_ahead and where not in self._paused and self.consumer is not None:
            self.consumer.pause(where)
            self._paused.add(where)

    def _resume_when_close(self, where: TopicPartition) -> None:
        if where not in self._paused or self._flight.ahead(where) >= self._max_ahead or self.consumer is None:
            return
        self._paused.discard(where)
        if where in self.consumer.assignment():
            self.consumer.resume(where)

    async def commit(self) -> None:
        """Commit each partition up to its oldest open record.

        Raises:
            aiokafka.errors.KafkaError: the broker did not take it; the next commit covers it.
        """
        consumer = self.consumer
        if consumer is None:
            return
        if not self._confirmed and (due := self._flight.due(consumer.assignment())):
            known = {where: await consumer.committed(where) for where in due}
            self._confirmed = True
            self._cancel(self._flight.confirm({where: -1 if at is None else at for where, at in known.items()}))
        if due := self._flight.due(consumer.assignment()):
            await consumer.commit(due)
            self._flight.committed(due)

    async def _commit_forever(self) -> None:
        while True:
            await self._moved.wait()
            self._moved.clear()
            try:
                await self.commit()
            except Exception as error:
                log.warning("offsets not committed yet", error=repr(error))
                await asyncio.sleep(_COMMIT_PAUSE_S)
                self._moved.set()

    async def _commit_quietly(self) -> None:
        try:
            await self.commit()
        except Exception as error:
            log.warning("offsets not committed", error=repr(error))

    # aiokafka awaits what these return, although it declares them as plain functions.
    async def on_partitions_revoked(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, revoked: Iterable[TopicPartition]
    ) -> None:
        """Take nothing new, wait a little, commit; the long ones go on until it is clear who has them."""
        self._flight.revoke()
        if self._tasks:
            await asyncio.wait(list(self._tasks.values()), timeout=self._drain_s)
        await self._commit_quietly()

    async def on_partitions_assigned(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, assigned: Iterable[TopicPartition]
    ) -> None:
        """Keep what stayed here, cancel what went elsewhere."""
        self._cancel(self._flight.assign(set(assigned)))
        self._paused.clear()  # a new assignment starts unpaused
        self._confirmed = False

    def _cancel(self, entries: Iterable[Entry[TopicPartition]]) -> None:
        for entry in entries:
            if entry in self._tasks:
                self._tasks[entry].cancel()

    async def close(self, grace_s: float) -> None:
        """Take nothing new, wait for what is in work, cancel the rest, commit. Never raises."""
        self._closed = True
        if tasks := list(self._tasks.values()):
            await asyncio.wait(tasks, timeout=grace_s)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        await self._commit_quietly()
        if self._committer is not None:
            self._committer.cancel()
