"""The search for changes, by itself."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments import experiment
from omicsbench.stats.change_points import changes


def test_a_slow_drift_is_noticed_that_no_two_neighbours_show() -> None:
    rng = np.random.default_rng(0)
    y = np.linspace(0, np.log(1.4), 40) + rng.normal(0, 0.04, 40)
    assert np.abs(np.diff(y)).max() < 0.2
    (drift,) = [c for c in changes(y, np.log(1.1)) if c.kind == "drift"]
    assert drift.low > np.log(1.1)
    exact = np.repeat(np.arange(8) * 0.004, 3)
    (drift,) = changes(exact, 0.01)
    assert (drift.kind, drift.before, drift.after) == ("drift", 2, 21)


def test_the_best_level_counts_not_the_first() -> None:
    """Better once, then worse again: the last is as the first, and still a loss."""
    steps = [0.5] * 5 + [0.505] * 2 + [0.513] * 5 + [0.507] * 3 + [0.5] * 5
    (drift,) = changes(steps, 0.01, best=1)
    assert (drift.kind, drift.before, drift.size) == ("drift", 11, pytest.approx(-0.013))


@given(
    level=st.floats(-5, 5), n=st.integers(2, 60), rise=st.floats(0.05, 3), cut=st.integers(1, 58)
)
def test_without_noise_exactly_the_step_is_found(
    level: float, n: int, rise: float, cut: int
) -> None:
    y = np.full(n, level)
    assert changes(y, 0.02) == []
    if 0 < cut < n and not cut == n - cut == 1:
        y[cut:] += rise
        (step,) = changes(y, 0.02)
        assert (step.kind, step.before, step.after) == ("step", cut - 1, cut)
        assert step.size == pytest.approx(rise)


@given(values=st.lists(st.floats(-10, 10), max_size=40), shift=st.floats(-3, 3))
def test_changes_depend_on_no_shift_and_lie_in_the_series(
    values: list[float], shift: float
) -> None:
    found = changes(np.round(values, 3), 0.1)
    for c in found:
        assert 0 <= c.before < c.after < len(values)
        assert abs(c.size) > 0.1
        assert c.low <= c.size <= c.high
    moved = changes(np.round(np.asarray(values) + round(shift, 3), 3), 0.1)
    assert [(c.kind, c.after) for c in moved] == [(c.kind, c.after) for c in found]


@pytest.fixture(scope="module")
def calibration() -> ModuleType:
    return experiment("history_calibration")


def test_false_alarms_are_rare(calibration: ModuleType) -> None:
    for kind in calibration.NOISES:
        rng = np.random.default_rng(7)
        rates = [
            calibration.false_alarms(calibration.omicsbench, rng, kind, n, 0.1, 100)
            for n in (10, 30, 100)
        ]
        assert np.mean(rates) <= 0.05, kind


def test_what_the_documents_promise_is_found(calibration: ModuleType) -> None:
    find = calibration.omicsbench
    rng = np.random.default_rng(8)
    assert calibration.found(find, rng, 0.2, 0.0, 30, 1, 20) == 1
    assert calibration.found(find, rng, 0.2, 0.02, 30, 3, 50) >= 0.95
    assert calibration.found(find, rng, 0.5, 0.1, 30, 5, 50) >= 0.95
    assert calibration.noticed(find, rng, 0.3, 0.05, 50) >= 0.95
