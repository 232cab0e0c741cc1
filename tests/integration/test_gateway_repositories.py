"""The gateway's SQL, on a real Postgres."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from tests.integration.servers import eventually

from vidmap_chassis.postgres import Database
from vidmap_chassis.settings import PostgresSettings
from vidmap_contracts.event import event_id
from vidmap_contracts.ids import options_digest
from vidmap_contracts.job import JobProgressed, JobStatus, ProcessingOptions, ProgressState, Stage
from vidmap_contracts.video import VideoIndexed
from vidmap_gateway.adapters.postgres import Connections
from vidmap_gateway.adapters.postgres_jobs import PostgresJobRepository
from vidmap_gateway.adapters.postgres_runs import PostgresRunRepository
from vidmap_gateway.domain import Burial, Job, LogPosition, Submission
from vidmap_gateway.errors import PublishError, UnavailableError

VIDEO = "dQw4w9WgXcQ"
NOW = datetime.now(UTC)


def submission(video_id: str = VIDEO, **fields: Any) -> Submission:
    options = fields.pop("options", ProcessingOptions())
    given: dict[str, Any] = {
        "job_id": uuid4(),
        "run_id": uuid4(),
        "trace": secrets.token_hex(16),
        "user_id": "ada",
        "youtube_url": f"https://youtu.be/{video_id}",
        "video_id": video_id,
        "options": options,
        "options_digest": options_digest(options),
    }
    return Submission(**(given | fields))


def report(run: UUID, stage: Stage, state: ProgressState = ProgressState.STARTED, **fields: Any) -> JobProgressed:
    given: dict[str, Any] = {
        "event_id": event_id(run, "progress", "JobProgressed", stage, state, *fields.pop("parts", ())),
        "occurred_at": NOW,
        "job_id": uuid4(),
        "video_id": VIDEO,
        "run": run,
        "trace": "0" * 32,
        "current_stage": stage,
        "state": state,
        "progress": stage.progress_before if state is ProgressState.STARTED else stage.progress,
    }
    return JobProgressed.model_validate(given | fields)


def indexed(run: UUID) -> VideoIndexed:
    return VideoIndexed(
        event_id=event_id(run, "indexer", "VideoIndexed"),
        occurred_at=NOW,
        job_id=uuid4(),
        video_id=VIDEO,
        run=run,
        trace="0" * 32,
    )


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(PostgresSettings(dsn=database_url, pool_max=8), "test")
    await database.open()
    yield database
    await database.close()


@pytest.fixture
def jobs(database: Database) -> PostgresJobRepository:
    return PostgresJobRepository(Connections(database))


@pytest.fixture
def runs(database: Database) -> PostgresRunRepository:
    return PostgresRunRepository(Connections(database))


async def run_of(database: Database, job: Job) -> UUID:
    return await database.pool.fetchval("select run_id from jobs where id = $1", job.id)


async def found(jobs: PostgresJobRepository, job: Job) -> Job:
    again = await jobs.find(job.id)
    assert again is not None
    return again


async def release(runs: PostgresRunRepository, limit: int = 3) -> UUID | None:
    async with runs.release(limit) as locked:
        if locked is None:
            return None
        await locked.dispatched(LogPosition(4, 17))
        return locked.run.id


async def test_job_waits_in_queue_when_submitted(jobs: PostgresJobRepository) -> None:
    first = await jobs.submit(submission())
    second = await jobs.submit(submission("AAAAAAAAAAA"))
    urgent = await jobs.submit(submission("BBBBBBBBBBB", priority=9))
    assert (first.status, first.current_stage, first.progress_percentage) == (
        JobStatus.QUEUED,
        Stage.URL_VALIDATION,
        10,
    )
    places = [(await found(jobs, job)).position for job in (first, second, urgent)]
    assert places == [2, 3, 1]


async def test_stored_job_equals_answer_when_read_again(jobs: PostgresJobRepository) -> None:
    job = await jobs.submit(submission(options=ProcessingOptions(language="pt-BR", branches=4)))
    assert await jobs.find(job.id) == job
    assert await jobs.find(uuid4()) is None


async def test_one_run_works_when_many_ask_at_once(database: Database, jobs: PostgresJobRepository) -> None:
    asked = await asyncio.gather(*(jobs.submit(submission(user_id=f"user-{number}")) for number in range(24)))
    assert len({await run_of(database, job) for job in asked}) == 1
    assert await database.pool.fetchval("select count(*) from runs") == 1


async def test_run_takes_highest_priority_when_job_joins(database: Database, jobs: PostgresJobRepository) -> None:
    await jobs.submit(submission(priority=2))
    await jobs.submit(submission(priority=8))
    await jobs.submit(submission(priority=5))
    assert await database.pool.fetchval("select priority from runs") == 8


async def test_runs_differ_when_options_differ(database: Database, jobs: PostgresJobRepository) -> None:
    one = await jobs.submit(submission())
    other = await jobs.submit(submission(options=ProcessingOptions(language="de")))
    assert await run_of(database, one) != await run_of(database, other)


async def test_new_run_begins_when_former_one_ended(
    database: Database, jobs: PostgresJobRepository, runs: PostgresRunRepository
) -> None:
    first = await jobs.submit(submission())
    assert await runs.complete(indexed(await run_of(database, first)))
    second = await jobs.submit(submission())
    assert await run_of(database, first) != await run_of(database, second)


async def test_urgent_run_is_released_first_when_room_is_short(
    database: Database, jobs: PostgresJobRepository, runs: PostgresRunRepository
) -> None:
    normal = await jobs.submit(submission())
    urgent = await jobs.submit(submission("BBBBBBBBBBB", priority=9))
    assert await release(runs, limit=1) == await run_of(database, urgent)
    assert await release(runs, limit=1) is None
    assert await release(runs, limit=2) == await run_of(database, normal)
    assert (await found(jobs, urgent)).status is JobStatus.RUNNING
    assert (await found(jobs, urgent)).position is None


async def test_run_stays_queued_when_publishing_fails(jobs: PostgresJobRepository, runs: PostgresRunRepository) -> None:
    job = await jobs.submit(submission())

    async def dispatch_in_vain() -> None:
        async with runs.release(3) as locked:
            raise PublishError("broker_unavailable", f"{locked} was not taken")

    with pytest.raises(PublishError):
        await dispatch_in_vain()
    assert (await found(jobs, job)).status is JobStatus.QUEUED


async def test_second_dispatcher_waits_its_turn_when_one_is_at_work(
    jobs: PostgresJobRepository, runs: PostgresRunRepository
) -> None:
    await jobs.submit(submission())
    await jobs.submit(submission("BBBBBBBBBBB"))
    async with runs.release(3) as first:
        assert first is not None
        async with runs.release(3) as second:
            assert second is None


async def test_limit_holds_when_dispatchers_race(
    database: Database, jobs: PostgresJobRepository, runs: PostgresRunRepository
) -> None:
    for number in range(8):
        await jobs.submit(submission(f"video{number:06}"))
    await asyncio.gather(*(release(runs, limit=3) for _ in range(7)))
    while await release(runs, limit=3):
        pass
    assert await database.pool.fetchval("select count(*) from runs where status = 'running'") == 3


async def test_run_moves_forwards_when_stages_report(
    database: Database, jobs: PostgresJobRepository, runs: PostgresRunRepository
) -> None:
    job = await jobs.submit(submission())
    run = await run_of(database, job)
    assert await runs.advance(report(run, Stage.METADATA_EXTRACTION))
    assert await runs.advance(report(run, Stage.TRANSCRIPT_GENERATION, ProgressState.FINISHED))
    assert not await runs.advance(report(run, Stage.METADATA_EXTRACTION, ProgressState.FINISHED))
    now = await found(jobs, job)
    assert (now.status, now.current_stage, now.progress_percentage) == (
        JobStatus.RUNNING,
        Stage.TRANSCRIPT_GENERATION,
        40,
    )


async def test_report_counts_once_when_delivered_again(
    database: Database, jobs: PostgresJobRepository, runs: PostgresRunRepository
) -> None:
    job = await jobs.submit(submission())
    run = await run_of(database, job)
    retry = report(run, Stage.METADATA_EXTRACTION, ProgressState.RETRYING, code="throttled", next_retry_at=NOW)
    assert await runs.advance(retry)
    assert not await runs.advance(retry)
    now = await found(jobs, job)
    assert (now.status, now.retry_count, now.code, now.next_retry_at) == (JobStatus.RETRYING, 1, "throttled", NOW)
    assert await database.pool.fetchval("select count(*) from run_events") == 1


async def test_nothing_happens_when_run_is_unknown(runs: PostgresRunRepository) -> None:
    assert not await runs.advance(report(uuid4(), Stage.METADATA_EXTRACTION))
    assert not await runs.complete(indexed(uuid4()))


async def test_final_run_stays_when_later_events_come(
    database: Database, jobs: PostgresJobRepository, runs: PostgresRunRepository
) -> None:
    job = await jobs.submit(submission())
    run = await run_of(database, job)
    burial = Burial(uuid4(), run, Stage.METADATA_EXTRACTION, "private", "The video is private.", None, "metadata", NOW)
    assert await runs.bury(burial)
    failed = await found(jobs, job)
    assert not await runs.advance(report(run, Stage.INDEXING))
    assert not await runs.complete(indexed(run))
    assert await found(jobs, job) == failed
    assert (failed.status, failed.current_stage, failed.code) == (JobStatus.FAILED, Stage.FAILED, "private")
    assert (failed.error_message, failed.finished_at is not None) == ("The video is private.", True)


async def test_timings_are_told_when_stages_finished(
    database: Database, jobs: PostgresJobRepository, runs: PostgresRunRepository
) -> None:
    job = await jobs.submit(submission())
    run = await run_of(database, job)
    await runs.advance(report(run, Stage.METADATA_EXTRACTION))
    later = NOW + timedelta(seconds=2.5)
    await runs.advance(report(run, Stage.METADATA_EXTRACTION, ProgressState.FINISHED, occurred_at=later))
    await runs.advance(report(run, Stage.TRANSCRIPT_GENERATION))
    timings = await jobs.timings(job.id)
    assert [(timing.stage, timing.seconds) for timing in timings] == [(Stage.METADATA_EXTRACTION, 2.5)]


async def test_stalled_run_is_queued_again_when_it_waits_for_no_retry(
    database: Database, jobs: PostgresJobRepository, runs: PostgresRunRepository
) -> None:
    stalled, waiting, busy = [await jobs.submit(submission(f"video{number:06}")) for number in range(3)]
    while await release(runs, limit=3):
        pass
    hour_ago = NOW - timedelta(hours=1)
    old = [await run_of(database, job) for job in (stalled, waiting)]
    await database.pool.execute("update runs set updated_at = $1 where id = any($2)", hour_ago, old)
    await database.pool.execute("update runs set next_retry_at = now() where id = $1", old[1])
    assert await runs.requeue_stalled(since=NOW - timedelta(minutes=30), now=NOW) == 1
    states = [(await found(jobs, job)).status for job in (stalled, waiting, busy)]
    assert states == [JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.RUNNING]


async def test_requeued_run_is_released_again_when_there_is_room(
    database: Database, jobs: PostgresJobRepository, runs: PostgresRunRepository
) -> None:
    run = await run_of(database, await jobs.submit(submission()))
    assert await release(runs) == run
    (dispatched,) = await runs.in_work()
    assert (dispatched.id, dispatched.position) == (run, LogPosition(4, 17))
    assert await runs.requeue([run]) == 1
    assert await release(runs) == run


async def test_job_is_completed_at_once_when_attached_to_finished_run(
    database: Database, jobs: PostgresJobRepository, runs: PostgresRunRepository
) -> None:
    run = await run_of(database, await jobs.submit(submission()))
    assert await jobs.attach(submission(), run) is None
    await runs.complete(indexed(run))
    job = await jobs.attach(submission(), run)
    assert job is not None
    assert (job.status, job.cached, job.progress_percentage) == (JobStatus.COMPLETED, True, 100)
    assert job.updated_at >= job.started_at
    assert await jobs.attach(submission("AAAAAAAAAAA"), run) is None


async def test_time_of_a_run_never_goes_back_when_two_facts_race(
    database: Database, jobs: PostgresJobRepository, runs: PostgresRunRepository
) -> None:
    run = await run_of(database, await jobs.submit(submission()))
    waiting = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
    async with database.pool.acquire() as faster:
        transaction = faster.transaction()
        await transaction.start()
        await faster.execute("select from runs where id = $1 for update", run)
        slower = asyncio.create_task(runs.complete(indexed(run)))

        async def waits() -> bool:
            return bool(await database.pool.fetchval(waiting))

        await eventually(waits)
        told = await faster.fetchval(
            "update runs set updated_at = clock_timestamp() where id = $1 returning updated_at", run
        )
        await transaction.commit()
    assert await slower
    assert await database.pool.fetchval("select updated_at from runs where id = $1", run) > told


async def test_history_is_newest_first_when_user_has_many_jobs(jobs: PostgresJobRepository) -> None:
    asked = [await jobs.submit(submission(f"video{number:06}")) for number in range(4)]
    await jobs.submit(submission(user_id="somebody else"))
    page = await jobs.of_user("ada", limit=2, offset=1)
    assert [job.id for job in page] == [asked[2].id, asked[1].id]
    assert await jobs.count_of_user("ada") == 4


async def test_cancelled_job_is_final_when_run_goes_on(database: Database, jobs: PostgresJobRepository) -> None:
    job = await jobs.submit(submission())
    await database.pool.execute("update jobs set cancelled_at = now() where id = $1", job.id)
    now = await found(jobs, job)
    assert (now.status, now.position) == (JobStatus.CANCELLED, None)
    assert await jobs.live_of_user("ada") == []


async def test_unavailable_is_raised_when_connections_are_cut(database: Database, jobs: PostgresJobRepository) -> None:

    async def cut_off() -> None:
        async with Connections(database).acquire() as connection:
            await database.pool.execute("select pg_terminate_backend($1)", connection.get_server_pid())
            await connection.fetchval("select pg_sleep(5)")

    with pytest.raises(UnavailableError):
        await cut_off()
    assert await jobs.count_of_user("ada") == 0


async def test_unavailable_is_raised_when_database_was_never_there() -> None:
    with pytest.raises(UnavailableError) as away:
        await PostgresJobRepository(Connections(Database(PostgresSettings(), "test"))).find(uuid4())
    assert away.value.code == "database_unavailable"
