"""How many words the default speech model gets wrong, through the windows that the service cuts."""

import itertools
import re
from pathlib import Path

import jiwer
import pytest
from tests.standins.youtube.talks import TIDES

from vidmap_chassis.settings import models_dir
from vidmap_transcribe.adapters.audio import cut
from vidmap_transcribe.adapters.whisper import Whisper, find_model
from vidmap_transcribe.domain.cues import Cue, in_recording
from vidmap_transcribe.errors import SpeechModelError

SPEECH = Path(__file__).parents[1] / "data" / "speech"
HIGHEST = 0.06


@pytest.fixture(scope="module")
def whisper() -> Whisper:
    try:
        return Whisper(find_model(None, models_dir()), workers=1)
    except SpeechModelError as error:
        pytest.fail(f"{error} `make test` installs it first.")


def recognised(whisper: Whisper, recording: Path) -> tuple[Cue, ...]:
    return tuple(
        cue
        for window in cut(recording)
        for cue in in_recording(whisper.listen(window.body, "en"), window.offset, window.duration)
    )


def words(text: str) -> str:
    """Lower case without punctuation: what a listener would call the same."""
    plain = re.sub(r"[^a-z0-9' ]", " ", text.lower().replace("’", "'").replace("-", " "))
    return " ".join(plain.replace("'", "").split())


def error_rate(whisper: Whisper, recording: Path, script: str) -> float:
    heard = " ".join(cue.text for cue in recognised(whisper, recording))
    return jiwer.wer(words(script), words(heard))


def test_few_words_are_wrong_when_a_real_person_speaks(whisper: Whisper):
    assert error_rate(whisper, SPEECH / "jfk.flac", (SPEECH / "jfk.txt").read_text()) < HIGHEST


def test_few_words_are_wrong_when_a_whole_talk_is_recognised(whisper: Whisper):
    assert error_rate(whisper, TIDES.audio, TIDES.spoken) < HIGHEST


def test_segments_are_ordered_and_inside_when_a_recording_is_recognised(whisper: Whisper):
    cues = recognised(whisper, SPEECH / "jfk.flac")

    assert cues[0].start >= 0
    assert cues[-1].end <= 11.01
    for before, after in itertools.pairwise(cues):
        assert before.start < before.end <= after.start < after.end
