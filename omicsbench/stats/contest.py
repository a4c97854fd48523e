"""Two sides of several contestants: what may be claimed of the best of each, whoever that is.

**Claims**, at one size, with the margin m: the *first side is ahead* if some contestant of it is
better than *each* of the other side by more than m; the *second is ahead* by the same rule; *equal*
if neither is ahead by more than m, which has to be shown. Nobody is chosen beforehand: no
validation score decides what is claimed.

**Tests.** For one contestant, better than each rival: the largest of the p-values of its pairs
(an intersection-union test, no correction for the number of rivals). That *some* contestant is:
Bonferroni's correction (the first step of Holm's) over those in the running. A contestant whose
p-values are above ``OUT_OF_THE_RUNNING`` against *every* rival is clearly behind and is not
counted; in return levels are multiplied by it (discarding; Zhao, Small & Su 2019,
10.1080/01621459.2018.1497499).

So a claim is **monotone**: a rival more on the other side can only take it away, and a contestant
more on one's own side that is out of the running changes nothing. (Not to count who is behind
*some* rival would let a rival win the day for the other side, by driving out those that had to be
allowed for.)

**Skewness.** Whether contestants of a side collapse now and then is seen better in all of them than
in one, so that the skewness of pairs is pooled, for each rival apart, over the contestants that
are not clearly behind it: no rival and no weak contestant has a say in the pairs of others.

Arrays: A contestants of the first side, B of the second, S sizes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from omicsbench.stats.differences import Floats, Moments

OUT_OF_THE_RUNNING = 0.9


@dataclass(frozen=True)
class Claims:
    """p-values of four claims of the best of each side, one-sided, (S,) each.

    ``ahead``: the first side by more than the margin; ``not_ahead``: it is not; ``behind``: the
    second side is ahead; ``not_behind``: it is not. NaN where no pair is known.
    """

    ahead: Floats
    not_ahead: Floats
    behind: Floats
    not_behind: Floats

    @property
    def equal(self) -> Floats:
        """Of both together: neither is ahead."""
        return np.maximum(self.not_ahead, self.not_behind)


def claims(pairs: Moments, margin: float) -> Claims:
    """From the moments of all pairs, (A, B, S)."""
    return Claims(
        some_beats_each(_first_above(pairs, margin)),
        some_beats_each(_second_above(pairs, -margin)),
        some_beats_each(_second_above(pairs, margin)),
        some_beats_each(_first_above(pairs, -margin)),
    )


def _first_above(pairs: Moments, by: float) -> Floats:
    """p-values (A, B, S) that the first is better than the second by more than this."""
    return pairs.p_above(by, _pooled(pairs.skewness, pairs.p_above(by), 0))


def _second_above(pairs: Moments, by: float) -> Floats:
    """p-values (B, A, S) that the second is better than the first by more than this."""
    return _turned(pairs.p_below(-by, _pooled(pairs.skewness, pairs.p_below(-by), 1)))


def _pooled(skewness: Floats, p: Floats, axis: int) -> Floats:
    """Mean skewness over the contestants on this axis that are not clearly behind the rival."""
    running = p <= OUT_OF_THE_RUNNING
    total = np.where(running, skewness, 0.0).sum(axis=axis, keepdims=True)
    return np.asarray(total / np.maximum(running.sum(axis=axis, keepdims=True), 1))


def some_beats_each(p: Floats) -> Floats:
    """p-value (S,) that some of the A is better than each of the B, from those of pairs (A, B, S).

    NaN pairs are left out, and contestants without any.
    """
    each = beats_each(p)
    running = (p <= OUT_OF_THE_RUNNING).any(axis=1).sum(axis=0)
    best = np.where(np.isnan(each), np.inf, each).min(axis=0, initial=np.inf)
    p_some = np.minimum(best * np.maximum(running, 1) / OUT_OF_THE_RUNNING, 1.0)
    return np.where(np.isnan(each).all(axis=0), np.nan, p_some)


def beats_each(p: Floats) -> Floats:
    """p-value (A, S) of each of the A that it is better than each of the B; NaN without a pair."""
    known = np.isfinite(p)
    largest = np.where(known, p, -np.inf).max(axis=1, initial=-np.inf)
    return np.where(known.any(axis=1), largest, np.nan)


def interval(pairs: Moments, alpha: float) -> tuple[Floats, Floats, Floats]:
    """Difference of the best of both sides, and the ends of its 1 - ``alpha`` interval, (S,) each.

    The best of the first minus the best of the second, by mean. The ends are the thresholds at
    which the claims *ahead* and *behind* cease to be made, but for skewness.
    """
    mean = _judged(pairs)
    low = _lower(mean, pairs, alpha)
    high = -_lower(-_turned(mean), pairs, alpha, turned=True)
    return best_difference(pairs), low, high


def best_difference(pairs: Moments) -> Floats:
    """The best mean of the first side minus the best of the second, (S,); NaN without a pair."""
    return _max(_min(_judged(pairs), 1), 0)


def best_error(pairs: Moments) -> Floats:
    """Standard error of the difference of the two that have the best means, (S,)."""
    mean = np.nan_to_num(_judged(pairs), nan=-np.inf)
    first = mean.max(axis=1).argmax(axis=0)  # (S,)
    places = np.arange(mean.shape[-1])
    second = np.nan_to_num(_judged(pairs)[first, :, places], nan=np.inf).argmin(axis=1)
    return np.asarray(pairs.error[first, second, places])


def _judged(pairs: Moments) -> Floats:
    """Means of the pairs that have an error, else NaN."""
    return np.where(np.isfinite(pairs.error), pairs.mean, np.nan)


def _lower(mean: Floats, pairs: Moments, alpha: float, turned: bool = False) -> Floats:
    """The largest threshold at which `some_beats_each` is at most ``alpha`` / 2."""
    error, dof = (_turned(of) if turned else of for of in (pairs.error, pairs.dof))
    leaves = _max(mean + stdtrit(dof, OUT_OF_THE_RUNNING) * error, 1)  # (A, S)
    low = np.full(mean.shape[-1], -np.inf)
    for counted in range(1, len(mean) + 1):
        level = alpha / 2 * OUT_OF_THE_RUNNING / counted
        ends = _max(_min(mean - stdtrit(dof, 1 - level) * error, 1), 0)
        with np.errstate(invalid="ignore"):
            holds = (leaves >= ends).sum(axis=0) <= counted
            low = np.where(holds & (ends > low), ends, low)
    return np.where(np.isinf(low), np.nan, low)


def holm_levels(p_values: Sequence[float], running: Sequence[bool], alpha: float) -> list[float]:
    """Two-sided level of each contestant by Holm's step-down (1979, jstor.org/stable/4615733).

    ``p_values`` are one-sided, of the claim to be ahead at the largest size. The smallest is
    tested at alpha / m, the next at alpha / (m - 1), and so on; from the first that fails on,
    all have the level at which it failed. Those not in the ``running`` are not counted; they have
    the level of the last.
    """
    counted = sum(running)
    level, stopped = alpha / max(1, counted), False
    levels = [alpha] * len(p_values)
    order = sorted(range(len(p_values)), key=lambda i: (not running[i], p_values[i]))
    for rank, index in enumerate(order):
        if not stopped and rank < counted:
            level = alpha / (counted - rank)
            stopped = not p_values[index] <= level / 2
        levels[index] = level
    return levels


def _turned(pairs: Floats) -> Floats:
    return np.swapaxes(pairs, 0, 1)


def _min(values: Floats, axis: int) -> Floats:
    found = np.where(np.isnan(values), np.inf, values).min(axis=axis, initial=np.inf)
    return np.where(np.isinf(found), np.nan, found)


def _max(values: Floats, axis: int) -> Floats:
    return -_min(-values, axis)
