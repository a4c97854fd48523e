"""Mean differences, their errors and tests, against scipy and plain loops."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from omicsbench.stats.differences import FOLD_CORRELATION, LEANING, Differences, Moments, moments


def table(truth: list[float], repeats: int = 10, seed: int = 0) -> np.ndarray:
    """Scores that do not lean: each repeat has one turned round about the truth."""
    rng = np.random.default_rng(seed)
    half = rng.normal(size=(repeats // 2, len(truth)))
    return np.array(truth) + np.vstack([half, -half, np.zeros((repeats % 2, len(truth)))])


def test_without_units_it_is_the_t_test() -> None:
    values = table([0.3, -0.2, 1.0])
    at = moments(Differences(values))
    low, high = at.bounds(0.05)
    for column in range(3):
        for p, side in ((at.p_above(0.1), "greater"), (at.p_below(0.1), "less")):
            known = stats.ttest_1samp(values[:, column], 0.1, alternative=side)
            assert p[column] == pytest.approx(known.pvalue)
        interval = stats.ttest_1samp(values[:, column], 0).confidence_interval()
        assert (low[column], high[column]) == pytest.approx((interval.low, interval.high))


def test_missing_pairs_are_left_out() -> None:
    values = table([0.0, 0.0, 0.0])
    values[3:, 1] = np.nan
    values[:3, 1] = [-1.0, 0.25, 0.75]
    at = moments(Differences(values))
    assert at.pairs.tolist() == [10, 3, 10]
    known = stats.ttest_1samp(values[:3, 1], 0.5, alternative="less")
    assert at.error[1] == pytest.approx(values[:3, 1].std(ddof=1) / math.sqrt(3))
    assert stats.t.cdf((at.mean[1] - 0.5) / at.error[1], at.dof[1]) == pytest.approx(known.pvalue)


def welch(repeats: np.ndarray, units: np.ndarray) -> tuple[float, float]:
    """p-value and degrees of freedom of Welch's test, which has the same sum of variances."""
    known = stats.ttest_ind(repeats, units - units.mean(), equal_var=False, alternative="greater")
    return known.pvalue, known.df


def test_two_parts_of_the_error_as_welch_has_them_along_leading_axes() -> None:
    rng = np.random.default_rng(0)
    repeats = np.stack([[table([0.5, 0.2], 8, 10 * a + b) for b in range(3)] for a in range(2)])
    units = rng.normal(0, 3, (2, 3, 20, 2))
    at = moments(Differences(repeats, units))
    assert at.mean.shape == at.error.shape == at.skewness.shape == (2, 3, 2)
    p = at.p_above(0.0)
    for place in np.ndindex(p.shape):
        pair, size = place[:2], place[2]
        known, dof = welch(repeats[pair][:, size], units[pair][:, size])
        assert at.dof[place] == pytest.approx(dof)
        assert p[place] == pytest.approx(known)


@pytest.mark.parametrize("repeats", [5, 10])
def test_folds_are_corrected_as_nadeau_and_bengio_do(repeats: int) -> None:
    values = table([0.4], repeats)
    at = moments(Differences(values, folds=True))
    variance = float(values.var(ddof=1)) * (1 / repeats + FOLD_CORRELATION / (1 - FOLD_CORRELATION))
    assert FOLD_CORRELATION == 0.5
    assert at.error[0] == pytest.approx(math.sqrt(variance))
    assert at.dof[0] == repeats - 1
    known = stats.t.sf((values.mean() - 0.1) / math.sqrt(variance), repeats - 1)
    assert at.p_above(0.1)[0] == pytest.approx(known)


def test_stored_error_over_cells_is_added_and_more_repeats_do_not_remove_it() -> None:
    few, many = (
        moments(Differences(table([0.0], n), cell_error=np.array([2.0]))) for n in (5, 5000)
    )
    assert many.error[0] == pytest.approx(2.0, rel=0.01)
    assert few.error[0] > 2.0


def test_units_take_the_place_of_the_stored_error_where_they_are_known() -> None:
    units = np.array([[1.0, np.nan], [3.0, np.nan], [5.0, np.nan]])
    at = moments(Differences(table([0.0, 0.0]), units, np.array([9.0, 0.5])))
    assert at.cells.tolist() == pytest.approx([4.0 / 3, 0.25])
    assert at.cells_dof.tolist() == [2.0, np.inf]
    two = moments(Differences(table([0.0]), np.array([[1.0], [3.0]]), np.array([9.0])))
    assert (two.cells.tolist(), two.cells_dof.tolist()) == ([1.0], [1.0])
    one = moments(Differences(table([0.0]), np.array([[1.0]]), np.array([0.5])))
    assert one.cells.tolist() == [0.25], "one unit tells nothing"


def test_an_error_is_never_below_what_one_test_sample_changes() -> None:
    same = Differences(np.full((5, 1), 0.25), step=0.125)
    at = moments(same)
    assert (at.error[0], at.dof[0]) == (0.125, 4)
    assert at.p_above(0.125)[0] == pytest.approx(stats.t.sf(1.0, 4))
    low, high = at.bounds(0.05)
    half = float(stats.t.ppf(0.975, 4)) * 0.125
    assert (low[0], high[0]) == pytest.approx((0.25 - half, 0.25 + half))
    values = table([0.0], 10)
    wide = moments(Differences(values, step=0.01))
    assert wide.error[0] == moments(Differences(values)).error[0], "a floor adds nothing"
    alone = moments(Differences(np.array([[0.5], [np.nan]]), step=0.1))
    assert np.isnan(alone.error[0]), "one pair has no error, whatever the floor"


def test_83_of_83_right_in_every_fold_is_no_certainty() -> None:
    """No spread, and yet neither equality nor its contrary at a margin of .01 is shown."""
    at = moments(Differences(np.zeros((5, 1)), folds=True, step=1 / 83))
    assert at.p_below(0.01)[0] > 0.2
    assert at.p_above(-0.01)[0] > 0.2


def test_no_spread_at_all() -> None:
    at = moments(Differences(np.full((5, 2), 0.25)))
    assert at.p_above(0.1).tolist() == [0.0, 0.0]
    assert at.p_above(0.25).tolist() == [0.5, 0.5]
    assert at.p_below(0.1).tolist() == [1.0, 1.0]


def lean(at: Moments) -> float:
    """Skewness of the mean at the first size."""
    return float((at.skewness * at.held)[0])


def known_lean(values: np.ndarray) -> float:
    """The same from the residuals of all sizes of one comparison."""
    off = values - np.nanmean(values, axis=0)
    return float(stats.skew(off[np.isfinite(off)])) / math.sqrt(len(values))


COLLAPSING = np.array([[1.0], [0.9], [1.1], [1.0], [1.2], [0.8], [1.05], [-1.0]])


def test_skewed_differences_are_tested_by_cantellis_inequality() -> None:
    at = moments(Differences(COLLAPSING))
    assert lean(at) == pytest.approx(known_lean(COLLAPSING))
    assert lean(at) < -LEANING
    t = (COLLAPSING.mean() - 0.1) / (COLLAPSING.std(ddof=1) / math.sqrt(8))
    plain = float(stats.t.sf(t, 7))
    assert at.p_above(0.1)[0] == pytest.approx(1 / (1 + t * t))
    assert at.p_above(0.1)[0] > plain, "what flatters the claim makes it harder"
    # Turned round, the same tail speaks against the claim: Student's t does.
    assert at.p_below(2.0)[0] == pytest.approx(
        float(stats.t.cdf((COLLAPSING.mean() - 2.0) / at.error[0], 7))
    )
    turned = moments(Differences(-COLLAPSING))
    assert turned.p_below(-0.1)[0] == pytest.approx(at.p_above(0.1)[0])
    assert turned.p_above(-2.0)[0] == pytest.approx(at.p_below(2.0)[0])


def test_skewness_known_from_elsewhere_counts_where_it_leans_more() -> None:
    calm = moments(Differences(table([1.0])))
    t = float(calm.mean[0] / calm.error[0])
    assert calm.p_above(0.0, pooled=-3.0)[0] == pytest.approx(1 / (1 + t * t))
    assert calm.p_above(0.0, pooled=3.0)[0] == calm.p_above(0.0)[0], "it does not flatter"
    assert calm.p_below(2.0, pooled=3.0)[0] > calm.p_below(2.0)[0]
    leaning = moments(Differences(COLLAPSING))
    assert leaning.p_above(0.1, pooled=0.0)[0] == leaning.p_above(0.1, pooled=2.0)[0]


def test_below_the_threshold_cantelli_claims_nothing() -> None:
    assert moments(Differences(COLLAPSING)).p_above(5.0)[0] == 1.0


def test_cantelli_takes_the_largest_spread_of_any_size() -> None:
    """The tail may have shown itself at another size."""
    values = np.hstack([1.0 + (COLLAPSING - 1.0) / 100, COLLAPSING])
    at = moments(Differences(values))
    assert lean(at) < -LEANING
    t = (at.mean[0] - 0.5) / at.error[1]
    assert at.p_above(0.5)[0] == pytest.approx(1 / (1 + t * t))


def test_an_error_that_is_mostly_over_test_cells_does_not_lean() -> None:
    bare = moments(Differences(COLLAPSING))
    error = np.array([3.0])
    at = moments(Differences(COLLAPSING, cell_error=error))
    share = float(bare.error[0] ** 2 / at.error[0] ** 2)
    assert lean(at) == pytest.approx(lean(bare) * share**1.5)
    assert lean(at) > -LEANING


def test_one_pair_has_a_mean_and_no_error() -> None:
    at = moments(Differences(np.array([[0.5, 0.25], [np.nan, np.nan]])))
    assert at.mean.tolist() == [0.5, 0.25]
    assert np.isnan([at.error, at.spread, at.dof, at.repeats]).all()
    assert np.isnan(at.p_above(0.0)).all()


@pytest.mark.parametrize("step", [0.0, 0.25])
@pytest.mark.parametrize("folds", [False, True])
def test_what_is_unknown_is_no_warning(step: float, folds: bool) -> None:
    """At the sizes: no pair, one, two that are equal, three."""
    nan = np.nan
    values = np.array([[nan, 1.0, 1.0, 1.0], [nan, nan, 1.0, 2.0], [nan, nan, nan, 4.0]])
    for cells in (None, np.array([0.0, 0.0, 0.0, 0.5])):
        found = Differences(values, cell_error=cells, folds=folds, step=step)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            at = moments(found)
            above, below = at.p_above(1.0), at.p_below(1.0)
            many = moments(Differences(np.stack([values, values * nan])[None], step=step))
            of_many = many.p_above(1.0)
        assert np.isnan(above).tolist() == np.isnan(below).tolist() == [True, True, False, False]
        assert above[2] == 0.5
        assert np.isnan(of_many[0, 1]).all()


def test_some_sizes_of_several() -> None:
    found = Differences(
        table([0.0, 1.0, 2.0]),
        table([3.0, 4.0, 5.0], 4),
        np.array([1.0, 2.0, 3.0]),
        folds=True,
        step=0.5,
    )
    part = found.at([0, 2])
    assert part.by_repeat.tolist() == found.by_repeat[:, [0, 2]].tolist()
    assert part.by_unit is not None
    assert found.by_unit is not None
    assert part.by_unit.tolist() == found.by_unit[:, [0, 2]].tolist()
    assert part.cell_error is not None
    assert part.cell_error.tolist() == [1.0, 3.0]
    assert (part.folds, part.step) == (True, 0.5)
    bare = Differences(table([0.0])).at([0])
    assert (bare.by_unit, bare.cell_error, bare.folds, bare.step) == (None, None, False, 0.0)


@given(st.integers(0, 10_000), st.integers(2, 12), st.integers(-3, 3), st.booleans())
def test_scale_and_sign_do_not_matter(seed: int, repeats: int, scale: int, folds: bool) -> None:
    values = np.random.default_rng(seed).exponential(size=(2, repeats, 3))
    plain = moments(Differences(values, folds=folds, step=0.125))
    by = 2.0**scale
    scaled = moments(Differences(values * by, folds=folds, step=0.125 * by))
    np.testing.assert_allclose(scaled.p_above(0.5 * by), plain.p_above(0.5), rtol=1e-9)
    turned = moments(Differences(-values, folds=folds, step=0.125))
    np.testing.assert_allclose(turned.p_below(-0.5), plain.p_above(0.5), rtol=1e-9)
