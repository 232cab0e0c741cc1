"""Costs and cuts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidmap_analyze.domain.costs import Matrix, mean_costs, smoothed, span_costs, unit_diagonal
from vidmap_analyze.domain.splitting import cut, spans, subdivide


def _blocks(*sizes: int) -> Matrix:
    """Units of one kind after another: within a block all are equal, between blocks nothing is shared."""
    kinds = np.repeat(np.arange(len(sizes)), sizes)
    features = np.eye(len(sizes))[kinds]
    return features @ features.T


def _costs(gram: Matrix) -> Matrix:
    return span_costs(gram, np.ones(len(gram)))


def test_cost_is_the_spread_around_the_mean_when_units_are_weighted() -> None:
    features = np.random.default_rng(1).normal(size=(6, 3))
    weights = np.array([1.0, 2.0, 0.5, 1.0, 3.0, 1.0])
    costs = span_costs(features @ features.T, weights)

    def spread(first: int, stop: int) -> float:
        part, mass = features[first:stop], weights[first:stop, None]
        mean = (part * mass).sum(axis=0) / mass.sum()
        return float((mass * (part - mean) ** 2).sum())

    assert costs[1, 5] == pytest.approx(spread(1, 5) / spread(0, 6), abs=1e-8)
    assert costs[0, 6] == pytest.approx(1.0)


def test_cuts_fall_between_kinds_when_blocks_are_pure() -> None:
    costs = _costs(_blocks(8, 12, 10))
    assert cut(costs, 3) == (8, 20)


def test_first_level_stays_when_second_is_cut() -> None:
    costs = _costs(_blocks(8, 12, 10, 10))
    branches = cut(costs, 2)
    assert set(branches) <= set(subdivide(costs, branches, 4, 6)) == {8, 20, 30}


def test_every_branch_is_divided_when_there_are_two_leaves_for_each() -> None:
    leaves = subdivide(_costs(_blocks(20, 5, 5, 5, 5)), (20,), 4, None)
    assert any(leaf < 20 for leaf in leaves)
    assert len(leaves) == 3


def test_branch_has_no_more_parts_than_allowed_when_one_is_much_richer() -> None:
    leaves = subdivide(_costs(_blocks(20, *[4] * 10)), (20,), 12, 6)
    assert sum(leaf > 20 for leaf in leaves) == 5


def test_pieces_are_as_many_as_asked_when_every_unit_must_be_one() -> None:
    assert cut(_costs(_blocks(3, 3)), 6) == (1, 2, 3, 4, 5)
    assert cut(_costs(_blocks(3, 3)), 60) == (1, 2, 3, 4, 5)


def test_smoothing_lends_to_neighbours_when_units_share_nothing() -> None:
    gram = smoothed(np.eye(9), 1.0)
    assert gram[4, 5] > gram[4, 7] >= 0
    assert np.array_equal(smoothed(np.eye(3), 0), np.eye(3))


def test_features_of_no_length_stay_when_scaled() -> None:
    scaled = unit_diagonal(np.diag([4.0, 0.0]))
    assert scaled[0, 0] == pytest.approx(1.0)
    assert scaled[1, 1] == 0


@given(st.lists(st.floats(-5, 5), min_size=4, max_size=60), st.integers(1, 70), st.integers(1, 9))
def test_cuts_are_nested_and_exact_when_features_are_any(values: list[float], leaves: int, branches: int) -> None:
    features = np.array(values)[:, None]
    costs = mean_costs([_costs(features @ features.T), _costs(np.eye(len(values)))])
    size = len(values)
    first = cut(costs, min(branches, size))
    assert len(first) == min(branches, size) - 1
    second = subdivide(costs, first, max(leaves, len(first) + 1), None)
    assert set(first) <= set(second)
    assert len(second) == min(max(leaves, len(first) + 1), size) - 1
    assert all(stop > start for start, stop in spans(second, size))
