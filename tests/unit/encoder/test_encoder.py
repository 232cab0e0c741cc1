"""The encoder, on a model whose every vector is known."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from tests.unit.encoder.tiny_model import write_tiny_model

from vidmap_encoder import Encoder, EncoderError

WORDS = ("moon", "tide", "water", "bread", "oven")


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "tiny"


@pytest.fixture
def table(directory: Path) -> npt.NDArray[np.float32]:
    return write_tiny_model(directory, WORDS)


def row(table: npt.NDArray[np.float32], word: str) -> npt.NDArray[np.float32]:
    return table[2 + WORDS.index(word)]


def test_vector_is_normalised_mean_of_tokens_when_text_is_encoded(
    directory: Path, table: npt.NDArray[np.float32]
) -> None:
    mean = (row(table, "moon") + row(table, "tide")) / 2
    vectors = Encoder(directory).encode(["moon tide"])
    np.testing.assert_allclose(vectors[0], mean / np.linalg.norm(mean), rtol=1e-5)
    assert vectors.dtype == np.float32


def test_padding_changes_nothing_when_texts_differ_in_length(directory: Path, table: npt.NDArray[np.float32]) -> None:
    encoder = Encoder(directory)
    together = encoder.encode(["moon", "water bread oven tide water", "tide water"])
    np.testing.assert_allclose(together[0], encoder.encode(["moon"])[0], rtol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1.0, rtol=1e-5)


@pytest.mark.usefixtures("table")
def test_rows_keep_the_order_of_texts_when_batches_are_sorted(directory: Path) -> None:
    texts = [" ".join(["bread"] * (1 + index % 9) + [WORDS[index % 5]]) for index in range(100)]
    vectors = Encoder(directory).encode(texts)
    backwards = Encoder(directory).encode(texts[::-1])
    np.testing.assert_allclose(vectors, backwards[::-1], rtol=1e-5)


def test_rest_is_ignored_when_text_is_longer_than_256_tokens(directory: Path, table: npt.NDArray[np.float32]) -> None:
    vectors = Encoder(directory).encode([" ".join(["moon"] * 256 + ["oven"] * 50)])
    expected = row(table, "moon") / np.linalg.norm(row(table, "moon"))
    np.testing.assert_allclose(vectors[0], expected, rtol=1e-4)


@pytest.mark.usefixtures("table")
def test_shape_is_kept_when_there_is_nothing_to_encode(directory: Path) -> None:
    encoder = Encoder(directory)
    assert encoder.encode([]).shape == (0, 16)
    assert encoder.encode([""]).shape == (1, encoder.dimension)


def test_error_names_the_command_when_directory_is_missing(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match=r"is missing: run `vidmap models`"):
        Encoder(tmp_path / "nowhere")


@pytest.mark.usefixtures("table")
@pytest.mark.parametrize("broken", ["model.onnx", "tokenizer.json"])
def test_error_names_the_command_when_file_is_broken(directory: Path, broken: str) -> None:
    (directory / broken).write_bytes(b"{ not a model")
    with pytest.raises(EncoderError, match=r"cannot be read .*run `vidmap models`"):
        Encoder(directory)
