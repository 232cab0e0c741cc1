"""What waits in a retry topic: sent when it is due, committed up to the oldest that still waits."""

from hypothesis import given
from hypothesis import strategies as st

from vidmap_chassis.waiting import Held, Waiting


def held(offset: int, due: float, leaves: float = 1e12) -> Held[str]:
    return Held(f"r{offset}", offset, due, leaves)


def test_a_record_that_is_due_goes_although_the_one_before_it_waits() -> None:
    waiting = Waiting[str]()
    waiting.hold([held(3, due=100), held(5, due=10)])
    ready = waiting.ready(now=10)
    assert [one.offset for one in ready] == [5]
    waiting.sent(ready[0])
    assert waiting.position == 3
    assert waiting.next_at() == 100


def test_the_position_is_past_the_newest_when_nothing_waits() -> None:
    waiting = Waiting[str]()
    waiting.hold([held(3, due=1), held(7, due=1)])
    for one in waiting.ready(now=2):
        waiting.sent(one)
    assert (waiting.position, len(waiting), waiting.next_at()) == (8, 0, None)


def test_a_record_goes_round_again_when_it_leaves_before_it_is_due() -> None:
    one = held(0, due=3600, leaves=300)
    assert not one.is_ready(299)
    assert one.is_ready(300)
    assert not one.goes_home(300)
    assert one.goes_home(3600)


@given(st.lists(st.floats(0, 100), max_size=40), st.lists(st.floats(0, 100), max_size=20))
def test_nothing_is_sent_early_or_committed_before_it_was_sent(dues: list[float], moments: list[float]) -> None:
    waiting = Waiting[str]()
    waiting.hold(held(offset, due) for offset, due in enumerate(dues))
    sent = set[int]()
    for now in [*sorted(moments), 100.0]:
        for one in waiting.ready(now):
            assert one.due <= now
            waiting.sent(one)
            sent.add(one.offset)
        assert all(offset in sent for offset in range(waiting.position))
    assert sent == set(range(len(dues)))
