"""Which differences so many repeats show: against simulated tests."""

import numpy as np
import pytest
from scipy.stats import ttest_1samp

from omicsbench.stats.power import POWER, detectable, power_of


@pytest.mark.parametrize(("repeats", "contestants"), [(5, 1), (10, 3)])
def test_against_simulated_t_tests(repeats, contestants):
    gap = detectable(repeats, contestants)
    rng = np.random.default_rng(0)
    seen = gap + rng.normal(size=(4_000, repeats))
    p = ttest_1samp(seen, 0.0, axis=1, alternative="greater").pvalue
    assert (p <= 0.025 / contestants).mean() == pytest.approx(POWER, abs=0.02)


def test_ten_repeats_and_three_contestants():
    assert detectable(10, 3) == pytest.approx(1.22, abs=0.01)


def test_more_repeats_show_less_and_more_contestants_need_more():
    assert detectable(5) > detectable(10) > detectable(40)
    assert detectable(10, 1) < detectable(10, 3) < detectable(10, 30)


def test_folds_show_less_and_no_number_of_them_shows_little():
    assert detectable(10, folds=True) > 2 * detectable(10)
    assert detectable(1_000, folds=True) > 2


def test_power_where_there_is_nothing_is_the_level():
    assert power_of(0.0, 10, 2) == pytest.approx(0.0125, abs=1e-4)


def test_one_repeat_shows_nothing():
    assert detectable(1) is None
