"""How long single calls of the statistics take; they are made for each metric and data set."""

from __future__ import annotations

from typing import Any

import numpy as np

from omicsbench.stats.across_datasets import summarise
from omicsbench.stats.extrapolate import extrapolate


def test_extrapolate(benchmark: Any) -> None:
    """A curve of five sizes that is continued; 2 ms are a good deal."""
    sizes = np.array([100.0, 300, 1000, 3000, 10_000])
    found = benchmark(extrapolate, sizes, 0.05 - 0.9 * sizes**-0.35, 0.02)
    assert found is not None


def test_summary_of_data_sets(benchmark: Any) -> None:
    """Ten data sets taken together; 5 ms are a good deal."""
    means = np.random.default_rng(0).normal(size=10)
    found = benchmark(summarise, means, np.full(10, 0.3), [f"d{i}" for i in range(10)], 0.0)
    assert np.isfinite(found.mean)
