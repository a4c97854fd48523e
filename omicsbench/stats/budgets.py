"""Quality at equal cost: what each family reaches for a budget, and the paired difference there.

A deep pipeline on all samples and a simple one on few cost unlike sums. For every budget, each
family names the (pipeline, size) with the best mean *validation* score among those whose mean
cost is within the budget; the test scores of the two are then compared by repeat. The test set
never chooses. Cost is whatever is bought: seconds (fit, transform and tuning), joules, or
money by `money`. Scores and costs are compared as they are, no ratio of the two is formed: it
would have no unit that anyone pays in and reward the cheapest pipeline however bad.

The interval takes the choice as given: it speaks of the draw of training samples and seeds, not
of what another validation part might have chosen. Budgets share runs; their intervals are not
independent.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtrit

Floats = NDArray[np.float64]
TAIL = 0.975
SECONDS_PER_HOUR = 3600.0


@dataclass(frozen=True, eq=False)
class PipelineAtSize:
    """A (pipeline, size) with its runs; arrays (R,) in the order of the repeats, the same for all.

    ``costs`` in one unit for all; ``validation`` and ``test`` scores, larger is better; ``wall_s``
    is told beside the cost and decides nothing. NaN where a repeat failed or was not run.
    """

    pipeline: str
    size: int
    costs: Floats
    validation: Floats
    test: Floats
    wall_s: Floats


@dataclass(frozen=True)
class BudgetChoice:
    """What a family names for a budget; means over the repeats that finished."""

    pipeline: str
    size: int
    cost: float
    validation: float
    test: float
    wall_s: float


_WithRuns = tuple[BudgetChoice, PipelineAtSize]


@dataclass(frozen=True)
class WithinBudget:
    """The comparison at one budget, in the units of cost and score given.

    ``deep`` or ``simple`` is None where nothing of the family fits the budget. ``mean`` is the
    difference of test scores (deep minus simple) over the ``pairs`` repeats that both have, None
    without any; ``low`` and ``high`` bound its 95 % Student-t interval, None with fewer than two.
    """

    budget: float
    deep: BudgetChoice | None
    simple: BudgetChoice | None
    mean: float | None
    low: float | None
    high: float | None
    pairs: int


def within_budgets(
    deep: Iterable[PipelineAtSize],
    simple: Iterable[PipelineAtSize],
    budgets: ArrayLike,
    *,
    min_repeats: int = 5,
) -> list[WithinBudget]:
    """Compare the two families at every budget, in the order of ``budgets`` (B,).

    A pipeline with fewer than ``min_repeats`` finished repeats is not chosen: those that
    finished may be the cheap or the lucky ones. Equal validation scores go to the cheaper.

    Raises ValueError if the arrays differ in length, or ``min_repeats`` is
    below 1.
    """
    if min_repeats < 1:
        raise ValueError("min_repeats must be at least 1")
    families = [list(deep), list(simple)]
    arrays = [
        a for family in families for c in family for a in (c.costs, c.validation, c.test, c.wall_s)
    ]  # every repeat has its place in each of them
    if len({np.shape(a) for a in arrays}) > 1 or any(np.ndim(a) != 1 for a in arrays):
        raise ValueError("costs, scores and wall times need one number per repeat each")
    ours, theirs = (_summed_up(family, min_repeats) for family in families)
    found: list[WithinBudget] = []
    for budget in np.asarray(budgets, dtype=np.float64).tolist():
        mine, other = _best(ours, budget), _best(theirs, budget)
        interval: tuple[float | None, float | None, float | None] = (None, None, None)
        pairs = 0
        if mine and other:
            values = mine[1].test - other[1].test
            values = values[np.isfinite(values)]
            interval, pairs = _t_interval(values), len(values)
        sides = (mine[0] if mine else None, other[0] if other else None)
        found.append(WithinBudget(budget, *sides, *interval, pairs))
    return found


def budget_grid(costs: ArrayLike, number: int = 12) -> Floats:
    """Log-spaced budgets, ascending (number,), from the cheapest to the dearest of ``costs``.

    What is not finite is left out. At the low end a family may have nothing to offer yet, at the
    high end nothing new; what one cannot spend does not limit the other. A single budget where
    all cost the same.

    Raises ValueError if there is no cost, a cost is not positive, or ``number`` is below 2.
    """
    if number < 2:
        raise ValueError("a grid needs at least 2 budgets")
    known = np.ravel(np.asarray(costs, dtype=np.float64))
    known = known[np.isfinite(known)]
    if not known.size:
        raise ValueError("a grid needs a cost")
    low, high = known.min(), known.max()
    if low <= 0:
        raise ValueError("costs must be positive")
    return np.geomspace(low, high, number) if high > low else np.array([low])


def pareto(costs: ArrayLike, scores: ArrayLike) -> NDArray[np.bool_]:
    """Which of m points no other dominates: (m,); lower cost and higher score are better.

    A point dominates another if it is as good in both and better in one, so equal points stand
    or fall together. A point with NaN dominates none and is never marked.
    """
    c, s = np.asarray(costs, dtype=np.float64), np.asarray(scores, dtype=np.float64)
    if c.ndim != 1 or c.shape != s.shape:
        raise ValueError(f"costs {c.shape} and scores {s.shape} must be one list each, as long")
    as_good = (c[:, None] <= c) & (s[:, None] >= s)
    better = (c[:, None] < c) | (s[:, None] > s)
    return ~(as_good & better).any(axis=0) & np.isfinite(c) & np.isfinite(s)


def money(seconds: ArrayLike, price_per_hour: float) -> Floats:
    """Cost of machine time, in the currency of ``price_per_hour``; the shape of ``seconds``."""
    return np.asarray(seconds, dtype=np.float64) * price_per_hour / SECONDS_PER_HOUR


def _summed_up(family: list[PipelineAtSize], min_repeats: int) -> list[_WithRuns]:
    """Those that may be chosen, with their means."""
    kept = []
    for c in family:
        done = np.isfinite(c.costs) & np.isfinite(c.validation)
        if done.sum() >= min_repeats:
            means = float(c.costs[done].mean()), float(c.validation[done].mean()), _mean(c.test)
            kept.append((BudgetChoice(c.pipeline, c.size, *means, _mean(c.wall_s)), c))
    return kept


def _mean(values: Floats) -> float:
    """Of those that are known; NaN where none is."""
    return float(np.nanmean(values)) if np.isfinite(values).any() else np.nan


def _best(family: list[_WithRuns], budget: float) -> _WithRuns | None:
    affordable = [pair for pair in family if pair[0].cost <= budget]
    return max(affordable, key=lambda pair: (pair[0].validation, -pair[0].cost), default=None)


def _t_interval(values: Floats) -> tuple[float | None, float | None, float | None]:
    """Mean and its 95 % Student-t interval."""
    if len(values) < 2:
        return (float(values[0]) if len(values) else None), None, None
    mean = float(values.mean())
    half = float(stdtrit(len(values) - 1, TAIL) * values.std(ddof=1)) / math.sqrt(len(values))
    return mean, mean - half, mean + half
