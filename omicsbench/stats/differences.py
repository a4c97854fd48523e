"""Paired differences, their mean, its error, and the tests of it: arrays only.

Every array may have leading axes, one element of which is one comparison; below, R repeats, S
sizes, G units of test cells.

**Error of a mean difference.** Two parts, added. Over *repeats* (the draw of training rows and
seeds): the variance over R repeats times 1/R; under cross-validation times 1/R + rho / (1 - rho),
because folds share training rows and correlate by rho (Nadeau & Bengio 2003,
10.1023/A:1024068626366). They propose the share of test rows, 0.2 for five folds, as a
convention; rho cannot be estimated from one cross-validation, and with a true one of 0.5 claims
at 0.2 are false three times too often. ``FOLD_CORRELATION`` is 0.5: what holds there holds for all
smaller ones.
Over *test cells*, the same in every repeat of a hold-out, so that no number of repeats averages it
out: the variance over units of test cells (donors or batches where known, else random groups of
cells) of the difference in one unit, the mean over the repeats being taken first. Degrees of
freedom by Welch and Satterthwaite.

**A floor.** All right in 83 tumours of 83 is no certainty: an error is never taken as smaller than
what one test sample more or less changes (``step``).

**Skewed differences.** Student's t takes the mean for normal. If the repeats are skewed, a
one-sided test of nominal 2.5 % errs by about (2 z^2 + 1) / 6 * phi(z) * g more, z = 1.96, where
g is the skewness of the mean, that of the repeats over the root of R (Edgeworth; Hall 1992,
10.1007/978-1-4612-4384-7): runs that collapse now and then make a false *ahead*, as the sample
that holds none of them looks better than the mean. g is taken from the residuals of all sizes of
the comparison, and may be given from others (``pooled``), whichever leans more. Where it is beyond
``LEANING`` on the side that flatters the claim, the test is by Cantelli's inequality,
p = 1 / (1 + t^2), which holds whatever the shape, with the largest spread of any size, as the tail
may have shown itself at another one; most such claims stay open.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

Floats = NDArray[np.float64]
FOLD_CORRELATION = 0.5
FOLD_OVERLAP = FOLD_CORRELATION / (1 - FOLD_CORRELATION)
LEANING = 0.18  # skewness of a mean that adds 1.5 points to an error of 2.5 %


@dataclass(frozen=True)
class Differences:
    """Paired differences, positive where the first side is better.

    Attributes
    ----------
    by_repeat : (..., R, S) float, sizes ascending, NaN where a repeat has no pair.
    by_unit : (..., G, S) float, the same difference in each unit of test cells, mean over the
        repeats; NaN at a size where that is unknown. None under cross-validation, where each
        repeat has test rows of its own.
    cell_error : (..., S) float, standard error over test cells where ``by_unit`` is unknown,
        else 0.
    folds : whether repeats are folds of cross-validation.
    step : by how much one test sample can change a mean difference; 0 where that is not known.
    """

    by_repeat: Floats
    by_unit: Floats | None = None
    cell_error: Floats | None = None
    folds: bool = False
    step: float = 0.0

    def at(self, sizes: list[int]) -> Differences:
        """The same at some of the sizes, by their place."""
        units = None if self.by_unit is None else self.by_unit[..., sizes]
        error = None if self.cell_error is None else self.cell_error[..., sizes]
        return Differences(self.by_repeat[..., sizes], units, error, self.folds, self.step)


@dataclass(frozen=True)
class Moments:
    """Mean difference at each size, its standard error and degrees of freedom, all (..., S).

    ``repeats`` and ``cells`` are the two parts of the squared error, NaN with fewer than two
    pairs; ``cells_dof`` the degrees of freedom of the second. ``spread`` is the standard
    deviation over repeats, ``pairs`` their number. ``skewness`` is that of the residuals of all
    sizes together, the same at each, and ``held`` the part of it that the mean still has.
    """

    mean: Floats
    error: Floats
    dof: Floats
    repeats: Floats
    cells: Floats
    cells_dof: Floats
    spread: Floats
    pairs: NDArray[np.int64]
    skewness: Floats
    held: Floats

    def bounds(self, alpha: float | Floats) -> tuple[Floats, Floats]:
        """Ends of the 1 - ``alpha`` t-interval at each size."""
        half = stdtrit(self.dof, 1 - alpha / 2) * self.error
        return self.mean - half, self.mean + half

    def p_above(self, threshold: float, pooled: Floats | float = 0.0) -> Floats:
        """One-sided p-value, at each size, of the claim that the mean exceeds ``threshold``.

        ``pooled`` is a skewness of residuals known from elsewhere; it counts if it leans more.
        """
        return self._p(self.mean - threshold, -np.minimum(self.skewness, pooled))

    def p_below(self, threshold: float, pooled: Floats | float = 0.0) -> Floats:
        """The same of the claim that the mean is smaller."""
        return self._p(threshold - self.mean, np.maximum(self.skewness, pooled))

    def _p(self, off: Floats, flattered: Floats) -> Floats:
        p: Floats = np.where(
            np.isnan(self.error), np.nan, stdtr(self.dof, -_ratio(off, self.error))
        )
        widest = np.sqrt(np.nanmax(self.repeats, axis=-1, keepdims=True, initial=0.0) + self.cells)
        t = _ratio(off, np.fmax(self.error, widest))
        any_shape = np.where(t > 0, 1 / (1 + t * t), 1.0)
        return np.where(flattered * self.held > LEANING, np.maximum(p, any_shape), p)


def _ratio(off: Floats, error: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(error > 0, off / error, np.sign(off) * 1e150)
    return np.where(off == 0, 0.0, t)


def moments(found: Differences) -> Moments:
    """Mean, error and degrees of freedom at each size."""
    values = found.by_repeat
    pairs = np.isfinite(values).sum(axis=-2)
    enough = pairs > 1
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.nansum(values, axis=-2) / pairs
        off = values - mean[..., None, :]
        spread = np.where(enough, np.sqrt(np.nansum(off**2, axis=-2) / (pairs - 1)), np.nan)
        own = spread**2 / pairs
    repeats = own * (1 + pairs * FOLD_OVERLAP) if found.folds else own
    cells, cells_dof = np.zeros_like(mean), np.full_like(mean, np.inf)
    if found.cell_error is not None:
        cells = np.nan_to_num(found.cell_error) ** 2
    if found.by_unit is not None and found.by_unit.shape[-2] > 1:
        groups = found.by_unit.shape[-2]
        of_units = found.by_unit.var(axis=-2, ddof=1) / groups
        known = np.isfinite(of_units)
        cells = np.where(known, of_units, cells)
        cells_dof[known] = groups - 1
    total = repeats + cells
    with np.errstate(invalid="ignore", divide="ignore"):
        dof = total**2 / (repeats**2 / (pairs - 1) + cells**2 / cells_dof)
        share = np.nan_to_num(own / np.maximum(total, found.step**2))
    dof = np.where(total > 0, dof, np.where(enough, pairs - 1, np.nan))
    error = np.maximum(np.sqrt(total), found.step)  # NaN stays NaN
    skewness = np.broadcast_to(_skewness(off)[..., None], mean.shape)
    held = share**1.5 / np.sqrt(np.maximum(pairs, 1))
    return Moments(mean, error, dof, repeats, cells, cells_dof, spread, pairs, skewness, held)


def _skewness(off: Floats) -> Floats:
    """Of the residuals of all repeats and sizes together, (..., R, S) to (...)."""
    known = np.maximum(np.isfinite(off).sum(axis=(-2, -1)), 1)
    second = np.nansum(off**2, axis=(-2, -1)) / known
    third = np.nansum(off**3, axis=(-2, -1)) / known
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(second > 0, third / second**1.5, 0.0))
