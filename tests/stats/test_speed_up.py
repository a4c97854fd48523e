"""Ratios of costs against scipy's interval of the mean log, and the n from which one pays."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from omicsbench.stats.speed_up import pays_from, ratios


def test_the_interval_is_that_of_the_mean_log_ratio() -> None:
    rng = np.random.default_rng(0)
    one, other = rng.lognormal(1, 0.3, (6, 3)), rng.lognormal(0, 0.3, (6, 3))
    other[2, 1] = np.nan
    found = np.array(ratios(one, other))
    for column in range(3):
        logs = np.log(one / other)[:, column]
        logs = logs[np.isfinite(logs)]
        ends = stats.t.interval(0.95, len(logs) - 1, logs.mean(), stats.sem(logs))
        assert np.log(found[:, column]) == pytest.approx([logs.mean(), *ends])


def test_one_pair_has_no_interval_and_none_has_no_ratio() -> None:
    one, other = np.array([[4.0, 3.0]]), np.array([[2.0, np.nan]])
    ratio, low, high = ratios(one, other)
    assert ratio[0] == pytest.approx(2)
    assert np.isnan([low[0], high[0], ratio[1]]).all()


@given(st.lists(st.one_of(st.floats(0.1, 10), st.just(float("nan"))), max_size=6))
def test_what_pays_is_shown_at_every_size_from_there_on(low: list[float]) -> None:
    sizes = np.arange(1, len(low) + 1) * 10
    found = pays_from(sizes, np.array(low))
    shown = [value > 1 for value in low]
    if found is None:
        assert not shown or not shown[-1]
        return
    first = found // 10 - 1
    assert all(shown[first:])
    assert first == 0 or not shown[first - 1]
