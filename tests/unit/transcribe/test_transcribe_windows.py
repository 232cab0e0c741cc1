import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.transcribe.recordings import sound

from vidmap_transcribe.domain.turns import first_in_each_lane, next_in_lane, share, told
from vidmap_transcribe.domain.windows import SAMPLE_RATE, Loudness


def test_the_middle_of_the_pause_is_found_when_there_is_one():
    loudness = Loudness()
    loudness.add(0.0, sound(20.0, [(12.0, 12.6)]))

    assert loudness.quietest(5.0, 20.0) == pytest.approx(12.3, abs=0.2)


@given(
    st.lists(st.integers(min_value=1, max_value=5_000), min_size=1, max_size=40), st.floats(min_value=1, max_value=7)
)
def test_the_same_point_is_quietest_however_the_samples_are_split(sizes: list[int], pause: float):
    samples = sound(10.0, [(pause, pause + 0.5)])
    whole, split = Loudness(), Loudness()
    whole.add(0.0, samples)
    bounds = np.cumsum(sizes)
    for part in np.split(samples, bounds[bounds < len(samples)]):
        split.add(None, part)

    assert split.quietest(0.5, 9.5) == pytest.approx(whole.quietest(0.5, 9.5))


def test_a_stretch_that_was_never_heard_is_quiet_when_the_file_has_a_gap():
    loudness = Loudness()
    loudness.add(0.0, sound(5.0, []))
    loudness.add(8.0, sound(5.0, []))

    assert 5.0 <= loudness.quietest(1.0, 12.0) <= 8.0


def test_nothing_old_is_kept_when_it_is_forgotten():
    loudness = Loudness()
    loudness.add(0.0, sound(10.0, [(2.0, 3.0)]))
    loudness.forget(5.0)
    loudness.add(None, sound(5.0, [(2.0, 2.5)]))

    assert loudness.quietest(6.0, 15.0) == pytest.approx(12.25, abs=0.2)


@given(st.floats(min_value=0, max_value=40_000), st.integers(min_value=1, max_value=SAMPLE_RATE))
def test_the_point_lies_between_the_times_when_the_sound_is_anywhere(begin: float, size: int):
    loudness = Loudness()
    loudness.add(begin, sound(size / SAMPLE_RATE, []))

    assert begin <= loudness.quietest(begin, begin + 15.0) <= begin + 15.0


@given(st.integers(1, 60), st.integers(1, 10), st.sets(st.integers(0, 59)))
def test_every_missing_window_is_reached_when_lanes_go_on(windows: int, lanes: int, known: set[int]):
    asked = first_in_each_lane(windows, lanes, known)
    reached = set(known)
    assert len(asked) <= lanes

    while asked:
        window = asked.pop()
        assert window not in reached
        reached.add(window)
        following = next_in_lane(window, windows, lanes)
        while following is not None and following in reached:
            following = next_in_lane(following, windows, lanes)
        if following is not None:
            asked.append(following)

    assert reached >= set(range(windows))


def test_the_first_windows_are_asked_for_when_nothing_is_known():
    assert first_in_each_lane(20, 8, ()) == [0, 1, 2, 3, 4, 5, 6, 7]
    assert first_in_each_lane(3, 8, ()) == [0, 1, 2]


@given(st.integers(1, 900), st.floats(1, 45_000), st.data())
def test_progress_stays_between_the_stages_when_windows_come_back(windows: int, duration: float, data: st.DataObject):
    done = data.draw(st.integers(0, windows))

    assert 20 <= share(done, windows, 20, 40) <= 40
    assert told(done, windows, duration).startswith("Recognised ")


def test_progress_is_told_in_minutes_when_the_recording_is_long():
    assert told(10, 40, 36 * 60) == "Recognised 9 of 36 minutes of speech"
    assert told(1, 2, 90) == "Recognised 45 of 90 seconds of speech"
