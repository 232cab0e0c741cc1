"""The open records of a partition: never a commit past one, none dropped."""

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from vidmap_chassis.offsets import PartitionOffsets, Verdict


class OffsetsMachine(RuleBasedStateMachine):
    """Takes, finishes and commits in any order, with gaps, against a plain set."""

    def __init__(self) -> None:
        super().__init__()
        self.offsets = PartitionOffsets()
        self.open: set[int] = set()
        self.newest = -1
        self.committed = -1

    @rule(gap=st.integers(1, 5))
    def take(self, gap: int) -> None:
        offset = self.newest + gap
        assert self.offsets.judge(offset, offset) is Verdict.NEW
        self.offsets.take(offset, offset)
        self.open.add(offset)
        self.newest = offset

    @precondition(lambda self: self.open)
    @rule(data=st.data())
    def finish(self, data: st.DataObject) -> None:
        offset = data.draw(st.sampled_from(sorted(self.open)))
        self.offsets.finish(offset)
        self.open.remove(offset)

    @precondition(lambda self: self.newest >= 0)
    @rule()
    def commit(self) -> None:
        self.committed = self.offsets.position
        self.offsets.committed(self.committed)

    @precondition(lambda self: self.newest >= max(0, self.committed))
    @rule(data=st.data())
    def see_again(self, data: st.DataObject) -> None:
        offset = data.draw(st.integers(max(0, self.committed), self.newest))
        assert self.offsets.judge(offset, offset) is Verdict.REPEATED

    @invariant()
    def never_past_an_open_record(self) -> None:
        assert self.offsets.open == tuple(sorted(self.open))
        assert all(self.offsets.position <= offset for offset in self.open)
        assert self.offsets.position == min(self.open, default=self.newest + 1)


TestOffsetsMachine = OffsetsMachine.TestCase


def test_log_began_anew_when_an_offset_is_below_the_committed_one() -> None:
    offsets = PartitionOffsets()
    offsets.take(5, 100)
    offsets.finish(5)
    offsets.committed(6)
    assert offsets.judge(0, 200) is Verdict.LOG_BEGAN_ANEW


def test_log_began_anew_when_an_open_offset_comes_with_another_timestamp() -> None:
    offsets = PartitionOffsets()
    offsets.take(0, 100)
    assert offsets.judge(0, 100) is Verdict.REPEATED
    assert offsets.judge(0, 101) is Verdict.LOG_BEGAN_ANEW


def test_ahead_counts_from_the_oldest_open_record() -> None:
    offsets = PartitionOffsets()
    assert offsets.ahead == 0
    for offset in (3, 4, 9):
        offsets.take(offset, offset)
    offsets.finish(4)
    assert offsets.ahead == 6
    offsets.finish(3)
    offsets.finish(9)
    assert offsets.ahead == 0
    assert offsets.position == 10


def test_take_refuses_when_a_record_was_seen() -> None:
    offsets = PartitionOffsets()
    offsets.take(2, 2)
    with pytest.raises(ValueError, match="not past"):
        offsets.take(2, 2)
