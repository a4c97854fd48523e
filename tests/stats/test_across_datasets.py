"""The summary over data sets, against statsmodels and against draws from the model."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.meta_analysis import combine_effects

from omicsbench.stats.across_datasets import Across, paule_mandel, summarise


def of(means: object, errors: object, margin: float = 0.0) -> Across:
    k = len(np.atleast_1d(means))  # type: ignore[arg-type]
    return summarise(means, errors, [f"d{i}" for i in range(k)], margin)  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", range(30))
def test_agrees_with_statsmodels(seed: int) -> None:
    rng = np.random.default_rng(seed)
    k = int(rng.integers(3, 15))
    errors = rng.uniform(0.005, 0.05, k)
    means = rng.normal(0.01, rng.choice([0, 0.01, 0.1]), k) + rng.normal(0, errors)
    found = of(means, errors)
    known = combine_effects(means, errors**2, method_re="iterated", use_t=True)
    assert found.tau == pytest.approx(known.tau2**0.5, rel=1e-4, abs=1e-8)
    assert found.mean == pytest.approx(known.mean_effect_re, rel=1e-4)
    low, high = known.conf_int(use_t=True)[3]
    assert (found.low, found.high) == pytest.approx((low, high), rel=1e-4)
    assert found.weights == pytest.approx(known.weights_rel_re, rel=1e-4)


def test_a_prediction_interval_by_hand() -> None:
    """Equal errors: tau^2 is the sample variance less the squared error; all weigh the same."""
    means, error = np.array([0.0, 0.02, 0.04, 0.10]), 0.01
    found = of(means, [error] * 4)
    spread = means.var(ddof=1)
    assert found.tau == pytest.approx((spread - error**2) ** 0.5)
    half = stats.t.ppf(0.975, 3) * (spread / 4) ** 0.5
    wide = stats.t.ppf(0.975, 2) * (spread - error**2 + spread / 4) ** 0.5
    assert (found.low, found.high) == pytest.approx((0.04 - half, 0.04 + half))
    assert (found.new_low, found.new_high) == pytest.approx((0.04 - wide, 0.04 + wide))


@pytest.mark.parametrize("tau", [0.0, 0.02, 0.1])
def test_intervals_hold_what_they_promise(tau: float) -> None:
    rng = np.random.default_rng(1)
    held = new_held = 0
    for _ in range(600):
        errors = rng.uniform(0.01, 0.03, 6)
        found = of(rng.normal(0.05, tau, 6) + rng.normal(0, errors), errors)
        assert found.low is not None
        assert found.high is not None
        assert found.new_low is not None
        assert found.new_high is not None
        held += found.low <= 0.05 <= found.high
        new_held += found.new_low <= rng.normal(0.05, tau) <= found.new_high
    assert held / 600 == pytest.approx(0.95, abs=0.03)
    # It takes the estimate of tau for the truth, which costs most where tau is like the errors.
    assert new_held / 600 > (0.83 if tau == 0.02 else 0.92)


def test_outcomes() -> None:
    means, errors = np.array([0.05, 0.06, 0.05, 0.07]), [0.005] * 4
    assert of(means, errors).outcome == "ahead"
    assert of(-means, errors).outcome == "behind"
    assert of(means, errors, margin=0.02).outcome == "ahead"
    assert of(means, errors, margin=0.05).outcome == "open"
    assert of(-means, errors, margin=0.05).outcome == "open"
    assert of(means * [1, -1, 1, -1], errors).outcome == "open"


def test_two_data_sets_are_too_few() -> None:
    for k in (1, 2):
        found = of([0.5] * k, [0.001] * k)
        assert (found.outcome, found.mean) == ("too_few", pytest.approx(0.5))
        ends = (found.low, found.high, found.new_low, found.new_high, found.tau)
        assert ends == (None,) * 5
        assert "at least 3 are needed" in found.sentence
    assert of([0.5], [0.001]).p_smallest == 1


def test_an_error_of_0_does_not_rule_alone() -> None:
    found = of([0.10, 0.02, 0.03, 0.02], [0.0, 0.05, 0.06, 0.07])
    assert found.weights[0] == pytest.approx(found.weights[2], rel=0.5)
    assert found.low is not None
    assert found.high is not None
    assert found.low < found.mean < found.high
    # What equal numbers leave of a variance is no error either.
    assert of([0.10, 0.02, 0.03, 0.02], [1e-18, 0.05, 0.06, 0.07]) == found


def test_errors_of_0_throughout_give_the_plain_t_interval() -> None:
    means = np.array([0.01, 0.03, 0.02, 0.08])
    found = of(means, np.zeros(4))
    known = stats.t.interval(0.95, 3, means.mean(), stats.sem(means))
    assert (found.low, found.high) == pytest.approx(known)
    same = of([0.02] * 3, np.zeros(3), margin=0.01)
    assert (same.low, same.high, same.tau) == pytest.approx((0.02, 0.02, 0))
    assert same.outcome == "ahead"
    assert of(np.zeros(3), np.zeros(3)).outcome == "open"


def test_the_signed_rank_test() -> None:
    rng = np.random.default_rng(3)
    means = rng.normal(0.02, 0.02, 9)
    found = of(means, np.full(9, 0.01), margin=0.01)
    assert found.p == stats.wilcoxon(means - 0.01, method="exact").pvalue
    assert found.p_smallest == 2**-8
    assert "signed-rank p = " in found.sentence
    assert of([0.02] * 4, np.zeros(4), margin=0.02).p == 1, "no difference is left"


@pytest.mark.parametrize(("k", "enough"), [(3, False), (5, False), (6, True)])
def test_the_least_p_that_so_few_data_sets_reach(k: int, enough: bool) -> None:
    found = of(np.linspace(1, 2, k), np.full(k, 0.1))
    assert found.p == found.p_smallest == 2 ** (1 - k)
    assert ("no signed-rank test" in found.sentence) is not enough


def test_sentences() -> None:
    text = of([0.05, 0.06, 0.05, 0.07], [0.005] * 4, margin=0.01).sentence
    for words in ("ahead by more than 0.01 on average over 4 data sets", "+0.0575", "0.125"):
        assert words in text


@pytest.mark.parametrize(
    ("means", "errors", "margin", "says"),
    [
        ([], [], 0, "one each"),
        ([1, 2], [1], 0, "one each"),
        ([1, np.nan], [1, 1], 0, "finite"),
        ([1, 2], [1, np.inf], 0, "finite"),
        ([1, 2], [1, -1], 0, "0 or more"),
        ([1, 2], [1, 1], -0.1, "margin"),
    ],
)
def test_what_is_refused(means: object, errors: object, margin: float, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        of(means, errors, margin)


PAIRS = st.lists(st.tuples(st.integers(-64, 64), st.integers(0, 32)), min_size=3, max_size=9)


@given(PAIRS, st.integers(0, 16))
@settings(deadline=None)
def test_turning_and_scaling_turn_and_scale_the_summary(
    pairs: list[tuple[int, int]], margin: int
) -> None:
    means, errors = (np.array(x) / 64 for x in zip(*pairs, strict=True))
    plain, turned = of(means, errors, margin / 64), of(-means, errors, margin / 64)
    large = of(means * 1024, errors * 1024, margin * 16)
    mirror = {"ahead": "behind", "behind": "ahead"}
    assert turned.outcome == mirror.get(plain.outcome, plain.outcome)
    assert turned.mean == pytest.approx(-plain.mean, abs=1e-9)
    assert large.outcome == plain.outcome
    assert large.mean == pytest.approx(plain.mean * 1024, abs=1e-6)
    for a in (plain.low, plain.high, plain.new_low, plain.new_high, plain.tau):
        assert a is not None
        assert np.isfinite(a)
    assert sum(plain.weights) == pytest.approx(1)
    assert min(means) - 1e-9 <= plain.mean <= max(means) + 1e-9


def test_paule_mandel_solves_its_equation() -> None:
    rng = np.random.default_rng(0)
    means, variance = rng.normal(0, 1, 7), rng.uniform(1e-9, 0.5, 7)
    w = 1 / (variance + paule_mandel(means, variance))
    assert w @ (means - w @ means / w.sum()) ** 2 == pytest.approx(6)
