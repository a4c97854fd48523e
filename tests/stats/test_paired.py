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
    fixed = paired_tests(np.array([[0.0] * 4, [0.1] * 4, [-0.1] * 4]))
    assert fixed.p.tolist() == [1, 0, 1]
    with pytest.raises(ValueError, match="two pairs"):
        paired_tests(table[:, :1])
