"""What happens to a record that failed: a pure decision from the error and the number of attempts."""

import traceback
from dataclasses import dataclass
from datetime import datetime, timedelta

from vidmap_chassis.errors import NeedsOperatorError, PermanentError, RateLimitedError, VidmapError, WaitError
from vidmap_chassis.records import RawRecord
from vidmap_contracts import headers as names
from vidmap_contracts.topics import DEAD_LETTER, RETRY_DELAYS_S, retry_topic

_TRACE_CHARACTERS = 4000
_MESSAGE_CHARACTERS = 1000
_LONGEST_DELAY_S = RETRY_DELAYS_S[-1]


@dataclass(frozen=True, slots=True)
class Retry:
    """Send the record through a retry topic."""

    delay_s: int
    """The fixed delay of the topic: one of `RETRY_DELAYS_S`."""
    wait_s: float
    """How long the record waits; more than `delay_s` where it passes through the longest topic several times."""
    counts: bool = True
    """Whether the failure was an attempt."""


@dataclass(frozen=True, slots=True)
class Bury:
    """Send the record to the dead-letter topic."""


def decide(error: BaseException, attempt: int, max_retries: int) -> Retry | Bury:
    """What to do after a failure.

    Args:
        error: what the handler raised.
        attempt: how often the record has failed now, 1 for the first time.
        max_retries: after this many failures a record is buried.
    """
    if isinstance(error, WaitError):
        return Retry(_delay_for(error.retry_after), error.retry_after, counts=False)
    if isinstance(error, PermanentError | NeedsOperatorError) or attempt > max_retries:
        return Bury()
    if isinstance(error, RateLimitedError):
        return Retry(_delay_for(error.retry_after), error.retry_after)
    delay_s = min(_LONGEST_DELAY_S, 2**attempt)
    return Retry(delay_s, delay_s)


def _delay_for(wait_s: float) -> int:
    return next((delay for delay in RETRY_DELAYS_S if delay >= wait_s), _LONGEST_DELAY_S)


def destination(decision: Retry | Bury) -> str:
    """The topic that a decision sends the record to."""
    return DEAD_LETTER.name if isinstance(decision, Bury) else retry_topic(decision.delay_s)


def counted(decision: Retry | Bury) -> int:
    """1 where the failure counts as an attempt, else 0."""
    return int(isinstance(decision, Bury) or decision.counts)


def failure_headers(
    record: RawRecord, error: BaseException, decision: Retry | Bury, *, service: str, stage: str, now: datetime
) -> dict[str, str]:
    """The record's headers with the story of this failure added.

    Args:
        record: the record that failed.
        error: what the handler raised.
        decision: what happens to the record.
        service: the service that failed.
        stage: its stage, as users see it.
        now: the present moment.
    """
    moment = f"{now.timestamp():.3f}"
    told = record.headers | {
        names.ATTEMPT: str(record.attempt + counted(decision)),
        names.ORIGIN_TOPIC: record.topic,
        names.ORIGIN_PARTITION: str(record.partition),
        names.ORIGIN_OFFSET: str(record.offset),
        names.SERVICE: service,
        names.STAGE: stage,
        names.ERROR_CLASS: type(error).__name__,
        names.ERROR_CODE: error_code(error),
        names.ERROR_MESSAGE: error_message(error)[:_MESSAGE_CHARACTERS],
        names.FAILED_AT: moment,
        names.FIRST_FAILED_AT: record.headers.get(names.FIRST_FAILED_AT, moment),
    }
    if isinstance(decision, Retry):
        told[names.DUE] = f"{(now + timedelta(seconds=decision.wait_s)).timestamp():.3f}"
    else:
        told.pop(names.DUE, None)
        told[names.ERROR_TRACE] = "".join(traceback.format_exception(error))[-_TRACE_CHARACTERS:]
        if isinstance(error, NeedsOperatorError):
            told[names.NEEDS_OPERATOR] = error.action
    return told


def error_code(error: BaseException) -> str:
    """The stable name of an error; `internal_error` for what nobody foresaw."""
    return error.code if isinstance(error, VidmapError) else "internal_error"


def error_message(error: BaseException) -> str:
    """The sentence for the user; what nobody foresaw tells its class and nothing of its insides."""
    if isinstance(error, VidmapError):
        return error.message
    return f"Something went wrong that vidmap did not foresee ({type(error).__name__}). The logs of the stage say more."
