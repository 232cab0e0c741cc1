"""Many records in flight in one consumer, at least once: offsets are committed up to the oldest open record.

FastStream hands records one by one to a middleware; it gives each to a task of its own and returns, so a slow record
holds up neither its partition nor the others. Nothing here knows what the work is: that comes as `run`, and what to do
with a failure as `settle`. A task keeps its offset open until one of the two is through.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from aiokafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor

from vidmap_chassis.metrics import StageMetrics
from vidmap_chassis.offsets import PartitionOffsets, Verdict

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


@dataclass(slots=True)
class _Partition:
    offsets: PartitionOffsets = field(default_factory=PartitionOffsets)
    tasks: dict[int, asyncio.Task[None]] = field(default_factory=dict[int, asyncio.Task[None]])
    paused: bool = False


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
        self._partitions: dict[TopicPartition, _Partition] = {}
        self._generation = 0
        self._held = False
        self._closed = False
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
        generation = self._generation
        await self._slots.acquire()
        # A rebalance may have passed while this record waited: then it comes again, here or elsewhere.
        if self._held or self._closed or generation != self._generation:
            self._slots.release()
            return
        where = TopicPartition(record.topic, record.partition)
        partition = self._partition_for(where, record)
        if partition.offsets.judge(record.offset, record.timestamp) is Verdict.REPEATED:
            self._slots.release()
            return
        partition.offsets.take(record.offset, record.timestamp)
        partition.tasks[record.offset] = asyncio.create_task(self._work(where, partition, record, run))
        self._pause_when_far_ahead(where, partition)

    def _partition_for(self, where: TopicPartition, record: Record) -> _Partition:
        partition = self._partitions.setdefault(where, _Partition())
        if partition.offsets.judge(record.offset, record.timestamp) is Verdict.LOG_BEGAN_ANEW:
            log.warning("the broker lost a log, it begins anew", partition=str(where), offset=record.offset)
            _cancel(partition.tasks.values())
            partition = self._partitions[where] = _Partition()
        return partition

    async def _work(self, where: TopicPartition, partition: _Partition, record: Record, run: Run) -> None:
        try:
            with self._metrics.in_flight.labels(self._topic).track_inprogress():
                await self._run_or_settle(record, run)
        except asyncio.CancelledError:
            self._metrics.records.labels(self._topic, "handed_back").inc()  # stays open: never committed past
            return
        finally:
            partition.tasks.pop(record.offset, None)
            self._slots.release()
        partition.offsets.finish(record.offset)
        self._resume_when_close(where, partition)
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
                log.error("a failed record is held: the broker did not take it", error=repr(error))
                await asyncio.sleep(_SETTLE_PAUSE_S)
            else:
                return

    def _pause_when_far_ahead(self, where: TopicPartition, partition: _Partition) -> None:
        if partition.offsets.ahead >= self._max_ahead and not partition.paused and self.consumer is not None:
            self.consumer.pause(where)
            partition.paused = True

    def _resume_when_close(self, where: TopicPartition, partition: _Partition) -> None:
        if not partition.paused or partition.offsets.ahead >= self._max_ahead or self.consumer is None:
            return
        partition.paused = False
        if where in self.consumer.assignment():
            self.consumer.resume(where)

    def _tasks(self) -> list[asyncio.Task[None]]:
        return [task for partition in self._partitions.values() for task in partition.tasks.values()]

    async def commit(self) -> None:
        """Commit each partition up to its oldest open record.

        Raises:
            aiokafka.errors.KafkaError: the broker did not take it; the next commit covers it.
        """
        consumer = self.consumer
        if consumer is None:
            return
        mine = consumer.assignment()
        due = {
            where: partition.offsets.position
            for where, partition in self._partitions.items()
            if where in mine and partition.offsets.uncommitted
        }
        if due:
            await consumer.commit(due)
            for where, position in due.items():
                if where in self._partitions:
                    self._partitions[where].offsets.committed(position)

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
        self._held = True
        if tasks := self._tasks():
            await asyncio.wait(tasks, timeout=self._drain_s)
        await self._commit_quietly()

    async def on_partitions_assigned(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, assigned: Iterable[TopicPartition]
    ) -> None:
        """Keep what stayed here, cancel what went elsewhere."""
        self._generation += 1
        self._held = False
        mine = set(assigned)
        for where in [where for where in self._partitions if where not in mine]:
            _cancel(self._partitions.pop(where).tasks.values())
        for partition in self._partitions.values():
            partition.paused = False  # a new assignment starts unpaused

    async def close(self, grace_s: float) -> None:
        """Take nothing new, wait for what is in work, cancel the rest, commit. Never raises."""
        self._closed = True
        if tasks := self._tasks():
            await asyncio.wait(tasks, timeout=grace_s)
            _cancel(tasks)
            await asyncio.gather(*tasks, return_exceptions=True)
        await self._commit_quietly()
        if self._committer is not None:
            self._committer.cancel()


def _cancel(tasks: Iterable[asyncio.Task[None]]) -> None:
    for task in list(tasks):
        task.cancel()
