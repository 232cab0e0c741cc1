"""A model small enough to be written by hand: a table of word vectors as ONNX, and a tokenizer that knows its words.

The bytes are ONNX's protobuf (https://onnx.ai/onnx/api/classes.html), put together here because no library that writes
them is among the dependencies.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer, models, pre_tokenizers

_FLOAT, _INT64 = 1, 7
_PAD, _UNKNOWN = "[PAD]", "[UNK]"


def write_tiny_model(directory: Path, words: Sequence[str], dimension: int = 16) -> npt.NDArray[np.float32]:
    """Write `model.onnx` and the tokenizer's files.

    Args:
        directory: made where it is not there.
        words: the vocabulary, lower case.
        dimension: of the vectors.

    Returns:
        the table: row 0 for padding, row 1 for unknown words, then one row for each word.
    """
    directory.mkdir(parents=True, exist_ok=True)
    vocabulary = {word: row for row, word in enumerate([_PAD, _UNKNOWN, *words])}
    table = np.random.default_rng(7).normal(size=(len(vocabulary), dimension)).astype(np.float32)
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token=_UNKNOWN))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(directory / "tokenizer.json"))
    settings = {"tokenizer_class": "PreTrainedTokenizerFast", "pad_token": _PAD, "unk_token": _UNKNOWN}
    (directory / "tokenizer_config.json").write_text(json.dumps(settings))
    (directory / "model.onnx").write_bytes(_model(table))
    return table


def _model(table: npt.NDArray[np.float32]) -> bytes:
    """Gather(table, input_ids) as last_hidden_state; attention_mask is taken and not used."""
    node = _text(1, "table") + _text(1, "input_ids") + _text(2, "last_hidden_state") + _text(4, "Gather")
    dimensions = b"".join(_number(1, size) for size in table.shape)
    initializer = dimensions + _number(2, _FLOAT) + _text(8, "table") + _bytes(9, table.tobytes())
    shape: tuple[str | int, ...] = ("batch", "tokens")
    graph = b"".join(
        [
            _bytes(1, node),
            _text(2, "tiny"),
            _bytes(5, initializer),
            _bytes(11, _value("input_ids", _INT64, shape)),
            _bytes(11, _value("attention_mask", _INT64, shape)),
            _bytes(12, _value("last_hidden_state", _FLOAT, (*shape, table.shape[1]))),
        ]
    )
    return _number(1, 8) + _bytes(7, graph) + _bytes(8, _text(1, "") + _number(2, 13))


def _value(name: str, kind: int, shape: Sequence[str | int]) -> bytes:
    sizes = b"".join(_bytes(1, _text(2, size) if isinstance(size, str) else _number(1, size)) for size in shape)
    return _text(1, name) + _bytes(2, _bytes(1, _number(1, kind) + _bytes(2, sizes)))


def _text(field: int, value: str) -> bytes:
    return _bytes(field, value.encode())


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _varint(value: int) -> bytes:
    parts = bytearray()
    while value > 127:
        parts.append(value & 127 | 128)
        value >>= 7
    parts.append(value)
    return bytes(parts)
