"""Is a mean paired difference more than chance, Arrays only.

Rows are comparisons, columns the pairs (repeats). Each row is tested by itself (paired t-test), and
an interval comes from resampling the pairs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtr, stdtrit

Floats = NDArray[np.float64]
RESAMPLES = 2_000
ROUNDING = 1e-9  # relative: sums of the same numbers in another order


@dataclass(frozen=True)
class Tested:
    """Of each of m comparisons: mean difference, interval, and one-sided p-value, all (m,)."""

    mean: Floats
    low: Floats
    high: Floats
    p: Floats


def paired_tests(differences: Floats, level: float = 0.95, seed: int = 0) -> Tested:
    """Test each row of paired differences for a mean above zero.

    Parameters
    ----------
    differences : (m, R) with R of 2 or more, positive where it is for the worse.
    level : of the bootstrap interval of the mean.

    The t-test takes the pairs as independent. Where all pairs differ by the very same amount, as
    a change that does not depend on the draw makes them do, p is 0 or 1; where none differs, 1.
    The interval is the percentile bootstrap over pairs, widened to what Student's t asks for, as
    a plain one of five or ten pairs is too narrow (Hesterberg 2015,
    doi:10.1080/00031305.2015.1089789). Raises ValueError with fewer than two pairs.
    """
    m, pairs = differences.shape
    if pairs < 2:
        raise ValueError("a test needs two pairs or more")
    mean = differences.mean(axis=1)
    scale = np.abs(differences).max(axis=1, initial=0.0)
    sd = differences.std(axis=1, ddof=1)
    sd[sd <= ROUNDING * scale] = 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(mean == 0, 0.0, mean / (sd / np.sqrt(pairs)))
    p = np.where(scale == 0, 1.0, stdtr(pairs - 1, -t))
    low, high = _bootstrap(differences, level, seed) if m else (mean, mean)
    return Tested(mean, low, high, p)


def _bootstrap(differences: Floats, level: float, seed: int) -> tuple[Floats, Floats]:
    m, pairs = differences.shape
    drawn = np.random.default_rng(seed).integers(0, pairs, size=(RESAMPLES, pairs))
    weights = np.zeros((pairs, RESAMPLES))
    np.add.at(weights, (drawn, np.arange(RESAMPLES)[:, None]), 1.0 / pairs)
    mean = differences.mean(axis=1)
    # Quantiles at the normal tail that, after the bootstrap's factor sqrt((R - 1) / R), is t's.
    wide = stdtrit(pairs - 1, (1 + level) / 2) * np.sqrt(pairs / (pairs - 1))
    normal = ndtri((1 + level) / 2)
    low, high = np.empty(m), np.empty(m)
    for start in range(0, m, 2_000):  # blocks of some 30 MB
        rows = slice(start, start + 2_000)
        means = differences[rows] @ weights
        found = np.quantile(means, [(1 - level) / 2, (1 + level) / 2], axis=1)
        low[rows] = mean[rows] + (found[0] - mean[rows]) * wide / normal
        high[rows] = mean[rows] + (found[1] - mean[rows]) * wide / normal
    return low, high
