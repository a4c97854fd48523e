"""From one contestant's scores at several sizes to the n from which on more samples gain nothing.

**Estimand.** The saturation n is the smallest tested size from which on the mean score is within
the margin of the *best* mean score over all sizes: at that and every larger size. Larger is better.
Three ends are censored. At the smallest size it may lie below. At the largest one, only there the
score is within the margin of its best: it still rises, and the saturation n may lie above. And
where even the largest size is worse than the best by more than the margin, the curve has peaked and
there is none (one place beyond the last).

**The best is not selected.** The best of several noisy means is too good, so comparing with it
makes every other size look worse. Here no size is picked: "within the margin of the best" is the
same as "within the margin of *each* size", and each pair of sizes has its own one-sided t-test on
differences within repeats (errors as in ``omicsbench.stats.differences``).

- *Upper end*: the smallest size such that it and all larger ones are shown to be within the margin
  of every size. One intersection-union test: each pair at the full level, uncorrected.
- *Lower end*: the smallest size that cannot be ruled out. A size is ruled out if it, or a larger
  one, is shown to be worse than some size by more than the margin. Any pair will do, so they share
  the level: four fifths go to the pair that tells most in a curve that rises (this size and the
  largest), a fifth to all others together (Bonferroni). Sizes are ruled out from the smallest on,
  so that an error needs the one hypothesis at the true place to be rejected, and no correction
  for the number of sizes is due.

Each end spends the whole 5 %, as the interval of n* does, since the two errors exclude each other.
The point estimate takes the best of the means and is moved into the interval. Simulated coverage:
docs/verdict.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from omicsbench.stats.crossover import ALPHA, first_lasting
from omicsbench.stats.differences import Differences, Floats, moments

MAIN = 0.8  # share of the level that the pair of a size and the largest one gets


@dataclass(frozen=True)
class Saturation:
    """Where more samples stop to gain: places among ``sizes`` sizes; ``sizes`` itself is "none".

    ``place`` is the point estimate, ``low`` and ``high`` bound it.
    """

    place: int
    low: int
    high: int
    sizes: int

    @property
    def still_rising(self) -> bool:
        """Every smaller size is ruled out: more than the largest size may be needed."""
        return self.low == self.sizes - 1

    @property
    def open_above(self) -> bool:
        """The upper end is the largest size or beyond: how many are needed is not bounded."""
        return self.high >= self.sizes - 1


def saturation(scores: Differences, margin: float, alpha: float = ALPHA) -> Saturation:
    """Saturation n and its interval at level 1 - ``alpha``; see the module's docstring.

    Parameters
    ----------
    scores : of one contestant at its sizes, ascending; larger is better. ``by_unit`` where known.
    margin : gain that nobody would take more samples for, 0 or more.

    Raises ValueError with fewer than two sizes.
    """
    sizes = scores.by_repeat.shape[1]
    if sizes < 2:
        raise ValueError("a saturation n needs two sizes or more")
    mean: Floats = np.nanmean(scores.by_repeat, axis=0)
    place = int(first_lasting(mean >= mean.max() - margin))
    worse, within = pair_tests(scores, margin)
    shown = (within <= alpha) | np.eye(sizes, dtype=bool)
    high = int(first_lasting(np.asarray(shown.all(axis=0))))
    low = next((s for s in range(sizes) if not _ruled_out(worse, s, alpha)), sizes)
    return Saturation(min(max(place, low), high), min(low, high), high, sizes)


def pair_tests(scores: Differences, margin: float) -> tuple[Floats, Floats]:
    """p-values (S, S): column t is worse than row u by more than ``margin``; it is not.

    On the diagonal, and without two pairs, both are 0.5.
    """
    sizes = scores.by_repeat.shape[1]
    small, large = np.triu_indices(sizes, k=1)
    units = scores.by_unit
    if units is not None:
        units = units[:, large] - units[:, small]
    gains = scores.by_repeat[:, large] - scores.by_repeat[:, small]
    found = moments(Differences(gains, units, folds=scores.folds, step=scores.step))
    worse, within = np.full((2, sizes, sizes), 0.5)
    worse[large, small], within[large, small] = found.p_above(margin), found.p_below(margin)
    worse[small, large], within[small, large] = found.p_below(-margin), found.p_above(-margin)
    return np.nan_to_num(worse, nan=0.5), np.nan_to_num(within, nan=0.5)


def _ruled_out(worse: Floats, size: int, alpha: float) -> bool:
    """Whether this size or a larger one is shown to be worse than some size."""
    last, pairs = len(worse) - 1, worse[:, size:]
    if size == last:
        return bool(pairs.min() * last <= alpha)
    others = last * (last + 1 - size) - 1
    main = worse[last, size] <= MAIN * alpha
    return bool(main or pairs.min() * others <= (1 - MAIN) * alpha)
