"""Curves that fall where they should rise, beyond noise: arrays only.

More samples should not make a score worse. Where they do, it is a finding about the method (or its
budget), and what is said of "from n on" needs a second look. LCDB 1.1 (10.48550/arXiv.2505.15657)
finds such shapes in about one of seven learning curves.

Each pair of sizes has a one-sided test of the claim that the larger size is *worse* by more than
the margin, on differences within repeats (errors as in ``omicsbench.stats.differences``). The tests
of a curve share its level (Bonferroni), so ``p`` is that of the claim that the curve falls
somewhere; over a table of curves, ``discoveries.q_values`` of these p bound the share of false
flags.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from omicsbench.stats.crossover import ALPHA
from omicsbench.stats.differences import Differences
from omicsbench.stats.saturation import pair_tests

Fall = Literal["", "falls", "falls and recovers", "ends lower"]


@dataclass(frozen=True)
class Shape:
    """``kind`` of a curve, empty where no fall is shown; ``p`` of the claim that it falls.

    ``before`` and ``after`` are the places of the two sizes whose fall is the surest.
    *Ends lower*: the largest size is shown to be worse than a smaller one (dipping); *falls and
    recovers*: after a fall a larger size is shown to be better again (peaking of the error).
    """

    kind: Fall
    p: float
    before: int
    after: int


def shape(scores: Differences, margin: float, alpha: float = ALPHA) -> Shape:
    """The shape of one curve; scores as ``saturation`` takes them, larger is better.

    Raises ValueError with fewer than two sizes.
    """
    sizes = scores.by_repeat.shape[1]
    if sizes < 2:
        raise ValueError("a curve needs two sizes or more")
    worse, _ = pair_tests(scores, margin)
    before, after = np.triu_indices(sizes, k=1)
    p = np.minimum(worse[before, after] * len(before), 1.0)
    surest = int(p.argmin())
    found = Shape("", float(p[surest]), int(before[surest]), int(after[surest]))
    if found.p > alpha:
        return found
    fallen = after[p <= alpha]
    # Rises after a fall: of their own kind, each the claim that a smaller size is worse.
    again = worse[after, before] * len(before) <= alpha
    kind: Fall = "falls"
    if (fallen == sizes - 1).any():
        kind = "ends lower"
    elif np.isin(before[again], fallen).any():
        kind = "falls and recovers"
    return Shape(kind, found.p, found.before, found.after)
