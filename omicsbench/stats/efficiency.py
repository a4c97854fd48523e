"""How many times as many samples one side needs for the same score: arrays only.

**Estimand.** The horizontal distance of two mean learning curves at the score that the *weaker*
side reaches with all N samples. If deep is the stronger there, it reaches that score with fewer,
n samples, and simple needs N / n times as many: a ratio above 1. If simple is the stronger, the
ratio is n / N, below 1. So both curves reach the score, and nothing is extrapolated. Where both
reach the same score with N, it is how many each needs for that: of two copies 1. Where the
stronger side reaches it at the smallest size already, the ratio is *censored*: at least (or at
most) N over the smallest size.

Curves are made monotone (least squares, Barlow et al. 1972: a curve of means falls by noise) and
joined by straight lines on log n.

**Several rivals.** Against each of several simple contestants the ratio is the smallest one: deep
saves at least so much against *each*. No rival is picked: the lower end is the smallest of the
lower ends (an intersection-union test), the upper end the smallest of the upper ends, which share
their half of the error (Bonferroni).

**Interval.** Whole repeats are resampled, all sizes and contestants of a repeat together;
deviations are widened to what Student's t asks for, as five or ten repeats need (Hesterberg 2015,
10.1080/00031305.2015.1089789). Where curves are flat, many sizes give the same score and the
interval is wide, as it should be. It speaks of the draw of training rows and seeds, not of test
cells. Simulated coverage: docs/verdict.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtrit

from omicsbench.stats.crossover import ALPHA
from omicsbench.stats.differences import FOLD_OVERLAP, Floats

REPLICATES = 500
ROUNDING = 1e-9  # of log n


@dataclass(frozen=True)
class Efficiency:
    """Simple needs ``ratio`` times as many samples as deep, ``low`` to ``high``.

    ``most`` is the largest ratio that the sizes can show; a ratio or an end at ``most`` means "at
    least", one at 1 / ``most`` "at most".
    """

    ratio: float
    low: float
    high: float
    most: float

    @property
    def words(self) -> str:
        """The ratio, such as ``x 1.6`` or ``x 20 or more``."""
        return f"\u00d7 {self._end(self.ratio)}"

    @property
    def interval_words(self) -> str:
        """Its interval, such as ``1.2 to 2.3``."""
        low, high = self._end(self.low), self._end(self.high)
        return low if low == high else f"{low} to {high}"

    def _end(self, ratio: float) -> str:
        told = f"{ratio:,.0f}" if ratio >= 10 else f"{ratio:.2g}"
        beyond = abs(math.log(ratio)) > math.log(self.most) - ROUNDING
        return told + (" or more" if ratio > 1 else " or less") * beyond


def data_efficiency(
    deep: Floats,
    simple: Floats,
    sizes: ArrayLike,
    *,
    folds: bool = False,
    alpha: float = ALPHA,
    seed: int = 0,
) -> Efficiency:
    """How many times as many samples simple needs; see the module's docstring.

    Parameters
    ----------
    deep : (R, S) scores of one contestant, larger is better; sizes ascending.
    simple : (J, R, S) scores of its J rivals in the same repeats.
    sizes : (S,) training samples.
    folds : whether repeats are folds of cross-validation, which correlate.

    Raises ValueError with fewer than two repeats or sizes, or where a score is missing.
    """
    scores = np.concatenate([deep[None], simple]).swapaxes(0, 1)  # (R, 1 + J, S)
    repeats, _, number = scores.shape
    if repeats < 2 or number < 2:
        raise ValueError("two repeats and two sizes are needed")
    if not np.isfinite(scores).all():
        raise ValueError("every score must be finite")
    at = np.log(np.asarray(sizes, dtype=np.float64))
    mean = scores.mean(axis=0)
    drawn = np.random.default_rng(seed).multinomial(
        repeats, np.full(repeats, 1 / repeats), REPLICATES
    )
    wide = stdtrit(repeats - 1, 1 - alpha / 2) / stdtrit(np.inf, 1 - alpha / 2)
    off = np.tensordot(drawn / repeats, scores - mean, axes=1)
    # A resampled mean has the variance (R - 1) / R^2 of the data.
    wide *= (repeats / (repeats - 1) * (1 + repeats * FOLD_OVERLAP * folds)) ** 0.5
    paths = mean + wide * off
    found = log_ratios(np.concatenate([mean[None], paths]), at)
    lows = np.quantile(found[1:], alpha / 2, axis=0)
    highs = np.quantile(found[1:], 1 - alpha / 2 / len(simple), axis=0)
    low, high = float(lows.min()), float(highs.min())
    ratio = min(max(float(found[0].min()), low), high)
    most = float(at[-1] - at[0])
    return Efficiency(*(float(np.exp(_ended(value, most))) for value in (ratio, low, high, most)))


def _ended(value: float, most: float) -> float:
    """The very end where a value is at it but for rounding."""
    return float(np.sign(value)) * most if abs(value) > most - ROUNDING else value


def log_ratios(curves: Floats, at: Floats) -> Floats:
    """Log of the ratio of each rival, (..., J), of mean curves (..., 1 + J, S) at log sizes."""
    made = monotone(curves)
    deep, simple = made[..., :1, :], made[..., 1:, :]
    gap = deep[..., -1] - simple[..., -1]
    of_deep = _reached(np.broadcast_to(deep, simple.shape), simple[..., -1], at)
    of_simple = _reached(simple, np.broadcast_to(deep[..., -1], gap.shape), at)
    level = _rounding(simple[..., -1])
    of_deep = np.where(gap < -level, at[-1], of_deep)
    of_simple = np.where(gap > level, at[-1], of_simple)
    return np.asarray(of_simple - of_deep)


def monotone(curves: Floats) -> Floats:
    """The non-decreasing curves nearest by least squares, along the last axis (S,).

    By the max-min formula, as S is small: the largest, over beginnings a <= i, of the smallest
    mean from a to any end b >= i.
    """
    number = curves.shape[-1]
    sums = np.concatenate([np.zeros((*curves.shape[:-1], 1)), np.cumsum(curves, axis=-1)], axis=-1)
    made = np.empty_like(curves)
    for i in range(number):
        ends = np.arange(i + 1, number + 1)
        lowest = np.stack(
            [
                ((sums[..., ends] - sums[..., a : a + 1]) / (ends - a)).min(axis=-1)
                for a in range(i + 1)
            ]
        )
        made[..., i] = lowest.max(axis=0)
    return made


def _rounding(score: Floats) -> Floats:
    """Less than that two scores do not differ."""
    return np.asarray(1e-12 * (1 + np.abs(score)))


def _reached(curves: Floats, score: Floats, at: Floats) -> Floats:
    """The smallest log n at which a non-decreasing curve (..., S) reaches a score (...).

    Whatever stands for a score that is never reached is not asked for.
    """
    above = curves >= (score - _rounding(score))[..., None]
    place = above.argmax(axis=-1)
    before = np.maximum(place - 1, 0)
    right = np.take_along_axis(curves, place[..., None], -1)[..., 0]
    left = np.take_along_axis(curves, before[..., None], -1)[..., 0]
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(place > 0, np.clip((score - left) / (right - left), 0, 1), 1.0)
    return np.asarray(at[before] + share * (at[place] - at[before]))
