"""P(deep > simple): the exact interval, ties, several rivals, folds."""

import numpy as np
import pytest
from scipy.stats import binomtest

from omicsbench.stats.improvement import improvement


@pytest.mark.parametrize(("wins", "pairs"), [(0, 5), (3, 5), (5, 5), (7, 10), (10, 10)])
def test_against_the_exact_binomial_interval(wins, pairs):
    found = improvement(np.where(np.arange(pairs) < wins, 0.1, -0.1)[None])
    exact = binomtest(wins, pairs).proportion_ci(method="exact")
    assert found.share == wins / pairs
    assert (found.low, found.high) == pytest.approx((exact.low, exact.high))


def test_ties_count_half():
    assert improvement(np.zeros((1, 8))).share == 0.5
    assert improvement(np.array([[1.0, 0.0, -1.0, 0.0]])).share == 0.5


@pytest.mark.parametrize("ties", [0.0, 0.3])
@pytest.mark.parametrize("pairs", [5, 10])
def test_it_holds_with_few_pairs(pairs, ties):
    rng = np.random.default_rng(0)
    for p in (0.1, 0.5, 0.85):
        won = np.where(rng.random((400, pairs)) < p, 1.0, -1.0)
        won[rng.random((400, pairs)) < ties] = 0.0
        true = p * (1 - ties) + ties / 2
        found = [improvement(row[None]) for row in won]
        assert np.mean([i.low <= true <= i.high for i in found]) >= 0.93


def test_of_several_rivals_the_hardest_counts():
    one, other = np.ones(10), np.where(np.arange(10) < 6, 1.0, -1.0)
    both = improvement(np.stack([one, other]))
    alone = improvement(other[None])
    assert both.share == 0.6
    assert both.low == alone.low
    assert both.high > alone.high


def test_folds_get_no_interval():
    found = improvement(np.ones((1, 10)), folds=True)
    assert (found.share, found.low, found.high) == (1.0, None, None)


@pytest.mark.parametrize("bad", [np.empty((0, 5)), np.empty((1, 0)), np.array([[np.nan, 1.0]])])
def test_what_it_cannot_take(bad):
    with pytest.raises(ValueError, match="finite"):
        improvement(bad)
