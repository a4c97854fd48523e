"""Which differences so many repeats can show: arrays only, before anything is run."""

from __future__ import annotations

import math

from scipy.optimize import brentq
from scipy.special import nctdtr, stdtrit

from omicsbench.stats.crossover import ALPHA
from omicsbench.stats.differences import FOLD_OVERLAP

POWER = 0.8
FEWEST = 2  # repeats


def power_of(gap: float, repeats: int, contestants: int = 1, *, folds: bool = False) -> float:
    """Chance to show a true difference at one size, 0 to 1.

    One-sided t-test at 2.5 %, of which each of several deep contestants has its part (the first
    step of Holm's: the contestant in question is the only one ahead). Power from the noncentral t
    distribution. The error over test cells, and the need to be ahead of *each* simple contestant,
    come on top: it is the most that the repeats allow.

    Parameters
    ----------
    gap : the true mean difference beyond the margin, in standard deviations over repeats.
    repeats : 2 or more.
    folds : whether they are folds of cross-validation, whose differences correlate.
    """
    level = ALPHA / 2 / contestants
    critical = float(stdtrit(repeats - 1, 1 - level))
    return float(1 - nctdtr(repeats - 1, gap / _error(repeats, folds), critical))


def detectable(repeats: int, contestants: int = 1, *, folds: bool = False) -> float | None:
    """The gap that is shown with 80 % power, as `power_of` takes it; None below 2 repeats."""
    if repeats < FEWEST:
        return None

    def lacking(gap: float) -> float:
        return power_of(gap, repeats, contestants, folds=folds) - POWER

    top = 1.0
    while lacking(top) < 0:
        top *= 2
    return float(brentq(lacking, 0.0, top, xtol=1e-6))


def _error(repeats: int, folds: bool) -> float:
    """Standard error of a mean difference in standard deviations over repeats."""
    return math.sqrt(1 / repeats + (FOLD_OVERLAP if folds else 0.0))
