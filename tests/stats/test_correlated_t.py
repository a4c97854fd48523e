"""The correlated t-test, against integration, sampling and the published special cases."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from omicsbench.stats.correlated_t import corrected_variance, correlated_t

VALUES = (0.02, -0.01, 0.03, 0.05, 0.0, 0.01, 0.04, -0.02, 0.02, 0.03)


def test_probabilities_agree_with_numerical_integration() -> None:
    found = correlated_t(VALUES, rho=0.2, rope=0.01)
    x = np.array(VALUES)
    posterior = stats.t(9, x.mean(), np.sqrt((0.1 + 0.25) * x.var(ddof=1)))
    for got, ends in (
        (found.p_behind, (-np.inf, -0.01)),
        (found.p_equal, (-0.01, 0.01)),
        (found.p_ahead, (0.01, np.inf)),
    ):
        assert got == pytest.approx(integrate.quad(posterior.pdf, *ends)[0], abs=1e-7)
    assert (found.mean, found.dof) == (pytest.approx(0.017), 9)


def test_probabilities_agree_with_sampling_from_the_model() -> None:
    """Normal-gamma: the precision is drawn first, then the mean given it."""
    rng, x, rho = np.random.default_rng(0), np.array(VALUES), 0.1
    n, draws = len(x), 200_000
    variance = x.var(ddof=1) * (n - 1) / rng.chisquare(n - 1, draws)
    mean = rng.normal(x.mean(), np.sqrt(variance * (1 / n + rho / (1 - rho))))
    found = correlated_t(x, rho, 0.02)
    assert found.p_behind == pytest.approx((mean < -0.02).mean(), abs=0.005)
    assert found.p_ahead == pytest.approx((mean > 0.02).mean(), abs=0.005)


def test_without_correlation_it_is_the_paired_t_test() -> None:
    found = correlated_t(VALUES, rho=0, rope=0)
    assert found.p_behind == pytest.approx(
        stats.ttest_1samp(VALUES, 0, alternative="greater").pvalue
    )
    assert found.p_equal == pytest.approx(0, abs=1e-12)


def test_the_correction_of_k_folds() -> None:
    """With rho = 1 / folds the factor is 1/n + 1/(folds - 1), as baycomp writes it."""
    assert corrected_variance([1.0, 5.0, -3.0], 1 / 3) == pytest.approx(16 * (1 / 3 + 1 / 2))
    # Two repeats of two folds.
    assert corrected_variance([1, 5, -3, 1], 1 / 2) == pytest.approx(32 / 3 * (1 / 4 + 1))


@pytest.mark.parametrize(
    ("value", "expected"),
    [(42, (0, 0, 1)), (2, (0, 1, 0)), (0, (0, 1, 0)), (-2, (0, 1, 0)), (-42, (1, 0, 0))],
)
def test_equal_differences_put_all_mass_at_their_value(
    value: float, expected: tuple[float, ...]
) -> None:
    found = correlated_t([value] * 5, 0.2, 2)
    assert (found.p_behind, found.p_equal, found.p_ahead) == expected
    assert found.scale == 0
    # 0.1 + 0.1 + 0.1 is not 0.3: rounding must not pass for a variance, nor move the mean.
    same = correlated_t([0.1] * 3, 0.2, 0.1)
    assert (same.p_equal, same.mean, same.scale) == (1, 0.1, 0)


@pytest.mark.parametrize(
    ("values", "rho", "rope", "says"),
    [
        ([1], 0.2, 0, "at least two"),
        ([[1, 2]], 0.2, 0, "one dimension"),
        ([1, np.nan], 0.2, 0, "finite"),
        ([1, 2], 1, 0, "rho"),
        ([1, 2], -0.1, 0, "rho"),
        ([1, 2], 0.2, -1, "rope"),
        ([1, 2], 0.2, np.nan, "rope"),
    ],
)
def test_what_is_refused(values: list[float], rho: float, rope: float, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        correlated_t(values, rho, rope)


FEW = st.lists(st.integers(-50, 50), min_size=2, max_size=12)


@given(FEW, st.sampled_from([0.0, 0.1, 0.2, 0.5]), st.integers(0, 20))
def test_mirrored_differences_mirror_the_answer(values: list[int], rho: float, rope: int) -> None:
    here, there = correlated_t(values, rho, rope), correlated_t([-v for v in values], rho, rope)
    assert here.p_ahead == pytest.approx(there.p_behind)
    assert here.p_behind + here.p_equal + here.p_ahead == pytest.approx(1)
    assert 0 <= here.p_equal <= 1


@given(FEW, st.integers(0, 20))
def test_more_correlation_is_less_certain_and_a_wider_rope_holds_more(
    values: list[int], rope: int
) -> None:
    loose, tight = correlated_t(values, 0.5, rope), correlated_t(values, 0.1, rope)
    assert loose.scale >= tight.scale
    assert correlated_t(values, 0.1, rope + 1).p_equal >= tight.p_equal - 1e-12
