"""`python -m vidmap_transcribe FILE` with the default speech model."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.unit.transcribe.recordings import sound, write

from vidmap_chassis.settings import models_dir

SPEECH = Path(__file__).parents[1] / "data" / "speech"
COMMAND = (sys.executable, "-m", "vidmap_transcribe")


@pytest.fixture(autouse=True)
def _model() -> None:
    if not (models_dir() / "speech" / "tiny.en" / "model.bin").is_file():
        pytest.fail(f"There is no speech model in {models_dir()}: run `vidmap models`. `make test` installs it first.")


def test_the_words_come_with_their_times_when_a_person_speaks():
    done = subprocess.run([*COMMAND, SPEECH / "jfk.flac"], capture_output=True, text=True, timeout=120, check=True)

    transcript = json.loads(done.stdout)
    assert done.stderr == ""
    assert (transcript["language"], transcript["source"]) == ("en", "whisper")
    assert "ask not what your country can do for you" in " ".join(part["text"] for part in transcript["segments"])
    assert all(set(part) == {"text", "start", "end"} for part in transcript["segments"])


def test_there_are_no_segments_when_nobody_speaks(tmp_path: Path):
    recording = write(tmp_path / "noise.m4a", sound(12.0, [(0, 4), (8, 12)]) // 50)

    done = subprocess.run([*COMMAND, recording], capture_output=True, text=True, timeout=120, check=True)

    assert json.loads(done.stdout)["segments"] == []
    assert done.stderr == f"No speech was found in {recording}.\n"


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="counts the threads of another process")
def test_it_ends_at_once_when_it_is_interrupted(tmp_path: Path):
    recording = write(tmp_path / "noise.wav", sound(900.0, []))
    with subprocess.Popen([*COMMAND, recording], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        _wait_for_threads(process.pid)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) == 130


def test_memory_does_not_grow_when_the_recording_is_longer(tmp_path: Path):
    quiet = sound(600.0, []) // 50
    short = _peak_mb(write(tmp_path / "short.wav", quiet))
    long = _peak_mb(write(tmp_path / "long.wav", quiet.repeat(4)))

    # Heard as a whole, 30 more minutes take about 1.6 GB; the allocator alone differs by some 60 MB.
    assert long - short < 120


def _wait_for_threads(pid: int) -> None:
    """Until the model is loaded or being loaded: the process then has threads of its own."""
    deadline = time.monotonic() + 60
    while len(os.listdir(f"/proc/{pid}/task")) < 4:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _peak_mb(recording: Path) -> float:
    """Peak memory of a process that transcribes the recording."""
    process = subprocess.Popen([*COMMAND, recording], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return usage.ru_maxrss / (1024 if sys.platform == "linux" else 1024 * 1024)
