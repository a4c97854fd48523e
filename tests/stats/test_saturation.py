"""The n from which on more samples gain nothing: known curves, ends, and what cannot be told."""

import numpy as np
import pytest

from omicsbench.stats.differences import Differences
from omicsbench.stats.saturation import pair_tests, saturation


def seen(truth, repeats=10, sd=0.01, seed=0):
    rng = np.random.default_rng(seed)
    truth = np.asarray(truth, dtype=float)
    return Differences(truth + sd * rng.normal(size=(repeats, len(truth))))


def test_a_plain_curve_saturates_where_it_is_within_the_margin():
    found = saturation(seen([0.0, 0.5, 0.95, 1.0, 1.0]), margin=0.1)
    assert (found.place, found.low, found.high) == (2, 2, 2)
    assert not found.still_rising
    assert not found.open_above


def test_a_flat_curve_saturates_at_the_smallest_size():
    found = saturation(seen([1.0, 1.0, 1.0]), margin=0.1)
    assert (found.place, found.low, found.high) == (0, 0, 0)


def test_one_that_still_rises_is_censored():
    found = saturation(seen([0.0, 0.5, 1.0, 1.5]), margin=0.1)
    assert found.place == 3
    assert found.still_rising
    assert found.open_above


def test_one_that_has_peaked_has_none():
    found = saturation(seen([0.0, 1.0, 0.5]), margin=0.1)
    assert (found.place, found.low, found.high) == (3, 3, 3)


def test_a_dip_on_the_way_counts():
    """Within the margin at the first size, not at the second: from the third on."""
    found = saturation(seen([1.0, 0.5, 1.0, 1.0]), margin=0.1)
    assert (found.low, found.high) == (2, 2)


def test_noise_leaves_it_open():
    found = saturation(seen([0.9, 0.95, 1.0], repeats=5, sd=1.0), margin=0.1)
    assert found.low == 0
    assert found.open_above


def test_the_error_over_units_of_test_cells_counts():
    rng = np.random.default_rng(1)
    truth = np.array([0.8, 0.95, 1.0])
    repeats = truth + 0.001 * rng.normal(size=(10, 3))
    units = truth + 0.5 * rng.normal(size=(10, 3))
    assert saturation(Differences(repeats), 0.1).high == 1
    assert saturation(Differences(repeats, units), 0.1).high > 1


def test_folds_are_not_independent():
    found = seen([0.8, 0.95, 1.0], repeats=10, sd=0.05)
    apart, folds = (Differences(found.by_repeat, folds=is_folds) for is_folds in (False, True))
    assert pair_tests(folds, 0.1)[0][2, 0] > pair_tests(apart, 0.1)[0][2, 0]


def test_missing_repeats_are_left_out():
    table = seen([0.0, 0.95, 1.0]).by_repeat.copy()
    table[0, 1] = np.nan
    found = saturation(Differences(table), 0.1)
    assert (found.low, found.high) == (1, 1)


def test_one_size_is_no_curve():
    with pytest.raises(ValueError, match="two sizes"):
        saturation(seen([1.0]), 0.1)
