"""Costs beyond a limit that was exceeded: the curve passes above what is known of them."""

from __future__ import annotations

import numpy as np
import pytest

from omicsbench.stats.cost_curve import PRIOR_SPREAD, Floats, predict_beyond_limits, predict_cost

X = np.array([100.0, 300.0, 1_000.0])
NONE = np.empty((0, 2))


def beyond(n: float, limits: Floats) -> tuple[float, float, float]:
    return predict_beyond_limits(X, X / 10, n, known=0.0, noise=PRIOR_SPREAD, limits=limits)


def test_without_a_limit_only_proportional_growth_bounds_the_low_end() -> None:
    value, low, high = predict_cost(X, X / 10, 10_000.0, 0.0, PRIOR_SPREAD)
    assert beyond(10_000.0, NONE) == (value, min(low, 1_000.0), high)


def test_a_limit_above_the_curve_lifts_it() -> None:
    limits = np.array([[3_000.0, 900.0]])
    assert beyond(10_000.0, limits)[0] > 3 * beyond(10_000.0, NONE)[0]
    assert beyond(3_000.0, limits)[0] == pytest.approx(900.0, rel=0.25)


def test_no_end_lies_below_what_was_exceeded() -> None:
    limits = np.array([[3_000.0, 200.0], [5_000.0, 4_000.0]])
    assert min(beyond(5_000.0, limits)) >= 4_000.0
    assert min(beyond(4_000.0, limits)) >= 200.0


def test_a_limit_below_the_curve_changes_nothing_but_the_ends() -> None:
    limits = np.array([[3_000.0, 250.0]])
    value, low, high = beyond(3_000.0, NONE)
    assert beyond(3_000.0, limits) == (value, max(low, 250.0), high)
