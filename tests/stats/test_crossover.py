"""The estimator on arrays: errors, intervals and levels against scipy and known cases."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from omicsbench.stats.crossover import (
    ALPHA,
    FOLD_OVERLAP,
    Differences,
    bootstrap_means,
    crossover,
    first_lasting,
    holm_levels,
    moments,
    repeats_needed,
)


def table(truth: list[float], repeats: int = 10, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.array(truth) + rng.normal(size=(repeats, len(truth)))


def test_without_units_it_is_the_t_test() -> None:
    values = table([0.3, -0.2, 1.0])
    at = moments(Differences(values))
    low, high = at.bounds()
    for column in range(3):
        known = stats.ttest_1samp(values[:, column], 0.1, alternative="greater")
        assert at.p_above(0.1)[column] == pytest.approx(known.pvalue)
        interval = stats.ttest_1samp(values[:, column], 0).confidence_interval()
        assert (low[column], high[column]) == pytest.approx((interval.low, interval.high))


def test_missing_pairs_are_left_out() -> None:
    values = table([0.0, 0.0])
    values[3:, 1] = np.nan
    at = moments(Differences(values))
    assert at.pairs.tolist() == [10, 3]
    known = stats.ttest_1samp(values[:3, 1], 0, alternative="greater")
    assert at.p_above(0.0)[1] == pytest.approx(known.pvalue)


def test_two_parts_of_the_error_as_welch_has_them() -> None:
    """Welch's two-sample test has the same sum of two variances and its degrees of freedom."""
    rng = np.random.default_rng(0)
    repeats, units = rng.normal(0.5, 1, 8), rng.normal(0, 3, 20)
    found = Differences(repeats[:, None], (units - units.mean())[:, None])
    known = stats.ttest_ind(repeats, units - units.mean(), equal_var=False, alternative="greater")
    at = moments(found)
    assert at.p_above(0.0)[0] == pytest.approx(known.pvalue)
    assert at.dof[0] == pytest.approx(known.df)


def test_folds_are_corrected_as_nadeau_and_bengio_do() -> None:
    values = table([0.4])
    plain, folds = moments(Differences(values)), moments(Differences(values, folds=True))
    assert folds.error[0] / plain.error[0] == pytest.approx(math.sqrt(1 + 10 * FOLD_OVERLAP))


def test_stored_error_over_cells_is_added_and_more_repeats_do_not_remove_it() -> None:
    few, many = (
        moments(Differences(table([0.0], n), cell_error=np.array([2.0]))) for n in (5, 5000)
    )
    assert many.error[0] == pytest.approx(2.0, rel=0.01)
    assert few.error[0] > 2.0


def test_no_spread_at_all() -> None:
    at = moments(Differences(np.full((5, 2), 0.25)))
    assert at.p_above(0.1).tolist() == [0.0, 0.0]
    assert at.p_above(0.25).tolist() == [0.5, 0.5]
    found = crossover(Differences(np.full((5, 2), 0.25)), 0.1)
    assert (found.place, found.low, found.high, found.p_reached) == (0, 0, 0, 1.0)


@pytest.mark.parametrize("folds", [False, True])
def test_bootstrap_is_as_wide_as_student_says(folds: bool) -> None:
    found = Differences(table([0.0, 1.0, 2.0], 6), folds=folds)
    at = moments(found)
    paths = bootstrap_means(found, at, 20_000, 0)
    low, high = np.quantile(paths, [0.025, 0.975], axis=0)
    below, above = at.bounds()
    np.testing.assert_allclose(high - low, above - below, rtol=0.08)
    np.testing.assert_allclose(paths.mean(axis=0), at.mean, atol=0.02)


def test_bootstrap_keeps_the_path_of_a_repeat_together() -> None:
    own = np.random.default_rng(0).normal(size=(10, 1))
    found = Differences(own + np.array([[0.0, 1.0]]))
    paths = bootstrap_means(found, moments(found), 500, 0)
    assert np.ptp(paths[:, 1] - paths[:, 0]) < 1e-9


@given(st.lists(st.lists(st.booleans(), min_size=4, max_size=4), min_size=1, max_size=20))
def test_first_lasting(rows: list[list[bool]]) -> None:
    for row, found in zip(rows, first_lasting(np.array(rows)), strict=True):
        assert all(row[found:])
        assert found == 0 or not row[found - 1]


@given(
    st.lists(st.floats(-2, 2), min_size=3, max_size=7),
    st.integers(2, 12),
    st.integers(0, 10_000),
    st.floats(0.1, 10),
)
def test_interval_holds_the_estimate_and_scale_does_not_matter(
    truth: list[float], repeats: int, seed: int, scale: float
) -> None:
    values = table(truth, repeats, seed)
    found = crossover(Differences(values), 0.1, bootstrap=200)
    assert 0 <= found.low <= found.place <= found.high <= len(truth)
    assert found.ahead == (found.high < len(truth))
    scaled = crossover(
        Differences(values * 2 ** round(math.log2(scale))),
        0.1 * 2 ** round(math.log2(scale)),
        bootstrap=200,
    )
    assert (scaled.low, scaled.place, scaled.high) == (found.low, found.place, found.high)


@given(st.lists(st.floats(-2, 2), min_size=3, max_size=6), st.integers(0, 10_000))
def test_a_stricter_level_never_shortens_the_interval(truth: list[float], seed: int) -> None:
    found = Differences(table(truth, 8, seed))
    loose, strict = (crossover(found, 0.0, alpha=a, bootstrap=400) for a in (0.05, 0.01))
    assert strict.low <= loose.low
    assert strict.high >= loose.high


def test_ahead_says_what_the_interval_at_the_largest_size_says() -> None:
    agree = 0
    for seed in range(200):
        found = Differences(table([0.0, 0.3, 0.6], 8, seed))
        low, high = moments(found).bounds()
        at = crossover(found, 0.0, bootstrap=400)
        assert not at.ahead or low[-1] > 0
        assert not at.not_reached or high[-1] < 0
        agree += at.ahead == (low[-1] > 0)
    assert agree > 180


@given(st.lists(st.floats(1e-6, 1), min_size=1, max_size=8))
def test_holm_as_statsmodels_has_it(p_values: list[float]) -> None:
    multipletests = pytest.importorskip("statsmodels.stats.multitest").multipletests
    levels = holm_levels(p_values)
    rejected = [p <= level / 2 for p, level in zip(p_values, levels, strict=True)]
    assert rejected == multipletests(p_values, ALPHA / 2, method="holm")[0].tolist()
    assert min(levels) >= ALPHA / len(p_values) - 1e-12
    assert max(levels) <= ALPHA


def test_repeats_that_would_do() -> None:
    found = Differences(table([0.5], 6))
    at = moments(found)
    needed = repeats_needed(at, 0, 0.0, False)
    assert needed is not None
    gap, spread = abs(at.mean[0]), at.spread[0]

    def half(n: int) -> float:
        return float(stats.t.ppf(0.975, n - 1) * spread / math.sqrt(n))

    assert half(needed) < gap <= half(needed - 1)


def test_no_number_of_repeats_replaces_test_cells_or_undoes_overlap() -> None:
    values = table([0.3], 10)
    cells = moments(Differences(values, cell_error=np.array([5.0])))
    assert repeats_needed(cells, 0, 0.0, False) is None
    assert repeats_needed(moments(Differences(values, folds=True)), 0, 0.0, True) is None
