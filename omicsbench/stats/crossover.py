"""From which size on is one side ahead: n* and its interval, from p-values at several sizes.

**Estimand.** n* is the smallest tested size from which the first side is ahead by more than the
margin (``omicsbench.stats.contest``) at that and *every* larger tested size.

**Ahead at all?** At the largest size N, at half the level: *ahead* there if that is shown, *not
reached* if the contrary is. This is what the 95 % interval of the difference at N says.

**Interval of n*.** The upper end is the smallest size from which every test shows the side to be
ahead; that is one intersection-union test and needs no correction for the number of sizes. The
lower end is the smallest size that cannot be ruled out by showing, at that or a larger size, that
the side is not ahead: any one of them would do, so Bonferroni's correction (the first step of
Holm's) over these sizes is made. No maximum-of-t band: with five repeats the correlation of sizes
is not known well enough for one, and Bonferroni needs none.

Each end spends the whole 5 %, not half: the two errors exclude each other (the upper end errs only
where every later size is shown to be ahead, the lower end only where one is shown not to be), and
where one is likely the other is not. Simulated coverage: docs/verdict.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from omicsbench.stats.differences import Floats

ALPHA = 0.05  # two-sided


@dataclass(frozen=True)
class Crossover:
    """Where a side starts to be ahead. Places are those of ``sizes``; S is "not reached".

    ``place`` is the point estimate; ``low`` and ``high`` bound it.
    """

    place: int
    low: int
    high: int
    sizes: int

    @property
    def ahead(self) -> bool:
        """It is ahead at the largest size: the interval holds no "not reached"."""
        return self.high < self.sizes

    @property
    def not_reached(self) -> bool:
        """It is not ahead at the largest size: the interval holds nothing else."""
        return self.low == self.sizes


def crossover(
    above: NDArray[np.bool_], ahead: Floats, not_ahead: Floats, alpha: float = ALPHA
) -> Crossover:
    """n* and its interval; see the module's docstring. All (S,), sizes ascending.

    Parameters
    ----------
    above : whether the best means differ by more than the margin.
    ahead : p-value that the side is ahead; NaN is taken for 1, as nothing is shown.
    not_ahead : p-value of the contrary, likewise.
    """
    last = len(above)
    ahead, not_ahead = (np.nan_to_num(p, nan=1.0) for p in (ahead, not_ahead))
    if not_ahead[-1] <= alpha / 2:
        return Crossover(last, last, last, last)
    high = last if ahead[-1] > alpha / 2 else int(first_lasting(ahead <= alpha))
    contrary = np.minimum.accumulate(not_ahead[::-1])[::-1] * np.arange(last, 0, -1)
    open_ = np.flatnonzero(contrary > alpha)
    low = min(int(open_[0]) if open_.size else last, last - 1, high)
    return Crossover(min(max(int(first_lasting(above)), low), high), low, high, last)


def first_lasting(above: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Index of the first column from which all are true, per row; their number if none is."""
    lasting = np.logical_and.accumulate(above[..., ::-1], axis=-1)
    return np.asarray(above.shape[-1] - lasting.sum(axis=-1))
