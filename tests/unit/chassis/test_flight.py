"""The bookkeeping of records in flight, in any order of what can happen: never a commit past one, none dropped."""

from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from vidmap_chassis.flight import Admission, Entry, Flight

PARTITIONS = ("a", "b", "c")


@dataclass
class Log:
    """One partition on the broker: offsets with gaps, and what its group has committed."""

    life: int = 0
    offsets: list[int] = field(default_factory=list[int])
    committed: int = -1
    fetched: int = 0
    """The consumer's own position."""

    @property
    def timestamp(self) -> int:
        return 1000 + self.life

    def next_offset(self) -> int | None:
        return next((offset for offset in self.offsets if offset >= self.fetched), None)


class FlightMachine(RuleBasedStateMachine):
    """A broker with three partitions, one consumer, and another one that takes partitions and gives them back."""

    def __init__(self) -> None:
        super().__init__()
        self.flight = Flight[str]()
        self.logs = {name: Log() for name in PARTITIONS}
        self.mine: set[str] = set()
        self.rebalancing = True
        self.confirmed = False
        self.flight.revoke()
        self.waiting: list[tuple[str, int, int, int, int]] = []  # partition, life, offset, timestamp, arrived
        self.open: dict[Entry[str], tuple[str, int, int]] = {}
        self.done: set[tuple[str, int, int]] = set()

    @rule(name=st.sampled_from(PARTITIONS), gap=st.integers(0, 3))
    def produce(self, name: str, gap: int) -> None:
        log = self.logs[name]
        log.offsets.append((log.offsets[-1] if log.offsets else -1) + 1 + gap)

    @precondition(lambda self: not self.rebalancing)
    @rule(name=st.sampled_from(PARTITIONS))
    def fetch(self, name: str) -> None:
        log = self.logs[name]
        if name in self.mine and (offset := log.next_offset()) is not None:
            log.fetched = offset + 1
            self.waiting.append((name, log.life, offset, log.timestamp, self.flight.arrive()))

    @precondition(lambda self: self.waiting)
    @rule()
    def get_a_slot(self) -> None:
        name, life, offset, timestamp, arrived = self.waiting.pop(0)
        if life != self.logs[name].life:
            return  # its connection died with the log
        admission, void = self.flight.admit(name, offset, timestamp, arrived)
        for entry in void:
            assert self.open.pop(entry)[1] != life, "only entries of the lost log are void"
        if admission is Admission.TAKEN:
            assert (name, life, offset) not in self.open.values()
            self.open[self.flight.entry(name, offset)] = (name, life, offset)
            if self.flight.unanchored(name):
                self.commit()
        elif admission is Admission.REPEATED:
            known = (name, life, offset)
            assert known in self.done or known in self.open.values(), "a record was dropped"

    @precondition(lambda self: self.open)
    @rule(data=st.data())
    def finish(self, data: st.DataObject) -> None:
        entry = data.draw(st.sampled_from(sorted(self.open, key=str)))
        self.done.add(self.open.pop(entry))
        self.flight.finish(entry)

    @rule()
    def commit(self) -> None:
        if self.rebalancing:
            return
        if not self.confirmed and (due := self.flight.due(self.mine)):
            for entry in self.flight.confirm({name: self.logs[name].committed for name in due}):
                del self.open[entry]
            self.confirmed = True
        due = self.flight.due(self.mine)
        for name, position in due.items():
            self.logs[name].committed = position  # a broker takes any offset, also one past the end of its log
        self.flight.committed(due)

    @precondition(lambda self: not self.rebalancing)
    @rule()
    def revoke(self) -> None:
        self.commit()
        self.flight.revoke()
        self.rebalancing = True

    @precondition(lambda self: self.rebalancing)
    @rule(mine=st.sets(st.sampled_from(PARTITIONS)))
    def assign(self, mine: set[str]) -> None:
        for entry in self.flight.assign(mine):
            del self.open[entry]
        for name in set(PARTITIONS) - mine:
            self._work_elsewhere(name)
        for name in mine:  # aiokafka starts a new assignment at the committed offset
            self.logs[name].fetched = max(0, self.logs[name].committed)
        self.mine, self.rebalancing, self.confirmed = mine, False, False

    @rule()
    def lose_everything(self) -> None:
        """The broker comes back empty: groups and logs are gone, and the consumer has to join again."""
        for log in self.logs.values():
            log.life += 1
            log.offsets.clear()
            log.committed, log.fetched = -1, 0
        self.waiting.clear()
        self.flight.revoke()
        self.rebalancing = True

    def _work_elsewhere(self, name: str) -> None:
        log = self.logs[name]
        for offset in [offset for offset in log.offsets if offset >= log.committed][:2]:
            self.done.add((name, log.life, offset))
            log.committed = offset + 1

    @invariant()
    def nothing_is_committed_past_an_open_or_unseen_record(self) -> None:
        for name, log in self.logs.items():
            for offset in log.offsets:
                if offset < log.committed:
                    assert (name, log.life, offset) in self.done

    @invariant()
    def what_is_due_is_not_past_an_open_record(self) -> None:
        due = self.flight.due(PARTITIONS)
        for name, life, offset in self.open.values():
            if life == self.logs[name].life:
                assert due.get(name, 0) <= offset

    def teardown(self) -> None:
        """When everything calms down, every record has been handled."""
        if self.rebalancing:
            self.assign(set(PARTITIONS))
        for name in self.mine:
            while self.logs[name].next_offset() is not None:
                self.fetch(name)
        while self.waiting:
            self.get_a_slot()
        for entry in list(self.open):
            self.done.add(self.open.pop(entry))
            self.flight.finish(entry)
        self.commit()
        for name in self.mine:
            log = self.logs[name]
            assert {(name, log.life, offset) for offset in log.offsets} <= self.done
            assert log.committed > max(log.offsets, default=-1) or not log.offsets


TestFlightMachine = FlightMachine.TestCase
TestFlightMachine.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)


def taken(flight: Flight[str], offset: int, timestamp: int = 1) -> Entry[str]:
    admission, _ = flight.admit("p", offset, timestamp, flight.arrive())
    assert admission is Admission.TAKEN
    return flight.entry("p", offset)


def test_everything_is_void_when_an_offset_is_below_the_committed_one() -> None:
    flight = Flight[str]()
    flight.assign({"p"})
    flight.finish(taken(flight, 5))
    still_open = taken(flight, 6)
    flight.committed(flight.due({"p"}))
    admission, void = flight.admit("p", 0, 9, flight.arrive())
    assert (admission, void) == (Admission.TAKEN, [still_open])
    flight.finish(still_open)
    assert flight.due({"p"}) == {"p": 0}


def test_everything_is_void_when_an_open_offset_comes_with_another_timestamp() -> None:
    flight = Flight[str]()
    flight.assign({"p"})
    first = taken(flight, 0, timestamp=100)
    assert flight.admit("p", 0, 100, flight.arrive()) == (Admission.REPEATED, [])
    assert flight.admit("p", 0, 101, flight.arrive()) == (Admission.TAKEN, [first])


def test_a_record_is_turned_away_when_a_rebalance_passed_while_it_waited() -> None:
    flight = Flight[str]()
    flight.assign({"p"})
    arrived = flight.arrive()
    flight.revoke()
    assert flight.admit("p", 0, 1, arrived)[0] is Admission.TURNED_AWAY
    flight.assign({"p"})
    assert flight.admit("p", 0, 1, arrived)[0] is Admission.TURNED_AWAY
    assert flight.admit("p", 0, 1, flight.arrive())[0] is Admission.TAKEN


def test_ahead_counts_from_the_oldest_open_record() -> None:
    flight = Flight[str]()
    flight.assign({"p"})
    assert flight.ahead("p") == 0
    entries = [taken(flight, offset) for offset in (3, 4, 9)]
    flight.finish(entries[1])
    assert flight.ahead("p") == 6
    flight.finish(entries[0])
    assert flight.ahead("p") == 0
