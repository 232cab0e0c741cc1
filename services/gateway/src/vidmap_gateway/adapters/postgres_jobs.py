"""Jobs in Postgres: what users asked for, joined with the runs that work for them."""

from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from vidmap_contracts.job import JobStatus, ProcessingOptions, Stage
from vidmap_gateway.adapters.postgres import Connections
from vidmap_gateway.domain import Job, StageTiming, Submission

_LIVE = "('queued', 'running', 'retrying')"

# `j` is a job and `r` its run; a cancelled job is final whatever its run does for others.
_COLUMNS = """
    j.id, j.user_id, j.youtube_url, j.video_id, j.options::text as options, j.priority, j.cached,
    j.created_at, j.cancelled_at,
    r.status, r.stage, r.progress, r.retry_count, r.message, r.error_code, r.error_message, r.operator_action,
    r.next_retry_at, r.finished_at, r.updated_at,
    case when r.status = 'queued' then 1 + (
        select count(*) from runs q
        where q.status = 'queued'
          and (q.priority > r.priority or (q.priority = r.priority and q.created_at < r.created_at))
    ) end as position
"""
_SELECT = f"select {_COLUMNS} from jobs j join runs r on r.id = j.run_id"  # noqa: S608  # constants only

FIND = f"{_SELECT} where j.id = $1"
OF_RUN = f"{_SELECT} where j.run_id = $1 and j.cancelled_at is null"
OF_USER = f"{_SELECT} where j.user_id = $1 order by j.created_at desc, j.id limit $2 offset $3"
COUNT_OF_USER = "select count(*) from jobs where user_id = $1"
LIVE_OF_USER = f"""{_SELECT}
    where j.user_id = $1 and j.cancelled_at is null and r.status in {_LIVE}
    order by j.created_at desc, j.id"""
TIMINGS = """
    select t.stage, t.seconds from stage_timings t join jobs j on j.run_id = t.run_id
    where j.id = $1 and t.seconds is not null
    order by t.started_at, t.finished_at
"""
FINISHED_RUN = """
    select v.run_id from videos v join runs r on r.id = v.run_id and r.status = 'completed'
    where v.video_id = $1 and v.options_digest = $2
"""
_JOB_VALUES = "$1, $2, $3, $4, $5::text::jsonb, $6"
ATTACH = f"""
    with j as (
        insert into jobs (id, user_id, youtube_url, video_id, options, priority, cached, run_id)
        select {_JOB_VALUES}, true, r.id from runs r where r.id = $7 and r.video_id = $4 and r.status = 'completed'
        returning *
    )
    select {_COLUMNS} from j join runs r on r.id = j.run_id
"""  # noqa: S608  # constants only
# The unique index over live runs makes this the single flight: whoever comes second gets the first one's run,
# and holds its row until the job is in, so that the run cannot end without telling the job.
SUBMIT = f"""
    with r as (
        insert into runs (id, video_id, options, options_digest, trace, priority)
        values ($7, $4, $5::text::jsonb, $8, $9, $6)
        on conflict (video_id, options_digest) where status in {_LIVE}
        do update set priority = greatest(runs.priority, excluded.priority)
        returning *
    ), j as (
        insert into jobs (id, user_id, youtube_url, video_id, options, priority, run_id)
        select {_JOB_VALUES}, r.id from r
        returning *
    )
    select {_COLUMNS} from j join r on true
"""  # noqa: S608  # constants only


class PostgresJobRepository:
    """Stores jobs, and the runs that they start."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def find(self, job_id: UUID) -> Job | None:
        """One job."""
        async with self._connections.acquire() as connection:
            row = await connection.fetchrow(FIND, job_id)
        return _job(row) if row else None

    async def of_user(self, user_id: str, *, limit: int, offset: int = 0) -> list[Job]:
        """A user's jobs, newest first."""
        return await self._jobs(OF_USER, user_id, limit, offset)

    async def count_of_user(self, user_id: str) -> int:
        """How many jobs a user has."""
        async with self._connections.acquire() as connection:
            return await connection.fetchval(COUNT_OF_USER, user_id)

    async def live_of_user(self, user_id: str) -> list[Job]:
        """A user's jobs that are not final, newest first."""
        return await self._jobs(LIVE_OF_USER, user_id)

    async def of_run(self, run_id: UUID) -> list[Job]:
        """Every job that waits for a run."""
        return await self._jobs(OF_RUN, run_id)

    async def timings(self, job_id: UUID) -> list[StageTiming]:
        """How long each finished stage of the job's run took."""
        async with self._connections.acquire() as connection:
            rows = await connection.fetch(TIMINGS, job_id)
        return [StageTiming(Stage(row["stage"]), row["seconds"]) for row in rows]

    async def finished_run(self, video_id: str, options_digest: str) -> UUID | None:
        """The completed run whose result is stored."""
        async with self._connections.acquire() as connection:
            return await connection.fetchval(FINISHED_RUN, video_id, options_digest)

    async def attach(self, submission: Submission, run_id: UUID) -> Job | None:
        """Add a job to a completed run; None where that run does not exist (any more)."""
        async with self._connections.acquire() as connection:
            row = await connection.fetchrow(ATTACH, *_job_values(submission), run_id)
        return _job(row) if row else None

    async def submit(self, submission: Submission) -> Job:
        """Add a job to the live run for its video and options, or to a new one (single flight)."""
        run = (submission.run_id, submission.options_digest, submission.trace)
        async with self._connections.acquire() as connection:
            row = await connection.fetchrow(SUBMIT, *_job_values(submission), *run)
        assert row is not None
        return _job(row)

    async def _jobs(self, query: str, *arguments: object) -> list[Job]:
        async with self._connections.acquire() as connection:
            return [_job(row) for row in await connection.fetch(query, *arguments)]


def _job_values(submission: Submission) -> tuple[object, ...]:
    return (
        submission.job_id,
        submission.user_id,
        submission.youtube_url,
        submission.video_id,
        submission.options.model_dump_json(),
        submission.priority,
    )


def _job(row: "asyncpg.Record") -> Job:
    cancelled: datetime | None = row["cancelled_at"]
    return Job(
        id=row["id"],
        user_id=row["user_id"],
        youtube_url=row["youtube_url"],
        video_id=row["video_id"],
        status=JobStatus.CANCELLED if cancelled else JobStatus(row["status"]),
        current_stage=Stage(row["stage"]),
        progress_percentage=row["progress"],
        started_at=row["created_at"],
        estimated_completion=None,
        error_message=row["error_message"],
        code=row["error_code"],
        operator_action=row["operator_action"],
        message=row["message"],
        retry_count=row["retry_count"],
        next_retry_at=row["next_retry_at"],
        processing_options=ProcessingOptions.model_validate_json(row["options"]),
        priority=row["priority"],
        cached=row["cached"],
        position=None if cancelled else row["position"],
        **_moments(row, cancelled),
    )


def _moments(row: "asyncpg.Record", cancelled: datetime | None) -> dict[str, Any]:
    """A job that joined a run late does not change or end before it began."""
    began: datetime = row["created_at"]
    ended: datetime | None = cancelled or row["finished_at"]
    return {
        "updated_at": max(began, cancelled or row["updated_at"]),
        "finished_at": max(began, ended) if ended else None,
    }
