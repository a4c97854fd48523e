"""The estimator on arrays: errors, intervals and levels against scipy and known cases."""

from __future__ import annotations

import math
import warnings
from unittest import mock

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
    assert folds.error[0] / plain.error[0] == pytest.approx(math.sqrt(1 + 10 / 4))


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


@pytest.mark.parametrize("known", ["units", "error", "units at the first size"])
def test_bootstrap_is_as_wide_with_error_over_test_cells(known: str) -> None:
    """Which is of one draw at all sizes: repeats that do not differ move together."""
    rng = np.random.default_rng(1)
    units = rng.normal(0, 2, (15, 1)) + np.array([[0.0, 1.0]])
    error = np.array([2.0, 0.5])
    if known == "units at the first size":
        units[:, 1] = np.nan
        error[0] = 0.0
    by_unit, cell_error = (None, error) if known == "error" else (units, error)
    if known == "units":
        cell_error = np.zeros(2)
    found = Differences(table([0.0, 1.0], 40) / 10, by_unit, cell_error)
    at = moments(found)
    paths = bootstrap_means(found, at, 20_000, 0)
    low, high = np.quantile(paths, [0.025, 0.975], axis=0)
    below, above = at.bounds()
    np.testing.assert_allclose(high - low, above - below, rtol=0.1)
    np.testing.assert_allclose(paths.mean(axis=0), at.mean, atol=0.05)
    together = np.corrcoef(paths.T)[0, 1]
    assert (together < 0.2) if known == "units at the first size" else (together > 0.8)


def test_units_take_the_place_of_the_stored_error_where_they_are_known() -> None:
    units = np.array([[1.0, np.nan], [3.0, np.nan], [5.0, np.nan]])
    at = moments(Differences(table([0.0, 0.0]), units, np.array([9.0, 0.5])))
    assert at.cells.tolist() == pytest.approx([4.0 / 3, 0.25])
    assert at.cells_dof.tolist() == [2.0, np.inf]
    two = moments(Differences(table([0.0]), np.array([[1.0], [3.0]]), np.array([9.0])))
    assert (two.cells.tolist(), two.cells_dof.tolist()) == ([1.0], [1.0])
    one = moments(Differences(table([0.0]), np.array([[1.0]]), np.array([0.5])))
    assert one.cells.tolist() == [0.25], "one unit tells nothing"


def test_one_pair_has_a_mean_and_no_error() -> None:
    at = moments(Differences(np.array([[0.5, 0.25], [np.nan, np.nan]])))
    assert at.mean.tolist() == [0.5, 0.25]
    assert np.isnan([at.error, at.spread, at.dof, at.repeats]).all()
    assert np.isnan(at.p_above(0.0)).all()


def test_what_is_unknown_is_no_warning() -> None:
    """At the sizes: no pair, one, two that are equal, three."""
    nan = np.nan
    values = np.array([[nan, 1.0, 1.0, 1.0], [nan, nan, 1.0, 2.0], [nan, nan, nan, 4.0]])
    for cells in (None, np.array([0.0, 0.0, 0.0, 0.5])):
        found = Differences(values, cell_error=cells)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            at = moments(found)
            p = at.p_above(1.0)
            paths = bootstrap_means(found, at, 50, 0)
        assert np.isnan(p).tolist() == [True, True, False, False]
        assert p[2] == 0.5
        assert np.isfinite(paths[:, 1:]).all()


def test_some_sizes_of_several() -> None:
    found = Differences(
        table([0.0, 1.0, 2.0]), table([3.0, 4.0, 5.0], 4), np.array([1.0, 2.0, 3.0]), folds=True
    )
    part = found.at([0, 2])
    assert part.by_repeat.tolist() == found.by_repeat[:, [0, 2]].tolist()
    assert part.by_unit is not None
    assert found.by_unit is not None
    assert part.by_unit.tolist() == found.by_unit[:, [0, 2]].tolist()
    assert part.cell_error is not None
    assert part.cell_error.tolist() == [1.0, 3.0]
    assert part.folds
    bare = Differences(table([0.0])).at([0])
    assert (bare.by_unit, bare.cell_error, bare.folds) == (None, None, False)


def test_sizes_that_do_not_count_are_never_ahead() -> None:
    ahead = Differences(np.full((5, 3), 0.25) + np.arange(5)[:, None] / 1_000)
    at = crossover(ahead, 0.1, counts=np.array([True, False, True]))
    assert (at.place, at.low, at.high) == (2, 0, 2)
    last = crossover(ahead, 0.1, counts=np.array([True, True, False]))
    assert not last.ahead
    assert last.place == last.sizes == 3


def test_the_level_is_met_from_either_side() -> None:
    """Of the two-sided level half is for the claim at the largest size."""
    values = np.array([[0.0], [1.0], [2.0], [3.0], [4.5]])
    p = stats.ttest_1samp(values[:, 0], 0, alternative="greater").pvalue
    for alpha, ahead in ((2 * p * 1.01, True), (2 * p * 0.99, False)):
        at = crossover(Differences(values), 0.0, alpha=alpha, bootstrap=4_000)
        assert (at.high == 0) == ahead
    below = crossover(Differences(-values), 0.0, alpha=2 * p * 1.01, bootstrap=4_000)
    assert below.not_reached


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
    with mock.patch("gc.collect"):  # at every call: a minute in all, where torch is loaded
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


def test_advice_ends_at_a_thousand_repeats_and_needs_a_gap() -> None:
    def needed(gap: float, alpha: float = 0.05) -> int | None:
        spread = np.array([[-1.0], [0.0], [1.0]])
        return repeats_needed(moments(Differences(spread + gap)), 0, 0.0, False, alpha)

    assert needed(100.0) == 2
    edge = float(stats.t.ppf(0.975, 999) / math.sqrt(1_000))
    assert needed(edge * 1.0001) == 1_000
    assert needed(edge * 0.9999) is None
    assert needed(0.0) is None
    assert needed(0.5, alpha=0.01) > needed(0.5)  # type: ignore[operator]
    assert needed(-0.5) == needed(0.5), "behind is told as well as ahead"
    single = moments(Differences(np.array([[0.5], [np.nan]])))
    assert repeats_needed(single, 0, 0.0, False) is None


def test_the_overlap_of_folds_is_part_of_what_repeats_must_overcome() -> None:
    at = moments(Differences(np.array([[-1.0], [0.0], [1.0]]) + 1.5, folds=True))
    found = repeats_needed(at, 0, 0.0, True)
    assert found is not None

    def half(n: int) -> float:
        return float(stats.t.ppf(0.975, n - 1) * math.sqrt(1 / n + FOLD_OVERLAP))

    assert half(found) < 1.5 <= half(found - 1)


def test_the_seed_is_0_unless_another_is_given() -> None:
    found = Differences(table([0.2, 0.3], 6))
    assert crossover(found, 0.1) == crossover(found, 0.1, seed=0)
    assert crossover(found, 0.1).p_reached != crossover(found, 0.1, seed=1).p_reached


def test_error_over_cells_is_part_of_what_repeats_must_overcome() -> None:
    values = np.array([[-1.0], [0.0], [1.0]]) + 1.0
    units = np.array([[0.755], [1.245]])  # two: one degree of freedom
    at = moments(Differences(values, units))
    found = repeats_needed(at, 0, 0.0, False)
    assert found is not None

    def half(n: int) -> float:
        part, cells = 1.0 / n, float(at.cells[0])
        dof = (part + cells) ** 2 / (part**2 / (n - 1) + cells**2)
        return float(stats.t.ppf(0.975, dof) * math.sqrt(part + cells))

    assert half(found) < 1.0 <= half(found - 1)


def test_levels_of_holm_step_down_until_one_fails() -> None:
    assert holm_levels([]) == []
    assert holm_levels([0.9]) == [0.05]
    assert holm_levels([0.001, 0.9]) == pytest.approx([0.025, 0.05])
    assert holm_levels([0.9, 0.001, 0.001]) == pytest.approx([0.05, 0.05 / 3, 0.025])
    assert holm_levels([0.9, 0.02, 0.8]) == pytest.approx([0.05 / 3] * 3), "the first fails"
    assert holm_levels([0.0125, 0.9]) == pytest.approx([0.025, 0.05]), "as small as its level"
    assert holm_levels([0.001, 0.9], alpha=0.1) == pytest.approx([0.05, 0.1])


def test_no_number_of_repeats_replaces_test_cells_or_undoes_overlap() -> None:
    values = table([0.3], 10)
    cells = moments(Differences(values, cell_error=np.array([5.0])))
    assert repeats_needed(cells, 0, 0.0, False) is None
    assert repeats_needed(moments(Differences(values, folds=True)), 0, 0.0, True) is None
