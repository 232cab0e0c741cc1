import subprocess
import sys
from pathlib import Path

import pytest
from tests.unit.transcribe.recordings import sound, write

from vidmap_transcribe.adapters.whisper import Whisper, find_model
from vidmap_transcribe.errors import SpeechModelError


def run(*arguments: str, models: Path, module: str = "vidmap_transcribe") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={"VIDMAP_MODELS_DIR": str(models), "PATH": ""},
    )


def test_it_ends_with_one_sentence_when_the_file_is_not_there(tmp_path: Path):
    done = run(str(tmp_path / "nowhere.mp4"), models=tmp_path)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"There is no file {tmp_path / 'nowhere.mp4'}.\n"


def test_it_ends_with_one_sentence_when_the_file_is_no_recording(tmp_path: Path):
    file = tmp_path / "notes.mp4"
    file.write_bytes(b"just some notes\0" * 100)

    done = run(str(file), models=tmp_path)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"{file} is no audio or video file that can be read.\n"


def test_it_says_how_to_get_the_model_when_there_is_none(tmp_path: Path):
    recording = write(tmp_path / "talk.wav", sound(1.0, []))

    done = run(str(recording), models=tmp_path)

    assert (done.returncode, done.stdout) == (2, "")
    assert "`vidmap models`" in done.stderr
    assert done.stderr.count("\n") == 1


def test_the_worker_stops_at_once_when_there_is_no_model(tmp_path: Path):
    done = run(models=tmp_path, module="vidmap_transcribe.speech")

    assert done.returncode == 1
    assert "`vidmap models`" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_default_model_is_the_installed_one_when_nothing_is_named(tmp_path: Path):
    model = find_model(None, tmp_path)

    assert (model.location, model.is_hub_id) == (str(tmp_path / "speech" / "tiny.en"), False)
    assert model.is_english_only


@pytest.mark.parametrize("named", ["small", "Systran/faster-whisper-small.en"])
def test_a_hub_id_is_known_when_it_is_no_directory(named: str, tmp_path: Path):
    model = find_model(named, tmp_path)

    assert (model.name, model.is_hub_id, model.is_english_only) == (named, True, named.endswith(".en"))


def test_a_directory_is_meant_when_there_is_one_of_that_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "small").mkdir()
    monkeypatch.chdir(tmp_path)

    assert not find_model("small", tmp_path).is_hub_id


def test_the_missing_files_are_named_when_a_model_is_incomplete(tmp_path: Path):
    (tmp_path / "config.json").write_text("{}")

    with pytest.raises(SpeechModelError, match=r"model\.bin, tokenizer\.json missing"):
        Whisper(find_model(str(tmp_path), tmp_path), workers=1)
