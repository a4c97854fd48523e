"""Contestants over data sets: ranks, wins, who can be told apart, profiles."""

import numpy as np
import pytest
from scipy.stats import rankdata, wilcoxon

from omicsbench.stats.ranks import profile, ranks


def test_ranks_without_a_margin_are_those_of_scipy():
    rng = np.random.default_rng(0)
    scores = np.round(rng.normal(size=(7, 4)), 1)
    found = ranks(scores)
    np.testing.assert_allclose(found.mean, rankdata(-scores, axis=1).mean(axis=0))
    assert (found.low <= found.mean).all()
    assert (found.mean <= found.high).all()


def test_data_sets_that_agree_are_no_certainty():
    found = ranks(np.tile([2.0, 1.0, 0.0], (4, 1)))
    assert found.low[1] < 2 < found.high[1]


def test_wins_within_the_margin_count_half():
    scores = np.array([[1.0, 0.99], [1.0, 0.5], [0.5, 1.0]])
    found = ranks(scores, 0.02)
    assert found.wins[0, 1] == pytest.approx(0.5)
    assert found.wins[1, 0] == pytest.approx(0.5)
    assert ranks(scores, 0.0).wins[0, 1] == pytest.approx(2 / 3)
    assert (np.diag(found.wins) == 0.5).all()


def test_each_data_set_has_its_own_margin():
    scores = np.array([[1.0, 0.9], [1.0, 0.9], [1.0, 0.9]])
    assert ranks(scores, [0.2, 0.2, 0.01]).wins[0, 1] == pytest.approx(2 / 3)


def test_few_data_sets_tell_nobody_apart_whatever_they_show():
    order = np.arange(4.0)[::-1]
    few, many = (ranks(np.tile(order, (k, 1))) for k in (4, 8))
    assert few.groups == ((0, 1, 2, 3),)
    assert few.needed == 8
    assert many.groups == ((0,), (1,), (2,), (3,))


def test_groups_overlap_where_only_the_ends_are_apart():
    """The second stands between the two on some data sets, before or behind both on others."""
    orders = [[2, 1, 0]] * 4 + [[1, 2, 0]] * 4 + [[2, 0, 1]] * 4
    assert ranks(np.array(orders, dtype=float)).groups == ((0, 1), (1, 2))


def test_the_test_is_exact_and_stays_at_its_level():
    rng = np.random.default_rng(3)
    told = [ranks(rng.normal(size=(8, 4))).p.min() <= 0.05 for _ in range(300)]
    assert np.mean(told) <= 0.07
    # Of two contestants ranks are signs, and the test is that of signs.
    scores = np.c_[np.ones(7), np.zeros(7)]
    assert ranks(scores).p[0, 1] == pytest.approx(wilcoxon(np.ones(7), method="exact").pvalue)


def test_many_data_sets_are_sampled():
    scores = np.c_[np.ones(40), np.zeros(40)]
    assert ranks(scores).p[0, 1] < 0.001


def test_profile():
    scores = np.array([[1.0, 0.9], [0.7, 1.0]])
    found = profile(scores, 0.1, [0.0, 1.01, 3.01])
    np.testing.assert_allclose(found, [[0.5, 0.5], [0.5, 1.0], [1.0, 1.0]])


def test_what_it_cannot_take():
    with pytest.raises(ValueError, match="data sets"):
        ranks(np.ones((2, 3)))
    with pytest.raises(ValueError, match="finite"):
        ranks(np.array([[1.0, np.nan]] * 3))
