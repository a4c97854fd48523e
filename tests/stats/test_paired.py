"""Rows of pairs are tested as scipy tests them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from omicsbench.stats.paired import paired_tests


def test_rows_of_pairs_are_tested_as_scipy_tests_them() -> None:
    rng = np.random.default_rng(3)
    table = rng.normal(0.2, 1, (500, 7))
    found = paired_tests(table)
    expected = stats.ttest_1samp(table, 0, axis=1, alternative="greater").pvalue
    assert np.allclose(found.p, expected)
    null = paired_tests(rng.normal(0, 1, (4_000, 6)))
    covered = np.mean((null.low <= 0) & (null.high >= 0))
    assert 0.93 <= covered <= 0.97
    whole = np.array([[-1.0, 1.0, 2.0, -2.0], [0.5, 1.5, 0.0, 2.0]])
    expected = stats.ttest_1samp(whole, 0, axis=1, alternative="greater").pvalue
    assert np.allclose(paired_tests(whole).p, expected)
    fixed = paired_tests(np.array([[0.0] * 4, [0.1] * 4, [-0.1] * 4]))
    assert fixed.p.tolist() == [1, 0, 1]
    with pytest.raises(ValueError, match="two pairs"):
        paired_tests(table[:, :1])


def test_means_and_intervals_are_those_of_the_rows() -> None:
    rng = np.random.default_rng(5)
    table = rng.normal(0, 1, (3, 400)) + np.array([[0.0], [1.0], [-2.0]])
    found = paired_tests(table)
    assert np.allclose(found.mean, table.mean(axis=1))
    known = stats.ttest_1samp(table, 0, axis=1).confidence_interval(0.95)
    assert np.allclose(found.low, known.low, atol=0.02)
    assert np.allclose(found.high, known.high, atol=0.02)
    wide = paired_tests(table, level=0.99)
    known = stats.ttest_1samp(table, 0, axis=1).confidence_interval(0.99)
    assert np.allclose(wide.high - wide.low, known.high - known.low, rtol=0.12)


def test_intervals_of_few_pairs_are_as_wide_as_student_says() -> None:
    table = np.random.default_rng(6).normal(0, 1, (2_500, 5))
    found = paired_tests(table)
    known = stats.ttest_1samp(table, 0, axis=1).confidence_interval(0.95)
    ratio = (found.high - found.low) / (known.high - known.low)
    assert 0.9 < np.median(ratio) < 1.05
    again = paired_tests(table)
    assert np.array_equal(again.low, found.low), "the same seed, the same interval"
    assert not np.array_equal(paired_tests(table, seed=1).low, found.low)
    assert np.array_equal(paired_tests(table, seed=0).low, found.low)


def test_two_pairs_are_enough_and_no_row_is_none() -> None:
    two = paired_tests(np.array([[1.0, 2.0]]))
    assert two.p[0] == pytest.approx(stats.ttest_1samp([1, 2], 0, alternative="greater").pvalue)
    none = paired_tests(np.empty((0, 3)))
    assert [len(of) for of in (none.mean, none.low, none.high, none.p)] == [0, 0, 0, 0]


def test_differences_that_are_equal_but_for_rounding_are_no_chance() -> None:
    same = np.array([[0.1, 0.1, 0.1 + 1e-17, 0.1 * (1 + 5e-10)], [0.1, 0.1, 0.1, 0.1 * (1 + 1e-7)]])
    found = paired_tests(same - 0.0)
    assert found.p[0] == 0.0
    assert found.p[1] > 0.0
