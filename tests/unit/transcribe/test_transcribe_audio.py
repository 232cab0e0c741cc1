import itertools
import threading
from pathlib import Path

import pytest
from tests.unit.transcribe.recordings import FORMATS, decoded_length, sound, write

from vidmap_transcribe.adapters.audio import PyAvCutter, can_copy, cut, length
from vidmap_transcribe.domain.windows import WindowRule
from vidmap_transcribe.errors import UnreadableRecordingError

PAUSES = [(8.0, 8.7), (17.0, 17.7), (26.0, 26.7), (35.0, 35.7)]
SECONDS = 40.0
RULE = WindowRule(longest=12.0, search=6.0)
REENCODED = {"au", "adpcm"}


@pytest.fixture
def recording(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return write(tmp_path / f"talk.{request.param}", sound(SECONDS, PAUSES), request.param)


@pytest.mark.parametrize("recording", FORMATS, indirect=True)
def test_windows_follow_each_other_and_add_up_when_a_recording_is_cut(recording: Path):
    windows = list(cut(recording, RULE))

    assert len(windows) >= SECONDS / RULE.longest
    assert windows[0].offset == pytest.approx(0, abs=0.1)
    assert all(window.duration <= RULE.longest for window in windows)
    for before, after in itertools.pairwise(windows):
        assert after.offset == pytest.approx(before.offset + before.duration, abs=0.01)
    assert windows[-1].offset + windows[-1].duration == pytest.approx(SECONDS, abs=0.1)


@pytest.mark.parametrize("recording", FORMATS, indirect=True)
def test_each_window_holds_its_own_stretch_of_sound_when_packets_are_copied(recording: Path):
    windows = list(cut(recording, RULE))

    assert sum(decoded_length(window.body) for window in windows) == pytest.approx(SECONDS, abs=0.2)
    for window in windows:
        assert decoded_length(window.body) == pytest.approx(window.duration, abs=0.1)


@pytest.mark.parametrize("recording", FORMATS, indirect=True)
def test_cuts_lie_in_pauses_when_there_are_pauses_to_be_found(recording: Path):
    cuts = [window.offset for window in cut(recording, RULE)][1:]

    assert cuts
    for at in cuts:
        assert any(begin - 0.15 <= at <= end + 0.15 for begin, end in PAUSES), at


@pytest.mark.parametrize("recording", FORMATS, indirect=True)
def test_packets_are_copied_when_matroska_knows_the_codec(recording: Path):
    assert can_copy(recording) is (recording.suffix[1:] not in REENCODED)


@pytest.mark.parametrize("recording", ["m4a", "webm"], indirect=True)
def test_the_copy_is_hardly_larger_than_the_recording_when_nothing_is_reencoded(recording: Path):
    size = sum(len(window.body) for window in cut(recording, RULE))

    assert size < recording.stat().st_size * 1.05


def test_one_window_holds_everything_when_the_recording_is_short(tmp_path: Path):
    recording = write(tmp_path / "short.m4a", sound(3.0, []))

    (window,) = cut(recording)

    assert decoded_length(window.body) == pytest.approx(3.0, abs=0.1)


@pytest.mark.parametrize("content", [b"", b"no recording at all", b"RIFF\x00\x00\x00\x00WAVEfmt ", bytes(10_000)])
def test_the_file_is_refused_when_it_holds_no_recording(content: bytes, tmp_path: Path):
    file = tmp_path / "broken.m4a"
    file.write_bytes(content)

    with pytest.raises(UnreadableRecordingError, match=r"broken\.m4a"):
        list(cut(file))


def test_the_file_is_refused_when_it_is_not_there(tmp_path: Path):
    with pytest.raises(UnreadableRecordingError, match="There is no file"):
        length(tmp_path / "nowhere.m4a")


def test_the_rest_is_read_when_a_stretch_in_the_middle_is_broken(tmp_path: Path):
    recording = write(tmp_path / "talk.mp3", sound(SECONDS, PAUSES))
    body = bytearray(recording.read_bytes())
    middle = len(body) // 2
    body[middle : middle + 4000] = bytes(4000)
    recording.write_bytes(bytes(body))

    windows = list(cut(recording, RULE))

    assert windows[-1].offset + windows[-1].duration == pytest.approx(SECONDS, abs=1.5)
    assert all(window.duration <= RULE.longest for window in windows)


def test_what_is_there_is_cut_when_the_file_breaks_off(tmp_path: Path):
    recording = write(tmp_path / "talk.webm", sound(SECONDS, PAUSES))
    body = recording.read_bytes()
    recording.write_bytes(body[: len(body) // 2])

    windows = list(cut(recording, RULE))

    assert windows[-1].offset + windows[-1].duration == pytest.approx(SECONDS / 2, abs=3)


async def test_the_same_windows_come_when_they_are_cut_in_a_thread(tmp_path: Path):
    recording = write(tmp_path / "talk.webm", sound(SECONDS, PAUSES))

    windows = [window async for window in PyAvCutter(RULE).windows(recording)]

    assert [window.offset for window in windows] == [window.offset for window in cut(recording, RULE)]


async def test_the_cutter_ends_when_it_is_left_early(tmp_path: Path):
    recording = write(tmp_path / "talk.webm", sound(SECONDS, PAUSES))
    windows = PyAvCutter(RULE).windows(recording)

    first = await anext(windows)
    await windows.aclose()

    assert first.duration > 0
    with pytest.raises(StopAsyncIteration):
        await anext(windows)


def test_no_more_windows_come_when_cutting_is_stopped(tmp_path: Path):
    recording = write(tmp_path / "talk.webm", sound(SECONDS, PAUSES))
    stopped = threading.Event()
    windows = cut(recording, RULE, stopped.is_set)

    next(windows)
    stopped.set()

    assert len(list(windows)) <= 1
