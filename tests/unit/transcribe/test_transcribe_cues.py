import itertools

from hypothesis import given
from hypothesis import strategies as st

from vidmap_transcribe.domain.cues import Cue, arranged, in_recording

times = st.floats(min_value=-100, max_value=1_000, allow_nan=False)
cues = st.lists(st.builds(Cue, st.text(max_size=12), times, times), max_size=30)


@given(cues, st.floats(0, 100), st.floats(0, 500))
def test_cues_are_ordered_apart_and_inside_when_they_were_not(given_cues: list[Cue], begin: float, length: float):
    end = begin + length
    result = arranged(given_cues, begin=begin, end=end)

    for cue in result:
        assert round(begin, 3) <= cue.start < cue.end <= round(end, 3)
        assert cue.text == cue.text.strip() != ""
        cue.text.encode()
    for before, after in itertools.pairwise(result):
        assert before.end <= after.start


@given(cues)
def test_nothing_changes_when_cues_are_arranged_twice(given_cues: list[Cue]):
    once = arranged(given_cues)

    assert arranged(once) == once


def test_cues_without_words_are_left_out_when_a_model_hears_dots():
    assert arranged([Cue(" . ", 0, 1), Cue("", 1, 2), Cue("♪", 2, 3), Cue("Yes.", 3, 4)]) == (Cue("Yes.", 3, 4),)


def test_words_are_kept_when_two_cues_start_together():
    assert arranged([Cue("one", 1, 2), Cue("two", 1, 3)]) == (Cue("one two", 1, 3),)


def test_times_are_those_of_the_recording_when_a_window_was_recognised():
    heard = (Cue(" Hello.", 0.0, 2.0), Cue(" Bye.", 9.0, 30.0))

    assert in_recording(heard, 100.0, 10.0) == (Cue("Hello.", 100.0, 102.0), Cue("Bye.", 109.0, 110.0))
