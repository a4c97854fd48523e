"""From paired differences at several sizes to n*, its interval and what may be said: arrays only.

**Estimand.** n* is the smallest tested size from which the mean difference (deep minus simple,
positive where deep is better) exceeds the margin at that and *every* larger tested size.

**Error of a mean difference.** Two parts, added. Over *repeats* (the draw of training rows and
seeds): the variance over R repeats times 1/R; under cross-validation 1/R + 1/4, because folds
share training rows (Nadeau & Bengio 2003, 10.1023/A:1024068626366, a test share of one fifth).
Over *test cells*, the same in every repeat of a hold-out, so that no number of repeats averages
it out: the variance over units of test cells (donors or batches where known, else random groups
of cells) of the difference in one unit, the mean over the repeats being taken first. Degrees of
freedom by Welch and Satterthwaite.

**Ahead at all?** At the largest size N: deep is *ahead* there if a one-sided t-test shows it at
2.5 % and n* is reached in 97.5 % of bootstrap replicates, *not ahead* if both show the contrary.
This is what the 95 % interval of the difference at N says.

**Interval of n*.** It joins two sets of sizes, so that it is no shorter than either:

- *Bootstrap*: whole repeats are resampled, all sizes of a repeat together, and whole units of
  test cells; n* is found anew in each replicate, and percentiles are taken. The deviations are
  widened to what Student's t asks for, since a plain percentile bootstrap of five or ten repeats
  is too narrow (the expanded percentile interval of Hesterberg 2015,
  10.1080/00031305.2015.1089789).
- *Tests*: one-sided t-tests at every size. The upper end is the smallest size from which every
  test shows deep ahead; that is one intersection-union test and needs no correction for the
  number of sizes. The lower end is the smallest size that cannot be ruled out by showing, at that
  or a larger size, that deep is not ahead: any one of them would do, so Bonferroni's correction
  (the first step of Holm's) over these sizes is made. No maximum-of-t band: with five repeats the
  correlation of sizes is not known well enough for one, and Bonferroni needs none.

Each end spends the whole 5 %, not half: the two errors exclude each other (the upper end errs only
where every later size is shown to be ahead, the lower end only where one is shown not to be), and
where one is likely the other is not. Simulated coverage: docs/verdict.md.

**Contestants.** Several deep contestants of one comparison share the error: Holm's step-down
over their tests at the largest size gives each its ``alpha`` (``holm_levels``).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

Floats = NDArray[np.float64]
ALPHA = 0.05  # two-sided
TEST_SHARE = 0.2  # of 5-fold cross-validation: the correlation of its repeats
FOLD_OVERLAP = TEST_SHARE / (1 - TEST_SHARE)  # test rows / training rows
MOST_REPEATS = 1_000  # beyond which no advice is given


@dataclass(frozen=True)
class Differences:
    """Paired differences of one comparison, positive where deep is better.

    Attributes
    ----------
    by_repeat : (R, S) float, sizes ascending, NaN where a repeat has no pair.
    by_unit : (G, S) float, the same difference in each unit of test cells, mean over the
        repeats; NaN at a size where that is unknown. None under cross-validation, where each
        repeat has test rows of its own.
    cell_error : (S,) float, standard error over test cells where ``by_unit`` is unknown, else 0.
    folds : whether repeats are folds of cross-validation.
    """

    by_repeat: Floats
    by_unit: Floats | None = None
    cell_error: Floats | None = None
    folds: bool = False

    def at(self, sizes: list[int]) -> Differences:
        """The same at some of the sizes, by their place."""
        units = None if self.by_unit is None else self.by_unit[:, sizes]
        error = None if self.cell_error is None else self.cell_error[sizes]
        return Differences(self.by_repeat[:, sizes], units, error, self.folds)


@dataclass(frozen=True)
class Moments:
    """Mean difference at each size, its standard error and degrees of freedom, all (S,).

    ``repeats`` and ``cells`` are the two parts of the squared error, NaN with fewer than two
    pairs; ``cells_dof`` the degrees of freedom of the second. ``spread`` is the standard
    deviation over repeats, ``pairs`` their number.
    """

    mean: Floats
    error: Floats
    dof: Floats
    repeats: Floats
    cells: Floats
    cells_dof: Floats
    spread: Floats
    pairs: NDArray[np.int64]

    def bounds(self, alpha: float = ALPHA) -> tuple[Floats, Floats]:
        """Ends of the 1 - ``alpha`` t-interval at each size."""
        half = stdtrit(self.dof, 1 - alpha / 2) * self.error
        return self.mean - half, self.mean + half

    def p_above(self, margin: float) -> Floats:
        """One-sided p-value, at each size, of the claim that the mean exceeds ``margin``."""
        off = self.mean - margin
        with np.errstate(divide="ignore", invalid="ignore"):
            t = np.where(self.error > 0, off / self.error, np.sign(off) * np.inf)
        p: Floats = np.where(
            np.isnan(self.error),
            np.nan,
            np.where(
                off == 0, 0.5, stdtr(self.dof, -np.nan_to_num(t, posinf=1e300, neginf=-1e300))
            ),
        )
        return p


@dataclass(frozen=True)
class Crossover:
    """Where deep starts to be ahead. Places are those of ``sizes``; S stands for "not reached".

    ``place`` is the point estimate, ``low`` and ``high`` bound it, ``p_reached`` is the share of
    bootstrap replicates in which n* is reached.
    """

    place: int
    low: int
    high: int
    p_reached: float
    sizes: int

    @property
    def ahead(self) -> bool:
        """Deep is ahead at the largest size: the interval holds no "not reached"."""
        return self.high < self.sizes

    @property
    def not_reached(self) -> bool:
        """Deep is not ahead at the largest size: the interval holds nothing else."""
        return self.low == self.sizes


def moments(found: Differences) -> Moments:
    """Mean, error and degrees of freedom at each size."""
    values = found.by_repeat
    pairs = np.isfinite(values).sum(axis=0)
    enough = pairs > 1
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.nansum(values, axis=0) / pairs
        square = np.nansum((values - mean) ** 2, axis=0)
        spread = np.where(enough, np.sqrt(square / (pairs - 1)), np.nan)
        share = 1 / pairs + (FOLD_OVERLAP if found.folds else 0.0)
    repeats = spread**2 * share
    cells, cells_dof = np.zeros_like(mean), np.full_like(mean, np.inf)
    if found.cell_error is not None:
        cells = np.nan_to_num(found.cell_error) ** 2
    if found.by_unit is not None and len(found.by_unit) > 1:
        groups = len(found.by_unit)
        own = found.by_unit.var(axis=0, ddof=1) / groups
        known = np.isfinite(own)
        cells = np.where(known, own, cells)
        cells_dof[known] = groups - 1
    with np.errstate(invalid="ignore", divide="ignore"):
        total = repeats + cells
        dof = total**2 / (repeats**2 / (pairs - 1) + cells**2 / cells_dof)
    dof = np.where(total > 0, dof, np.where(enough, pairs - 1, np.nan))
    return Moments(mean, np.sqrt(total), dof, repeats, cells, cells_dof, spread, pairs)


def crossover(
    found: Differences,
    margin: float,
    *,
    alpha: float = ALPHA,
    counts: NDArray[np.bool_] | None = None,
    bootstrap: int = 2_000,
    seed: int = 0,
) -> Crossover:
    """n* and its interval; see the module's docstring.

    ``counts`` (S,) tells at which sizes deep can be shown to be ahead at all, all by default.
    Every size that counts needs two pairs.
    """
    at = moments(found)
    counts = np.ones(at.mean.shape, dtype=bool) if counts is None else counts
    last = len(counts)
    paths = bootstrap_means(found, at, bootstrap, seed)
    first = first_lasting((paths > margin) & counts)
    reached = float((first < last).mean())
    above = np.where(counts, at.p_above(margin), 1.0)
    below = np.where(counts, 1 - above, 1.0)  # at sizes that do not count nothing is shown
    if below[-1] <= alpha / 2 and reached <= alpha / 2:
        return Crossover(last, last, last, reached, last)
    low, high = _ends(np.sort(first), above, below, alpha)
    if above[-1] > alpha / 2 or reached < 1 - alpha / 2:
        high = last  # whether it is reached at all is open
    place = int(first_lasting((at.mean > margin) & counts))
    return Crossover(min(max(place, low), high), min(low, high), high, reached, last)


def _ends(first: NDArray[np.intp], above: Floats, below: Floats, alpha: float) -> tuple[int, int]:
    """Lower and upper end of n*: from sorted bootstrap places and one-sided p-values (S,)."""
    last, cut = len(above), math.floor(alpha * (len(first) - 1))
    shown = int(first_lasting(above <= alpha))
    contrary = np.minimum.accumulate(below[::-1])[::-1] * np.arange(last, 0, -1)
    open_ = np.flatnonzero(contrary > alpha)
    low = int(open_[0]) if open_.size else last
    return min(low, int(first[cut])), max(shown, int(first[-1 - cut]))


def bootstrap_means(found: Differences, at: Moments, bootstrap: int, seed: int) -> Floats:
    """Mean differences in each replicate, (bootstrap, S), spread as Student's t would have them."""
    repeats = len(found.by_repeat)
    off = np.nan_to_num(found.by_repeat - at.mean)
    with np.errstate(invalid="ignore", divide="ignore"):
        # A resampled mean has the variance (R - 1) / R^2 of the data: scale it to what is wanted.
        wide = np.sqrt(at.repeats / np.where(at.spread > 0, at.spread, 1.0) ** 2)
        wide = np.nan_to_num(wide * at.pairs / np.sqrt(np.maximum(at.pairs - 1, 1)))
        drawn, present = _resamples(repeats, bootstrap, seed), np.isfinite(found.by_repeat)
        deviation = wide * np.nan_to_num((drawn @ off) / (drawn @ present))
    cells = np.zeros_like(at.mean)
    if found.by_unit is not None and len(found.by_unit) > 1:
        groups = len(found.by_unit)
        known = np.isfinite(found.by_unit).all(axis=0)
        own = np.where(known, found.by_unit - found.by_unit.mean(axis=0), 0.0)
        weights = _resamples(groups, bootstrap, seed + 1)
        deviation = deviation + (weights @ own) / groups * math.sqrt(groups / (groups - 1))
        cells = np.where(known, 0.0, at.cells)
    elif found.cell_error is not None:
        cells = at.cells
    if cells.any():  # the same cells at every size: one draw for all
        shared = np.random.default_rng(seed + 2).standard_normal((bootstrap, 1))
        deviation = deviation + shared * np.sqrt(cells)
    widened: Floats = np.nan_to_num(
        stdtrit(at.dof, 1 - ALPHA / 2) / stdtrit(np.inf, 1 - ALPHA / 2), nan=1.0
    )
    return np.asarray(at.mean + widened * deviation)


def holm_levels(p_values: list[float], alpha: float = ALPHA) -> list[float]:
    """Two-sided level of each contestant by Holm's step-down (1979, jstor.org/stable/4615733).

    ``p_values`` are one-sided, of the claim to be ahead at the largest size. The smallest is
    tested at alpha / m, the next at alpha / (m - 1), and so on; from the first that fails on,
    all have the level at which it failed.
    """
    level, stopped = alpha / max(1, len(p_values)), False
    levels = [alpha] * len(p_values)
    for rank, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        if not stopped:
            level = alpha / (len(p_values) - rank)
            stopped = not p_values[index] <= level / 2
        levels[index] = level
    return levels


def repeats_needed(
    at: Moments, place: int, margin: float, folds: bool, alpha: float = ALPHA
) -> int | None:
    """How many repeats would tell the mean difference at one size from the margin.

    If the difference and its spread stay what they are. None where no number up to 1,000 would:
    what is left then is the error over test cells, or the overlap of folds.
    """
    gap = abs(float(at.mean[place]) - margin)
    spread, cells = float(at.spread[place]) ** 2, float(at.cells[place])
    extra = FOLD_OVERLAP if folds else 0.0
    if not math.isfinite(spread) or gap == 0:
        return None
    repeats = np.arange(2, MOST_REPEATS + 1)
    part = spread * (1 / repeats + extra)
    rest = cells**2 / float(at.cells_dof[place])
    dof = (part + cells) ** 2 / np.maximum(part**2 / (repeats - 1) + rest, 1e-300)
    enough = stdtrit(dof, 1 - alpha / 2) * np.sqrt(part + cells) < gap
    return int(repeats[enough.argmax()]) if enough.any() else None


def first_lasting(above: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Index of the first column from which all are true, per row; their number if none is."""
    lasting = np.logical_and.accumulate(above[..., ::-1], axis=-1)
    return np.asarray(above.shape[-1] - lasting.sum(axis=-1))


@cache
def _resamples(number: int, bootstrap: int, seed: int) -> Floats:
    """How often each of ``number`` is drawn in each replicate: (bootstrap, number)."""
    even = np.full(number, 1 / number)
    return np.random.default_rng(seed).multinomial(number, even, bootstrap).astype(float)
