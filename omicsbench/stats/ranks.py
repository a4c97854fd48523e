"""Contestants over data sets: who is ahead of whom, how often, and who cannot be told apart.

One comparison carries all: on a data set, row is *ahead* of column if its mean score is better by
more than the margin, and level with it if neither is. The **win rate** is the share of data sets
where row is ahead, level ones counting half. The **rank** of a contestant on one data set is 1 plus
its rivals ahead of it, half of those level with it; so mean ranks and win rates say the same. The
**performance profile** (10.1007/s101070100263) is the share of data sets on which a contestant is
within so many margins of the best.

**Told apart.** Two contestants are told apart where the mean difference of their ranks over data
sets is more than chance: an exact sign-flip test, Holm's step-down over all pairs. It needs no
distribution, and knows what few data sets cannot show: K of them give no p below 2^(1 - K).
``needed`` says how many it takes for any pair to be told apart, if all agree. The interval of a
mean rank is the bootstrap over data sets, widened to what Student's t asks for (Hesterberg 2015,
10.1080/00031305.2015.1089789), and no shorter than half a rank more or less on one data set
makes it; it describes, no outcome depends on it.

Data sets are taken as a random draw, which they are not, and each one's mean scores as they are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtrit

from omicsbench.stats.crossover import ALPHA
from omicsbench.stats.differences import Floats
from omicsbench.stats.letters import Groups, groups

FEWEST = 3  # data sets
ALL_FLIPS = 12  # data sets up to which every choice of signs is tried
FLIPS = 2**ALL_FLIPS
REPLICATES = 2_000


@dataclass(frozen=True)
class Ranks:
    """P contestants on K data sets, in the order in which they were given.

    Attributes
    ----------
    mean, low, high : (P,) mean rank, 1 the best, and its interval.
    wins : (P, P) share of data sets where row is ahead of column, level ones half; 0.5 with itself.
    p : (P, P) adjusted p-value of "they differ", 1 with itself.
    groups : of contestants that cannot be told apart, best first; two who are not told apart share
        one, and a contestant may be in several.
    needed : data sets from which on two contestants can be told apart at all.
    """

    mean: Floats
    low: Floats
    high: Floats
    wins: Floats
    p: Floats
    groups: Groups
    needed: int


def ranks(
    scores: Floats, margins: ArrayLike = 0.0, *, alpha: float = ALPHA, seed: int = 0
) -> Ranks:
    """Rank P contestants over K data sets; see the module's docstring.

    Parameters
    ----------
    scores : (K, P) mean scores, larger is better, none missing.
    margins : (K,), or one for all: difference that counts as none, 0 or more.

    Raises ValueError with fewer than three data sets or two contestants, or a missing score.
    """
    datasets, contestants = scores.shape
    if datasets < FEWEST or contestants < 2:
        raise ValueError(f"{FEWEST} data sets and two contestants are needed, not {scores.shape}")
    if not np.isfinite(scores).all():
        raise ValueError("every score must be finite")
    margin = np.broadcast_to(np.asarray(margins, dtype=np.float64), (datasets,))[:, None, None]
    gap = scores[:, :, None] - scores[:, None, :]
    ahead = (gap > margin) + 0.5 * (np.abs(gap) <= margin)  # (K, P, P)
    of_set = 0.5 + (1 - ahead).sum(axis=2)  # (K, P); with itself it is level
    mean = of_set.mean(axis=0)
    low, high = _interval(of_set, mean, alpha, seed)
    p = _apart(of_set, seed)
    pairs = contestants * (contestants - 1) // 2
    needed = next(k for k in range(FEWEST, 1_000) if 2.0 ** (1 - k) * pairs <= alpha)
    order: list[int] = np.argsort(mean, kind="stable").tolist()
    found = groups(order, p > alpha)
    return Ranks(mean, low, high, ahead.mean(axis=0), p, found, needed)


def profile(scores: Floats, margins: ArrayLike, taus: ArrayLike) -> Floats:
    """Share of data sets, (T, P), on which each contestant is within tau margins of the best.

    ``scores`` (K, P), larger is better; ``margins`` (K,) or one, above 0; ``taus`` (T,).
    """
    margin = np.broadcast_to(np.asarray(margins, dtype=np.float64), (len(scores),))[:, None]
    behind = (scores.max(axis=1, keepdims=True) - scores) / margin
    allowed = np.asarray(taus, dtype=np.float64)[:, None, None]
    return np.asarray((behind <= allowed).mean(axis=1))


def _interval(of_set: Floats, mean: Floats, alpha: float, seed: int) -> tuple[Floats, Floats]:
    datasets, contestants = of_set.shape
    even = np.full(datasets, 1 / datasets)
    drawn = np.random.default_rng(seed).multinomial(datasets, even, REPLICATES) / datasets
    tail = 1 - alpha / 2
    wide = stdtrit(datasets - 1, tail) / stdtrit(np.inf, tail) * (datasets / (datasets - 1)) ** 0.5
    ends = wide * np.quantile(drawn @ (of_set - mean), [alpha / 2, tail], axis=0)
    least = 0.5 / datasets * stdtrit(datasets - 1, tail)  # half a rank more on one data set
    low, high = np.minimum(ends[0], -least), np.maximum(ends[1], least)
    return np.clip(mean + low, 1.0, contestants), np.clip(mean + high, 1.0, contestants)


def _apart(of_set: Floats, seed: int) -> Floats:
    """Adjusted p-values (P, P): sign flips of the differences of ranks, then Holm's step-down."""
    datasets, contestants = of_set.shape
    one, other = np.triu_indices(contestants, k=1)
    off = of_set[:, one] - of_set[:, other]  # (K, pairs)
    if datasets <= ALL_FLIPS:
        bits = np.arange(2**datasets)[:, None] >> np.arange(datasets)
        signs = 1.0 - 2.0 * (bits & 1)
    else:
        signs = np.random.default_rng(seed).choice([-1.0, 1.0], size=(FLIPS, datasets))
        signs[0] = 1.0  # what was seen is one of them
    seen = np.abs(off.sum(axis=0))
    p = (np.abs(signs @ off) >= seen - 1e-9).mean(axis=0)
    order = np.argsort(p)
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    made = np.ones((contestants, contestants))
    made[one[order], other[order]] = np.minimum(stepped, 1.0)
    return np.minimum(made, made.T)
