"""Curves that fall beyond noise, and how often noise alone is flagged."""

import numpy as np
import pytest

from omicsbench.stats.differences import Differences
from omicsbench.stats.shape import shape


def seen(truth, repeats=10, sd=0.01, seed=0):
    rng = np.random.default_rng(seed)
    truth = np.asarray(truth, dtype=float)
    return Differences(truth + sd * rng.normal(size=(repeats, len(truth))))


@pytest.mark.parametrize(
    ("truth", "kind"),
    [
        ([0.0, 0.5, 0.9, 1.0], ""),
        ([1.0, 1.0, 1.0, 1.0], ""),
        ([0.0, 1.0, 0.5, 1.0], "falls and recovers"),
        ([0.0, 1.0, 0.9, 0.5], "ends lower"),
        ([0.0, 1.0, 0.8, 0.95], "falls"),  # what it wins back is within the margin
    ],
)
def test_kinds(truth, kind):
    assert shape(seen(truth), margin=0.1 if kind != "falls" else 0.16).kind == kind


def test_the_surest_fall_is_told():
    found = shape(seen([0.0, 1.0, 0.2, 0.9]), margin=0.05)
    assert (found.before, found.after) == (1, 2)
    assert found.p < 0.001


def test_a_fall_within_the_margin_is_none():
    assert shape(seen([1.0, 0.95]), margin=0.1).kind == ""


def test_noise_alone_is_flagged_in_one_curve_of_twenty_at_most():
    rng = np.random.default_rng(3)
    flags = [shape(Differences(rng.normal(size=(5, 5))), 0.0).kind != "" for _ in range(400)]
    assert np.mean(flags) < 0.08


def test_one_size_is_no_curve():
    with pytest.raises(ValueError, match="two sizes"):
        shape(seen([1.0]), 0.1)
