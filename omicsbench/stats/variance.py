"""Where the scatter of a score comes from: random effects by moments, arrays only.

Means of squares are set equal to their expectations (Henderson's method 1, balanced designs;
Searle, Casella & McCulloch 1992, 10.1002/9780470316856, chapter 4); an estimate below 0 is 0. With
five or ten repeats a share is known roughly.
"""

from __future__ import annotations

from omicsbench.stats.differences import Floats


def crossed(scores: Floats) -> tuple[float, float, float]:
    """Variance of one run's score by repeats, by units of test cells, and by both together.

    Parameters
    ----------
    scores : (R, G) what each of G units of test cells gives to the score of each repeat, whose
        mean is the score; every unit is scored in every repeat, none is missing.

    The three add up to the variance of a score on another draw of training rows *and* of test
    cells. *Both*: a draw is good for some units and bad for others; more of either averages it out.
    Raises ValueError with fewer than two repeats or units.
    """
    repeats, units = scores.shape
    if repeats < 2 or units < 2:
        raise ValueError("two repeats and two units are needed")
    row, column, mean = scores.mean(axis=1), scores.mean(axis=0), scores.mean()
    rest = scores - row[:, None] - column[None] + mean
    both = float((rest**2).sum()) / ((repeats - 1) * (units - 1))
    of_repeats = max(float(row.var(ddof=1)) - both / units, 0.0)
    of_units = max(float(column.var(ddof=1)) - both / repeats, 0.0)
    return of_repeats, of_units / units, both / units


def nested(scores: Floats) -> tuple[float, float]:
    """Variance of one fold's score between partitions, and between folds of one partition.

    Parameters
    ----------
    scores : (T, K) of K folds in each of T partitions, none missing.

    Raises ValueError with fewer than two of either.
    """
    partitions, folds = scores.shape
    if partitions < 2 or folds < 2:
        raise ValueError("two partitions and two folds are needed")
    within = float(scores.var(axis=1, ddof=1).mean())
    between = max(float(scores.mean(axis=1).var(ddof=1)) - within / folds, 0.0)
    return between, within
