"""Counts of cells brought to one depth, so that it tells nothing of which cell is which."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from omicsbench.prepare.normalise import TARGET_SUM, counted
from omicsbench.prepare.parts import Part

LOWEST = 0.1  # of the cells keep the total that they have, or nearly so
EVENING = 9  # stream of random numbers, beside those of split and hold-out


@dataclass(frozen=True)
class Evened:
    """Some rows as a part has them, in memory: log-normalised, unscaled, and their totals."""

    X: NDArray[np.float32]
    depth: NDArray[np.float32]


def evened(part: Part, rows: NDArray[np.int64], seed: int) -> Evened:
    """Some rows of a part that holds counts, thinned to the same total as far as they have it.

    That is the total of the lowest tenth of the part's cells: what a cell has beyond it is left out
    at random, of whatever feature; a cell below keeps all.
    """
    assert part.depth is not None
    totals = np.asarray(part.depth)[rows]
    kept = np.minimum(1, np.quantile(part.depth, LOWEST) / totals)
    own = part.X[rows]
    counts = counted(own if isinstance(own, np.ndarray) else own.toarray(), totals)
    others = np.maximum(totals - counts.sum(axis=1), 0)  # of features that are not selected
    rng = np.random.default_rng([seed, EVENING])
    thinned = rng.binomial(counts.astype(np.int64), kept[:, None])
    depth = thinned.sum(axis=1) + rng.binomial(others.astype(np.int64), kept)
    depth = np.maximum(depth, 1).astype(np.float32)  # methods divide by it
    X = np.log1p(thinned * (TARGET_SUM / depth[:, None]), dtype=np.float64)
    return Evened(X.astype(np.float32), depth)
