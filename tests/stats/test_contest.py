"""Claims of two sides of several contestants, against plain loops, and the ends of intervals."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import product
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from omicsbench.stats.contest import (
    OUT_OF_THE_RUNNING,
    beats_each,
    best_difference,
    best_error,
    claims,
    holm_levels,
    interval,
    some_beats_each,
)
from omicsbench.stats.crossover import ALPHA
from omicsbench.stats.differences import Differences, Moments, moments

NAN = math.nan


def even(seed: int, a: int, b: int, repeats: int = 6, sizes: int = 2) -> Moments:
    """Moments of pairs whose repeats do not lean: each is there with its mirror image."""
    rng = np.random.default_rng(seed)
    half = rng.normal(size=(a, b, repeats // 2, sizes))
    level = rng.normal(size=(a, b, 1, sizes))
    return moments(Differences(level + np.concatenate([half, -half], axis=2)))


def plain(p: list[list[float]]) -> float:
    """``some_beats_each`` of one size, by loops over contestants and rivals."""
    worst, counted = [], 0
    for row in p:
        known = [value for value in row if not math.isnan(value)]
        if known:
            worst.append(max(known))
            counted += min(known) <= OUT_OF_THE_RUNNING
    if not worst:
        return NAN
    return min(1.0, min(worst) * max(counted, 1) / OUT_OF_THE_RUNNING)


def test_p_values_of_all_four_claims_as_loops_have_them() -> None:
    for seed, (a, b) in enumerate(product((1, 2, 3), (1, 2, 4))):
        at, margin = even(seed, a, b), 0.3
        found = claims(at, margin)
        for size in range(2):

            def p(
                i: int, j: int, off: float, sign: int, size: int = size, at: Moments = at
            ) -> float:
                t = sign * (at.mean[i, j, size] - off) / at.error[i, j, size]
                return float(stats.t.sf(t, at.dof[i, j, size]))

            ours = {x: [[p(i, j, x, 1) for j in range(b)] for i in range(a)] for x in (-0.3, 0.3)}
            theirs = {
                x: [[p(i, j, x, -1) for i in range(a)] for j in range(b)] for x in (-0.3, 0.3)
            }
            assert found.ahead[size] == pytest.approx(plain(ours[0.3]))
            assert found.not_behind[size] == pytest.approx(plain(ours[-0.3]))
            assert found.behind[size] == pytest.approx(plain(theirs[-0.3]))
            assert found.not_ahead[size] == pytest.approx(plain(theirs[0.3]))
            assert found.equal[size] == max(found.not_ahead[size], found.not_behind[size])


def some(*rows: list[float]) -> float:
    return float(some_beats_each(np.array(rows)[:, :, None])[0])


def test_some_contestant_better_than_each_by_hand() -> None:
    assert some([0.01, 0.02]) == pytest.approx(0.02 / 0.9), "an intersection-union test"
    assert some([0.01], [0.5]) == pytest.approx(0.01 * 2 / 0.9), "two in the running"
    assert some([0.01], [0.91]) == pytest.approx(0.01 / 0.9), "one is behind every rival"
    assert some([0.01], [0.9]) == pytest.approx(0.01 * 2 / 0.9), "as far as .9 it counts"
    # Behind one rival, not the other: it is counted, or a rival more would win the day.
    assert some([0.01, 0.01], [0.2, 0.95]) == pytest.approx(0.01 * 2 / 0.9)
    assert some([0.5], [0.6], [0.7]) == 1.0, "at most 1"
    assert some([0.95], [0.96]) == 1.0


def test_pairs_that_are_not_known_are_left_out() -> None:
    assert some([0.01, NAN]) == pytest.approx(0.01 / 0.9)
    assert some([NAN, NAN], [0.02, 0.01]) == pytest.approx(0.02 / 0.9), "nor is it counted"
    assert math.isnan(some([NAN], [NAN]))
    table = np.array([[0.1, NAN], [NAN, NAN]])[:, :, None]
    assert beats_each(table)[0, 0] == 0.1
    assert math.isnan(beats_each(table)[1, 0])


def test_two_copies_of_one_method_have_no_winner() -> None:
    """Exact copies, and copies that differ by noise alone."""
    same = claims(moments(Differences(np.zeros((1, 1, 5, 3)))), 0.01)
    assert min(same.ahead.min(), same.behind.min()) >= 0.5
    assert (same.equal <= 0.025).all()
    with_floor = claims(moments(Differences(np.zeros((1, 1, 5, 3)), step=0.02)), 0.01)
    assert (with_floor.equal > 0.025).all()
    won = 0
    for seed in range(300):
        noise = np.random.default_rng(seed).normal(size=(1, 1, 5, 1))
        found = claims(moments(Differences(noise)), 0.0)
        won += found.ahead[0] <= 0.025 or found.behind[0] <= 0.025
    assert won / 300 <= 0.08  # 5 % by both claims, and its error


CALM = np.array([-1.0, 1.0, -0.5, 0.5, 0.0, 0.0])[:, None]
LEANING = np.array([0.2, 0.2, 0.2, 0.2, 0.2, -1.0])[:, None]


def test_skewness_is_pooled_over_contestants_that_are_not_clearly_behind_the_rival() -> None:
    """Two contestants against one rival; what one is seen to do the other may do as well."""

    def shown(*pairs: np.ndarray, axis: int = 0) -> Moments:
        made = np.stack(pairs)
        return moments(Differences(np.expand_dims(made, 1 - axis)))

    def student(p: float) -> float:
        return pytest.approx(p * 2 / OUT_OF_THE_RUNNING)

    calm, leaning = CALM + 1.5, LEANING + 1.0
    level, both = shown(calm, -CALM + 1.0), shown(calm, leaning)
    plain_p = float(level.p_above(0.0)[0, 0, 0])
    assert claims(level, 0.0).ahead[0] == student(plain_p)
    t = both.mean[:, 0, 0] / both.error[:, 0, 0]
    assert claims(both, 0.0).ahead[0] == student(min(1 / (1 + t * t)))
    hopeless = shown(calm, LEANING - 9.0)
    assert claims(hopeless, 0.0).ahead[0] == pytest.approx(plain_p / OUT_OF_THE_RUNNING)
    # The same of the second side, by the mirror.
    mirrored = shown(-calm, -leaning, axis=1)
    assert claims(mirrored, 0.0).behind[0] == student(min(1 / (1 + t * t)))


def test_the_skewness_of_one_rival_says_nothing_of_another() -> None:
    both = moments(Differences(np.stack([CALM + 1.5, LEANING + 5.0])[None]))
    alone = moments(Differences((CALM + 1.5)[None, None]))
    assert claims(both, 0.0).ahead[0] == pytest.approx(claims(alone, 0.0).ahead[0])


COUNTS = st.tuples(st.integers(1, 4), st.integers(1, 4))


@given(COUNTS, st.integers(0, 10_000), st.sampled_from([0.05, 0.2]))
@settings(max_examples=60, deadline=None)
def test_the_interval_is_where_the_claims_cease(
    counts: tuple[int, int], seed: int, alpha: float
) -> None:
    """Just inside of an end the claim to be ahead by more is made, just beyond it is not."""
    at = even(seed, *counts)
    best, low, high = interval(at, alpha)
    assert (low <= best).all()
    assert (best <= high).all()
    for size in range(2):
        for end, sign in ((low[size], -1), (high[size], 1)):
            inside, beyond = end + sign * 1e-6, end - sign * 1e-6

            def p(threshold: float, size: int = size, sign: int = sign) -> float:
                if sign < 0:
                    return float(claims(at, threshold).ahead[size])
                return float(claims(at, -threshold).behind[size])

            assert p(inside) <= alpha / 2
            assert p(beyond) > alpha / 2


def test_the_interval_of_one_pair_allows_for_being_the_only_one() -> None:
    at = even(0, 1, 1)
    best, low, high = interval(at, 0.05)
    half = stats.t.ppf(1 - 0.025 * OUT_OF_THE_RUNNING, at.dof[0, 0]) * at.error[0, 0]
    np.testing.assert_allclose((best - low, high - best), (half, half))
    assert best.tolist() == at.mean[0, 0].tolist()


def test_intervals_of_what_is_not_known() -> None:
    at = even(1, 2, 2)
    error = at.error.copy()
    error[..., 0] = NAN
    error[0, :, 1] = NAN
    best, low, high = interval(replace(at, error=error), 0.05)
    assert np.isnan([best[0], low[0], high[0]]).all()
    assert best[1] == at.mean[1, :, 1].min()
    assert low[1] < best[1] < high[1]


def test_the_best_difference_is_of_the_best_means() -> None:
    scores = np.array([1.0, 3.0, 2.0]), np.array([0.5, 2.5])
    mean = np.subtract.outer(*scores)[:, :, None]
    spread = np.arange(1.0, 7.0).reshape(3, 2, 1)
    at = replace(even(0, 3, 2, sizes=1), mean=mean, error=spread)
    assert best_difference(at).tolist() == [0.5]
    assert best_error(at).tolist() == [4.0], "of the second and the second"
    hidden = replace(at, error=np.where(spread == 4.0, NAN, spread))
    assert best_difference(hidden).tolist() == [2.5], "the pair without an error has no say"


@given(st.lists(st.floats(1e-6, OUT_OF_THE_RUNNING), min_size=1, max_size=8))
def test_holm_as_statsmodels_has_it(p_values: list[float]) -> None:
    multipletests = pytest.importorskip("statsmodels.stats.multitest").multipletests
    levels = holm_levels(p_values, [True] * len(p_values), ALPHA)
    rejected = [p <= level / 2 for p, level in zip(p_values, levels, strict=True)]
    with mock.patch("gc.collect"):  # at every call: a minute in all, where torch is loaded
        assert rejected == multipletests(p_values, ALPHA / 2, method="holm")[0].tolist()
    assert min(levels) >= ALPHA / len(p_values) - 1e-12
    assert max(levels) <= ALPHA


def test_levels_of_holm_step_down_until_one_fails() -> None:
    assert holm_levels([], [], 0.05) == []
    assert holm_levels([0.9], [True] * 1, 0.05) == [0.05]
    assert holm_levels([0.001, 0.9], [True] * 2, 0.05) == pytest.approx([0.025, 0.05])
    assert holm_levels([0.9, 0.001, 0.001], [True] * 3, 0.05) == pytest.approx(
        [0.05, 0.05 / 3, 0.025]
    )
    assert holm_levels([0.9, 0.02, 0.8], [True] * 3, 0.05) == pytest.approx([0.05 / 3] * 3), (
        "the first fails"
    )
    assert holm_levels([0.0125, 0.9], [True] * 2, 0.05) == pytest.approx([0.025, 0.05]), (
        "as small as its level"
    )
    assert holm_levels([0.001, 0.9], [True] * 2, 0.1) == pytest.approx([0.05, 0.1])
    alone = holm_levels([0.001, 0.95, 0.02], [True, False, False], 0.05)
    assert alone == pytest.approx([0.05] * 3), "those out of the running are not counted"
