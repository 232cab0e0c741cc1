"""Errors are decisions, and the headers tell their story."""

from datetime import UTC, datetime

import pytest

from vidmap_chassis.errors import NeedsOperatorError, PermanentError, RateLimitedError, TransientError, WaitError
from vidmap_chassis.records import RawRecord, run_of
from vidmap_chassis.retry import Bury, Retry, decide, destination, error_message, failure_headers
from vidmap_contracts import headers as names

NOW = datetime(2026, 1, 2, tzinfo=UTC)
RECORD = RawRecord("video.submitted.v1", 3, 17, b"k", b"{}", {"x-mine": "stays"})


@pytest.mark.parametrize(("attempt", "delay_s"), [(1, 2), (2, 4), (3, 8), (7, 128), (8, 256), (9, 300), (20, 300)])
def test_delay_doubles_up_to_five_minutes(attempt: int, delay_s: int) -> None:
    assert decide(TransientError("x", "y"), attempt, max_retries=99) == Retry(delay_s, delay_s)


def test_unexpected_errors_are_retried() -> None:
    assert decide(KeyError("boom"), 1, max_retries=8) == Retry(2, 2)


@pytest.mark.parametrize("error", [PermanentError("a", "b"), NeedsOperatorError("a", "b", "c")])
def test_buried_at_once_when_trying_again_cannot_help(error: Exception) -> None:
    assert decide(error, 1, max_retries=8) == Bury()


def test_buried_when_retries_are_used_up() -> None:
    assert decide(TransientError("x", "y"), 8, max_retries=8) == Retry(256, 256)
    assert decide(TransientError("x", "y"), 9, max_retries=8) == Bury()


@pytest.mark.parametrize(("asked", "delay_s"), [(0.5, 2), (2, 2), (20, 32), (299, 300), (3600, 300)])
def test_rate_limit_gets_its_time_in_the_first_topic_that_is_long_enough(asked: float, delay_s: int) -> None:
    assert decide(RateLimitedError("x", "y", asked), 1, max_retries=8) == Retry(delay_s, asked)


def test_headers_tell_origin_error_and_due_time_when_retried() -> None:
    error = TransientError("upstream_5xx", "YouTube answered with an error.")
    told = failure_headers(RECORD, error, Retry(4, 4), service="metadata", stage="metadata_extraction", now=NOW)
    assert told["x-mine"] == "stays"
    assert told[names.ATTEMPT] == "1"
    assert (told[names.ORIGIN_TOPIC], told[names.ORIGIN_PARTITION], told[names.ORIGIN_OFFSET]) == (
        "video.submitted.v1",
        "3",
        "17",
    )
    assert float(told[names.DUE]) == NOW.timestamp() + 4
    assert told[names.FIRST_FAILED_AT] == told[names.FAILED_AT]
    assert told[names.ERROR_CODE] == "upstream_5xx"
    assert names.ERROR_TRACE not in told


def test_first_failure_is_kept_when_it_fails_again() -> None:
    again = RawRecord(
        RECORD.topic, 3, 20, b"k", b"{}", {names.FIRST_FAILED_AT: "1.000", names.ATTEMPT: "4", names.DUE: "9"}
    )
    told = failure_headers(again, PermanentError("a", "b"), Bury(), service="s", stage="t", now=NOW)
    assert told[names.FIRST_FAILED_AT] == "1.000"
    assert told[names.ATTEMPT] == "5"
    assert names.DUE not in told
    assert "PermanentError" in told[names.ERROR_TRACE]


def test_operator_action_travels_with_the_dead_letter() -> None:
    error = NeedsOperatorError("bot_check", "YouTube asks for a sign-in.", "Set YTDLP_COOKIES_FILE.")
    told = failure_headers(RECORD, error, Bury(), service="s", stage="t", now=NOW)
    assert told[names.NEEDS_OPERATOR] == "Set YTDLP_COOKIES_FILE."
    assert destination(Bury()) == "dead-letter.v1"


def test_message_hides_the_insides_when_nobody_foresaw_the_error() -> None:
    assert "secret" not in error_message(RuntimeError("secret"))


@pytest.mark.parametrize("text", [b"", b"[]", b"{}", b'{"run": 5}', b'{"run": "x"}', b"\xff"])
def test_no_run_is_told_when_the_value_cannot_be_read(text: bytes) -> None:
    assert run_of(text) is None


@pytest.mark.parametrize("text", ["", "x", "-1", "1.5"])
def test_attempt_is_zero_when_the_header_is_no_number(text: str) -> None:
    assert RawRecord("t", 0, 0, None, None, {names.ATTEMPT: text}).attempt == 0


def test_waiting_is_no_attempt_however_often_it_happens() -> None:
    away = WaitError("database_unavailable", "The database is away.", 300)
    decision = decide(away, 99, max_retries=8)
    assert decision == Retry(300, 300, counts=False)
    told = failure_headers(RECORD, away, decision, service="s", stage="t", now=NOW)
    assert told[names.ATTEMPT] == "0"


def test_a_wait_that_is_longer_than_any_topic_is_told_in_full() -> None:
    decision = decide(RateLimitedError("rate_limited", "Wait.", 3600), 1, max_retries=8)
    assert decision == Retry(300, 3600)
    told = failure_headers(RECORD, RateLimitedError("x", "y", 3600), decision, service="s", stage="t", now=NOW)
    assert float(told[names.DUE]) == NOW.timestamp() + 3600
