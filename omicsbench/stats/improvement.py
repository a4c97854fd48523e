"""How often one side is better than the other on a new draw: arrays only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import betaincinv

from omicsbench.stats.crossover import ALPHA
from omicsbench.stats.differences import Floats


@dataclass(frozen=True)
class Improvement:
    """Share of repeats in which deep scores higher, ties counting half; None: no interval."""

    share: float
    low: float | None
    high: float | None


def improvement(differences: Floats, *, folds: bool = False, alpha: float = ALPHA) -> Improvement:
    """P(deep > simple) on a new draw of training rows and seeds (10.48550/arXiv.2108.13264).

    By how much does not matter, so it stands beside the mean difference: one that rests on few
    repeats shows here. The interval is that of Clopper & Pearson (1934, 10.1093/biomet/26.4.404),
    which holds at any number of pairs; a tie is half a win and half a loss, which scatters less
    than the binomial distribution allows for. With five pairs even five wins leave 0.48 open.

    Against several rivals it is the smallest of the shares: deep is better than *each* so often.
    The lower end is the smallest of the lower ends; the upper ends share their half of the error
    (Bonferroni).

    Parameters
    ----------
    differences : (J, R) paired differences to each of J rivals, positive where deep is better,
        none missing.
    folds : whether repeats are folds of cross-validation; their results depend on each other, by
        how much is not known, and no interval is given.

    Raises ValueError without rivals or pairs, or where a difference is missing.
    """
    rivals, pairs = differences.shape
    if not (rivals and pairs and np.isfinite(differences).all()):
        raise ValueError("finite differences to one rival or more are needed")
    wins = (differences > 0).sum(axis=1) + 0.5 * (differences == 0).sum(axis=1)
    share = float(wins.min() / pairs)
    if folds:
        return Improvement(share, None, None)
    fewest = float(wins.min())  # both ends rise with the wins
    low = betaincinv(fewest, pairs - fewest + 1, alpha / 2) if fewest else 0.0
    part = alpha / 2 / rivals
    high = betaincinv(fewest + 1, pairs - fewest, 1 - part) if fewest < pairs else 1.0
    return Improvement(share, float(low), float(high))
