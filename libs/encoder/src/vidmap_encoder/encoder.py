"""Sentence embeddings by a `transformers` tokenizer and an ONNX model, from files that lie in one directory.

Nothing is downloaded here: `vidmap models` puts the files in place.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime
from transformers import AutoTokenizer, PreTrainedTokenizerFast
from transformers.utils import logging as transformers_logging

from vidmap_encoder.errors import EncoderError

Vectors = npt.NDArray[np.float32]
"""One row a text, each of length 1."""
_Batch = dict[str, npt.NDArray[np.int64]]

MAX_TOKENS = 256
"""What sentence-transformers' MiniLM was trained on; longer texts are cut."""
_BATCH_SIZE = 32
_FATAL_ONLY = 4


class Encoder:
    """Maps texts to unit vectors whose dot products are their similarity.

    Args:
        directory: holds `model.onnx` and the tokenizer's files, as sentence-transformers' ONNX exports do.
        threads: cores that one call may use. With one thread the same texts always give the same bits.

    Raises:
        EncoderError: the directory is missing or its files cannot be read.
    """

    def __init__(self, directory: Path, threads: int = 1) -> None:
        model = directory / "model.onnx"
        if not model.is_file():
            raise EncoderError.missing(model)
        self._tokenizer = _load_tokenizer(directory)
        self._session = _load_session(model, threads)
        self._inputs = {value.name for value in self._session.get_inputs()}

    @property
    def dimension(self) -> int:
        """The number of columns that `encode` gives."""
        return int(self._session.get_outputs()[0].shape[-1])

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Embed texts. The same call always gives the same bits, with one thread.

        Args:
            texts: any number of texts; each is cut after 256 tokens.

        Returns:
            float32 of shape (len(texts), dimension), rows of length 1.
        """
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for rows, batch in self._batches(texts):
            vectors[rows] = self._embed(batch)
        return vectors

    def _batches(self, texts: Sequence[str]) -> Iterator[tuple[list[int], _Batch]]:
        """Texts of like length together: little is spent on padding."""
        order = sorted(range(len(texts)), key=lambda row: (len(texts[row]), row))
        for first in range(0, len(order), _BATCH_SIZE):
            rows = order[first : first + _BATCH_SIZE]
            yield rows, self._tokenize([texts[row] for row in rows])

    def _tokenize(self, texts: list[str]) -> _Batch:
        encoded = self._tokenizer(texts, padding=True, truncation=True, max_length=MAX_TOKENS, return_tensors="np")
        return {name: np.asarray(values, dtype=np.int64) for name, values in encoded.items()}

    def _embed(self, batch: _Batch) -> Vectors:
        fed = {name: values for name, values in batch.items() if name in self._inputs}
        tokens = np.asarray(self._session.run(None, fed)[0], dtype=np.float32)
        mask = batch["attention_mask"][..., None].astype(np.float32)
        means = (tokens * mask).sum(axis=1) / np.maximum(mask.sum(axis=1), 1.0)
        return means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-9)


def _load_tokenizer(directory: Path) -> PreTrainedTokenizerFast:
    # It warns on import that no deep-learning framework is there: none is wanted.
    transformers_logging.set_verbosity_error()
    try:
        return AutoTokenizer.from_pretrained(directory, local_files_only=True)
    except Exception as error:  # the Rust tokenizer raises bare Exception for a broken file
        raise EncoderError.unreadable(directory, "tokenizer", error) from error


def _load_session(model: Path, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = _FATAL_ONLY
    try:
        return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's errors have no common class of their own
        raise EncoderError.unreadable(model.parent, "model.onnx", error) from error
