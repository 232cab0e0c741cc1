"""What it costs to call a stretch of the transcript one topic: the spread of its units around their mean.

Everything works on Gram matrices (dot products of units), so that sparse and dense features look alike here and
memory grows with the number of units, never with the vocabulary.
"""

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]
Vector = npt.NDArray[np.float64]

# Ties and the last bits of floating-point sums must not decide where a topic begins.
_DECIMALS = 9


def span_costs(gram: Matrix, weights: Vector) -> Matrix:
    """The weighted sum of squared distances to the mean, for every stretch of units.

    Args:
        gram: dot products of the units' features, shape (n, n).
        weights: weight of each unit, shape (n,), all above 0.

    Returns:
        shape (n + 1, n + 1); entry [a, b] is the cost of units a..b-1 as a share of the cost of all units.
        Entries with b <= a are 0.
    """
    size = len(gram)
    sums = np.zeros((size + 1, size + 1))
    sums[1:, 1:] = (gram * weights[:, None] * weights[None, :]).cumsum(axis=0).cumsum(axis=1)
    squares = np.concatenate([[0.0], np.cumsum(weights * np.diag(gram))])
    masses = np.concatenate([[0.0], np.cumsum(weights)])
    corners = np.diag(sums)
    between = corners[None, :] + corners[:, None] - sums - sums.T
    mass = masses[None, :] - masses[:, None]
    costs = np.triu(squares[None, :] - squares[:, None] - between / np.where(mass > 0, mass, 1.0), k=1)
    return np.round(costs / max(costs[0, size], 1e-12), _DECIMALS)


def smoothed(gram: Matrix, sigma: float) -> Matrix:
    """The Gram matrix of features that were averaged over neighbouring units.

    Args:
        gram: shape (n, n).
        sigma: standard deviation of the Gaussian window, in units; 0 for no change.
    """
    if sigma <= 0:
        return gram
    positions = np.arange(len(gram))
    distance = (positions[:, None] - positions[None, :]) / sigma
    window = np.where(np.abs(distance) <= 3, np.exp(-0.5 * distance**2), 0.0)
    window /= window.sum(axis=1, keepdims=True)
    return window @ gram @ window.T


def unit_diagonal(gram: Matrix) -> Matrix:
    """The Gram matrix of the same features, each scaled to length 1; features of length 0 stay."""
    lengths = np.sqrt(np.maximum(np.diag(gram), 1e-9))
    return gram / lengths[:, None] / lengths[None, :]


def mean_costs(costs: list[Matrix]) -> Matrix:
    """Several views of the same units, each normalised by `span_costs`, with equal say."""
    return np.mean(costs, axis=0)
