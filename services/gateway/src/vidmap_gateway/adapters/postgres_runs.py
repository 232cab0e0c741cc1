"""Runs in Postgres: the queue that the dispatcher takes from, and the state that events move."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from vidmap_contracts.event import Event
from vidmap_contracts.job import JobProgressed, JobStatus, ProcessingOptions, ProgressState, Stage
from vidmap_contracts.video import VideoIndexed
from vidmap_gateway.adapters.postgres import Connection, Connections
from vidmap_gateway.domain import (
    Burial,
    DispatchedRun,
    LogPosition,
    QueuedRun,
    RunState,
    advanced,
    buried,
    completed,
)

# One dispatcher at a time over all gateways: otherwise two of them would each fill the last free place.
_DISPATCH_LOCK = 0x76_69_64_01
TRY_DISPATCH_LOCK = "select pg_try_advisory_xact_lock($1)"
COUNT_IN_WORK = "select count(*) from runs where status in ('running', 'retrying')"
NEXT_QUEUED = """
    select r.id, r.video_id, r.trace, r.options::text as options,
        (select j.id from jobs j where j.run_id = r.id order by j.cancelled_at is not null, j.created_at, j.id limit 1)
            as job_id
    from runs r
    where r.status = 'queued' and exists (select from jobs j where j.run_id = r.id)
    order by r.priority desc, r.created_at
    limit 1
    for update of r skip locked
"""
DISPATCHED = """
    update runs
    set status = 'running', dispatched_at = now(), updated_at = clock_timestamp(),
        dispatched_partition = $2, dispatched_offset = $3
    where id = $1
"""
IN_WORK = """
    select id, dispatched_partition, dispatched_offset from runs where status in ('running', 'retrying')
"""
REQUEUE = """
    update runs
    set status = 'queued', dispatched_partition = null, dispatched_offset = null, next_retry_at = null,
        updated_at = clock_timestamp()
    where id = any($1) and status in ('running', 'retrying')
"""
# A run that waits for a retry is not stalled, nor is one whose retry has only just come due.
REQUEUE_STALLED = """
    update runs
    set status = 'queued', dispatched_partition = null, dispatched_offset = null, next_retry_at = null,
        updated_at = $2
    where status in ('running', 'retrying') and greatest(updated_at, next_retry_at) < $1
"""
INSERT_EVENT = """
    insert into run_events (event_id, run_id, stage, state, progress, attempt, message, code, worker, occurred_at)
    select $1, r.id, $3, $4, $5, $6, $7, $8, $9, $10 from runs r where r.id = $2
    on conflict (event_id) do nothing
    returning run_id
"""
LOCK_RUN = """
    select status, stage, progress, retry_count, message, error_code, error_message, operator_action, next_retry_at
    from runs where id = $1 for update
"""
# Not now(): that is when the transaction began, perhaps before another one that was faster to the row.
UPDATE_RUN = """
    update runs
    set status = $2, stage = $3, progress = $4, retry_count = $5, message = $6, error_code = $7, error_message = $8,
        operator_action = $9, next_retry_at = $10, updated_at = clock_timestamp(),
        finished_at = case when $11 then clock_timestamp() end
    where id = $1
"""


class PostgresRunRepository:
    """Moves runs; the rules themselves are the domain's."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    @asynccontextmanager
    async def release(self, limit: int) -> AsyncGenerator["PostgresRelease | None"]:
        """The next run to dispatch, locked; None where none waits, `limit` are in work, or another gateway is at it."""
        async with self._connections.transaction() as connection:
            run = await _next_run(connection, limit)
            yield PostgresRelease(connection, run) if run else None

    async def in_work(self) -> list[DispatchedRun]:
        """Runs that are running or retrying."""
        async with self._connections.acquire() as connection:
            return [_dispatched_run(row) for row in await connection.fetch(IN_WORK)]

    async def requeue(self, run_ids: list[UUID]) -> int:
        """Put runs in work back in the queue; returns how many."""
        async with self._connections.acquire() as connection:
            return _count(await connection.execute(REQUEUE, run_ids))

    async def requeue_stalled(self, *, since: datetime, now: datetime) -> int:
        """Put runs back in the queue that made no progress since `since` and wait for no retry."""
        async with self._connections.acquire() as connection:
            return _count(await connection.execute(REQUEUE_STALLED, since, now))

    async def advance(self, event: JobProgressed) -> bool:
        """Apply a report once; whether it changed the run."""
        told = (event.attempt, event.message, event.code, event.worker, event.occurred_at)
        row = (event.event_id, event.run, event.current_stage, event.state, event.progress, *told)
        return await self._apply(row, lambda run: advanced(run, event))

    async def complete(self, event: VideoIndexed) -> bool:
        """Apply the end of a run once; whether it changed the run."""
        return await self._apply(_completed_row(event), completed)

    async def bury(self, burial: Burial) -> bool:
        """Apply a dead letter once; whether it changed the run."""
        told = (0, burial.message, burial.code, burial.worker, burial.occurred_at)
        row = (burial.event_id, burial.run, burial.stage or Stage.FAILED, "failed", 0, *told)
        return await self._apply(row, lambda run: buried(run, burial))

    async def _apply(self, row: tuple[object, ...], rule: Callable[[RunState], RunState]) -> bool:
        async with self._connections.transaction() as connection:
            run_id: UUID | None = await connection.fetchval(INSERT_EVENT, *row)
            if run_id is None:
                return False
            before = _run_state(await connection.fetchrow(LOCK_RUN, run_id))
            after = rule(before)
            if not before.status.is_final:
                # Also where nothing changes: the report is a sign of life.
                await connection.execute(UPDATE_RUN, run_id, *_run_values(after))
        return after != before


class PostgresRelease:
    """A run that stays locked until the transaction ends."""

    def __init__(self, connection: Connection, run: QueuedRun) -> None:
        self.run = run
        self._connection = connection

    async def dispatched(self, position: LogPosition) -> None:
        """The broker has the run's first message."""
        await self._connection.execute(DISPATCHED, self.run.id, position.partition, position.offset)


async def _next_run(connection: Connection, limit: int) -> QueuedRun | None:
    if not await connection.fetchval(TRY_DISPATCH_LOCK, _DISPATCH_LOCK):
        return None
    if await connection.fetchval(COUNT_IN_WORK) >= limit:
        return None
    row = await connection.fetchrow(NEXT_QUEUED)
    if row is None:
        return None
    options = ProcessingOptions.model_validate_json(row["options"])
    return QueuedRun(row["id"], row["job_id"], row["video_id"], row["trace"], options)


def _completed_row(event: Event) -> tuple[object, ...]:
    told = (0, None, None, None, event.occurred_at)
    return (event.event_id, event.run, Stage.COMPLETED, ProgressState.FINISHED, Stage.COMPLETED.progress, *told)


def _dispatched_run(row: "asyncpg.Record") -> DispatchedRun:
    partition, offset = row["dispatched_partition"], row["dispatched_offset"]
    if partition is None or offset is None:
        return DispatchedRun(row["id"], None)
    return DispatchedRun(row["id"], LogPosition(partition, offset))


def _run_state(row: "asyncpg.Record | None") -> RunState:
    assert row is not None
    fields: dict[str, Any] = dict(row)
    return RunState(JobStatus(fields.pop("status")), Stage(fields.pop("stage")), **fields)


def _run_values(run: RunState) -> tuple[object, ...]:
    return (
        run.status,
        run.stage,
        run.progress,
        run.retry_count,
        run.message,
        run.error_code,
        run.error_message,
        run.operator_action,
        run.next_retry_at,
        run.status.is_final,
    )


def _count(tag: str) -> int:
    """The number of rows in a command tag such as `UPDATE 3`."""
    return int(tag.rpartition(" ")[2])
