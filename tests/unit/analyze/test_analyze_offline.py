"""The command for files."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.unit.analyze.conftest import talk
from tests.unit.encoder.tiny_model import write_tiny_model

from vidmap_analyze import offline

WriteFile = Callable[[object], str]
SEGMENTS = [{"text": line.text, "start": line.start, "end": line.end} for line in talk(4)]


@pytest.fixture(autouse=True)
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VIDMAP_MODELS_DIR", str(tmp_path))
    write_tiny_model(tmp_path / "embeddings" / "minilm", ["tidal", "bulge", "bread"])
    return tmp_path


@pytest.fixture
def write_file(tmp_path: Path) -> WriteFile:
    def write(document: object) -> str:
        path = tmp_path / "talk.json"
        path.write_text(document if isinstance(document, str) else json.dumps(document))
        return str(path)

    return write


def _topics(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, object]]:
    assert offline.main(arguments) == 0
    return json.loads(capsys.readouterr().out)["topics"]


def test_topics_are_printed_when_file_is_a_transcript(
    capsys: pytest.CaptureFixture[str], write_file: WriteFile
) -> None:
    topics = _topics(capsys, write_file({"segments": SEGMENTS}), "--branches", "4", "--leaves", "8")
    assert [topic["first_segment"] for topic in topics] == [0, 12, 24, 36]
    assert [topic["start"] for topic in topics] == [0, 72, 144, 216]
    assert sum(len(topic["topics"]) for topic in topics) == 8  # type: ignore[arg-type]
    assert set(topics[0]) == {"label", "summary", "first_segment", "last_segment", "start", "end", "topics"}


def test_times_are_null_when_file_is_a_bare_list_without_times(
    capsys: pytest.CaptureFixture[str], write_file: WriteFile
) -> None:
    topics = _topics(capsys, write_file([{"text": segment["text"]} for segment in SEGMENTS]), "--branches", "4")
    assert [(topic["first_segment"], topic["start"]) for topic in topics] == [
        (0, None),
        (12, None),
        (24, None),
        (36, None),
    ]


def test_chapters_are_used_when_file_has_them(capsys: pytest.CaptureFixture[str], write_file: WriteFile) -> None:
    chapters = [{"title": title, "start": start} for title, start in (("One", 0), ("Two", 72), ("Three", 216))]
    topics = _topics(capsys, write_file({"segments": SEGMENTS, "chapters": chapters}))
    assert [topic["label"] for topic in topics] == ["One", "Two", "Three"]


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ("{", "is not JSON"),
        ({"words": []}, r"segments: Field required"),
        ([{"start": 1}], r"segments\.0\.text: Field required"),
        ([{"text": "a", "start": -1}], r"segments\.0\.start"),
        ("3", "is no transcript"),
        ([], "no spoken words"),
        ([{"text": "[Music]"}], "no spoken words"),
    ],
)
def test_one_sentence_says_why_when_input_is_bad(
    capsys: pytest.CaptureFixture[str], write_file: WriteFile, document: object, sentence: str
) -> None:
    assert offline.main([write_file(document)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert re.search(sentence, said.err)


def test_one_sentence_says_why_when_file_is_missing(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert offline.main([str(tmp_path / "none.json")]) == 2
    assert capsys.readouterr().err == f"{tmp_path}/none.json cannot be read: No such file or directory.\n"


@pytest.mark.parametrize("value", ["0", "-3", "many"])
def test_one_sentence_says_why_when_number_is_bad(capsys: pytest.CaptureFixture[str], value: str) -> None:
    with pytest.raises(SystemExit) as raised:
        offline.main(["talk.json", f"--branches={value}"])
    assert raised.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_words_alone_decide_when_model_is_not_installed(
    capsys: pytest.CaptureFixture[str], write_file: WriteFile, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("VIDMAP_MODELS_DIR", str(tmp_path / "none"))
    assert offline.main([write_file(SEGMENTS), "--branches", "4"]) == 0
    said = capsys.readouterr()
    assert [topic["first_segment"] for topic in json.loads(said.out)["topics"]] == [0, 12, 24, 36]
    assert "vidmap models" in said.err


def test_bytes_are_equal_when_module_runs_twice(write_file: WriteFile) -> None:
    command = [sys.executable, "-m", "vidmap_analyze", write_file(SEGMENTS)]
    first, second = (subprocess.run(command, capture_output=True, check=True) for _ in range(2))
    assert first.stdout == second.stdout
    assert first.stderr == b""
