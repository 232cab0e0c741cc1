"""How a run moves: forwards only, and not at all once it is final."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidmap_contracts.job import JobProgressed, JobStatus, ProgressState, Stage
from vidmap_gateway.domain import (
    Burial,
    DispatchedRun,
    LogPosition,
    RunState,
    advanced,
    buried,
    completed,
    is_orphaned,
)

NOW = datetime(2026, 1, 2, tzinfo=UTC)
QUEUED = RunState(JobStatus.QUEUED, Stage.URL_VALIDATION, 10)
WORKING = [stage for stage in Stage if stage not in {Stage.COMPLETED, Stage.FAILED}]


def report(stage: Stage, state: ProgressState = ProgressState.STARTED, **fields: Any) -> JobProgressed:
    given: dict[str, Any] = {
        "event_id": uuid4(),
        "occurred_at": NOW,
        "job_id": uuid4(),
        "video_id": "dQw4w9WgXcQ",
        "run": uuid4(),
        "trace": "0" * 32,
        "current_stage": stage,
        "state": state,
        "progress": stage.progress_before,
    }
    return JobProgressed.model_validate(given | fields)


def burial(action: str | None = None) -> Burial:
    return Burial(uuid4(), uuid4(), Stage.METADATA_EXTRACTION, "private", "It is private.", action, None, NOW)


reports = st.builds(
    report,
    st.sampled_from(WORKING),
    st.sampled_from(ProgressState),
    progress=st.integers(0, 99),
    code=st.none() | st.just("throttled"),
)


@given(st.lists(reports, max_size=12))
def test_stage_and_progress_never_go_back_when_reports_come_in_any_order(told: list[JobProgressed]) -> None:
    run = QUEUED
    for event in told:
        after = advanced(run, event)
        assert after.stage.order >= run.stage.order
        assert after.progress >= run.progress
        assert after.retry_count >= run.retry_count
        run = after


@given(reports, st.sampled_from([status for status in JobStatus if status.is_final]))
def test_nothing_changes_when_run_is_final(event: JobProgressed, status: JobStatus) -> None:
    final = RunState(status, Stage.CONTENT_ANALYSIS, 50)
    assert advanced(final, event) == completed(final) == buried(final, burial()) == final


def test_retry_is_told_when_stage_failed_for_now() -> None:
    event = report(
        Stage.METADATA_EXTRACTION, ProgressState.RETRYING, code="throttled", message="Slow down.", next_retry_at=NOW
    )
    run = advanced(QUEUED, event)
    assert (run.status, run.retry_count, run.error_code) == (JobStatus.RETRYING, 1, "throttled")
    assert (run.message, run.next_retry_at) == ("Slow down.", NOW)


def test_run_is_running_again_when_stage_reports_after_retry() -> None:
    waiting = advanced(QUEUED, report(Stage.METADATA_EXTRACTION, ProgressState.RETRYING, next_retry_at=NOW))
    run = advanced(waiting, report(Stage.METADATA_EXTRACTION))
    assert (run.status, run.retry_count, run.next_retry_at, run.error_code) == (JobStatus.RUNNING, 1, None, None)


def test_retry_stands_when_late_report_of_earlier_stage_comes() -> None:
    waiting = advanced(QUEUED, report(Stage.CONTENT_ANALYSIS, ProgressState.RETRYING, next_retry_at=NOW))
    assert advanced(waiting, report(Stage.METADATA_EXTRACTION, ProgressState.FINISHED)) == waiting


def test_queued_run_is_at_work_when_earlier_stage_reports() -> None:
    requeued = RunState(JobStatus.QUEUED, Stage.CONTENT_ANALYSIS, 45)
    run = advanced(requeued, report(Stage.METADATA_EXTRACTION))
    assert (run.status, run.stage, run.progress) == (JobStatus.RUNNING, Stage.CONTENT_ANALYSIS, 45)


def test_run_is_complete_when_result_is_indexed() -> None:
    run = completed(RunState(JobStatus.RETRYING, Stage.INDEXING, 95, message="wait", next_retry_at=NOW))
    assert (run.status, run.stage, run.progress, run.message) == (JobStatus.COMPLETED, Stage.COMPLETED, 100, None)


def test_progress_stays_when_run_fails() -> None:
    run = buried(RunState(JobStatus.RUNNING, Stage.CONTENT_ANALYSIS, 45), burial())
    assert (run.status, run.stage, run.progress, run.error_code) == (JobStatus.FAILED, Stage.FAILED, 45, "private")


def test_run_waits_for_operator_when_dead_letter_names_an_action() -> None:
    run = buried(RunState(JobStatus.RUNNING, Stage.CONTENT_ANALYSIS, 45), burial("Renew the cookies."))
    assert (run.status, run.stage) == (JobStatus.NEEDS_OPERATOR, Stage.CONTENT_ANALYSIS)
    assert (run.error_message, run.operator_action) == ("It is private.", "Renew the cookies.")


@pytest.mark.parametrize(
    ("position", "ends", "orphaned"),
    [
        (LogPosition(4, 17), {4: 18}, False),
        (LogPosition(4, 17), {4: 17}, True),
        (LogPosition(4, 17), {4: 0}, True),
        (LogPosition(4, 17), {}, True),
        (None, {}, False),
    ],
)
def test_run_is_orphaned_when_log_is_too_short(
    position: LogPosition | None, ends: dict[int, int], orphaned: bool
) -> None:
    assert is_orphaned(DispatchedRun(uuid4(), position), ends) is orphaned
