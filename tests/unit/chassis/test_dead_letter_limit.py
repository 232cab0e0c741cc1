"""A run of dead letters that nobody foresaw stops a stage; decisions about videos do not."""

import pytest

from vidmap_chassis.dead_letter_limit import DeadLetterLimit, StoppedError
from vidmap_chassis.errors import PermanentError, TransientError

FORESEEN = (PermanentError("private", "This video is private."), "private")
UNDECODABLE = (PermanentError("undecodable", "Bad JSON."), "undecodable")
UNFORESEEN = (ZeroDivisionError(), "internal_error")
USED_UP = (TransientError("upstream_5xx", "Away."), "upstream_5xx")


@pytest.mark.parametrize("letter", [UNDECODABLE, UNFORESEEN, USED_UP])
async def test_stops_when_as_many_as_the_limit_were_buried_in_a_row(letter: tuple[Exception, str]) -> None:
    limit = DeadLetterLimit(2)
    for _ in range(2):
        limit.allow(*letter)
        limit.buried(*letter)
    with pytest.raises(StoppedError, match=f"2 dead letters in a row, the last with the code {letter[1]}"):
        limit.allow(*letter)
    with pytest.raises(StoppedError):
        await limit.check()
    limit.allow(*FORESEEN)


async def test_goes_on_when_the_broker_takes_no_dead_letter_for_a_while() -> None:
    limit = DeadLetterLimit(2)
    for _ in range(50):
        limit.allow(*UNFORESEEN)
    await limit.check()


async def test_goes_on_when_stages_decide_on_many_videos() -> None:
    limit = DeadLetterLimit(2)
    for _ in range(50):
        limit.allow(*FORESEEN)
        limit.buried(*FORESEEN)
    await limit.check()


async def test_a_record_that_was_handled_ends_the_row() -> None:
    limit = DeadLetterLimit(2)
    for _ in range(5):
        limit.allow(*UNFORESEEN)
        limit.buried(*UNFORESEEN)
        limit.handled()
    await limit.check()
