"""Units as numbers: what it costs to join them, and how near each is to the middle of a topic."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vidmap_analyze.domain.costs import Matrix, Vector, mean_costs, smoothed, span_costs, unit_diagonal
from vidmap_analyze.domain.instruments import Instruments, StopWords
from vidmap_analyze.domain.labels import Encode, Vectors
from vidmap_analyze.domain.units import Unit
from vidmap_analyze.domain.writing import Writing

# Terms alone are sparse: neighbours lend each other theirs. Widths from development data (VCSum, TinyRec, QMSum).
_SMOOTHING = {Writing.ENGLISH: 1.0, Writing.SPACED: 1.0, Writing.SPACELESS: 4.0}
# So little that it only decides between cuts that are otherwise equal: then for pieces of equal length.
_BALANCE = 1e-6
_WORDS_PER_PIECE = 120


@dataclass(frozen=True, slots=True)
class Features:
    """Numbers about the units of one transcript."""

    costs: Matrix
    """From `span_costs`: shape (n + 1, n + 1)."""
    gram: Matrix
    weights: Vector
    vectors: Vectors | None
    """Embeddings, shape (n, d); None where the language has no encoder."""

    def centrality(self, first: int, stop: int) -> Vector:
        """The cosine of each of the units first..stop-1 to their weighted mean."""
        part, weights = self.gram[first:stop, first:stop], self.weights[first:stop]
        towards = part @ weights
        length = np.sqrt(max(float(weights @ towards), 1e-12))
        return np.round(towards / (np.sqrt(np.maximum(np.diag(part), 1e-12)) * length), 5)

    def centre(self, first: int, stop: int) -> Vectors | None:
        """The weighted mean of the embeddings of units first..stop-1, of length 1."""
        if self.vectors is None:
            return None
        mean = self.weights[first:stop].astype(np.float32) @ self.vectors[first:stop]
        return mean / max(float(np.linalg.norm(mean)), 1e-9)


def measure(units: Sequence[Unit], writing: Writing, stop_words: StopWords, instruments: Instruments) -> Features:
    """Measure units: embeddings and terms with equal say for English, smoothed terms where there is no encoder."""
    texts = [unit.text for unit in units]
    weights = np.sqrt(np.array([max(1, unit.words) for unit in units], dtype=np.float64))
    terms = instruments.term_gram(texts, writing, stop_words)
    smooth_costs = span_costs(unit_diagonal(smoothed(terms, _SMOOTHING[writing])), weights)
    if writing is Writing.ENGLISH and instruments.encode is not None:
        vectors = embed(texts, instruments.encode)
        gram = vectors.astype(np.float64) @ vectors.T.astype(np.float64)
        # Sharp terms find the very sentence in meetings, smooth ones the section in talks: each has half of the say.
        term_costs = mean_costs([span_costs(terms, np.ones(len(units))), smooth_costs])
        costs = mean_costs([span_costs(gram, weights), term_costs])
    else:
        vectors, gram, costs = None, terms, smooth_costs
    positions = np.arange(len(units), dtype=np.float64)
    balance = span_costs(np.outer(positions, positions), np.ones(len(units)))
    return Features(costs + _BALANCE * balance, gram, weights, vectors)


def embed(texts: Sequence[str], encode: Encode) -> Vectors:
    """Embed texts of any length: long ones as the mean of their pieces, which the encoder would cut otherwise."""
    pieces: list[str] = []
    owners: list[int] = []
    for owner, text in enumerate(texts):
        found = text.split()
        for first in range(0, max(1, len(found)), _WORDS_PER_PIECE):
            pieces.append(" ".join(found[first : first + _WORDS_PER_PIECE]))
            owners.append(owner)
    encoded = encode(pieces)
    if len(pieces) == len(texts):
        return encoded
    vectors = np.zeros((len(texts), encoded.shape[1]), dtype=np.float32)
    np.add.at(vectors, owners, encoded)
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
