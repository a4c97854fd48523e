"""A start for the picture of very many rows: that of a sample, and the others among its rows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from omicsbench.methods._common import Array
from omicsbench.methods._fast_neighbors import among_themselves, of_unseen

SHARE = 10  # one row in so many is of the sample
LayOut = Callable[[Array, Array, Array], Array]  # rows, their neighbours, distances: places


def begun(X: Array, indices: Array, lay_out: LayOut, seed: int) -> Array:
    """Places (n, d) float32 of the rows X, of which ``indices`` (n, k) are neighbours.

    ``lay_out`` makes the picture of the sample, of its own neighbours. A row that is not of it is
    put at the mean of those of its neighbours that have a place, by rounds.
    """
    n, k = indices.shape
    sample = np.sort(np.random.default_rng(seed).choice(n, max(n // SHARE, k + 1), replace=False))
    near, far, _ = among_themselves(X[sample], k, seed)
    first = lay_out(X[sample], near, far)
    placed = np.full((n, first.shape[1]), np.nan, dtype=np.float32)
    placed[sample] = first
    todo = np.setdiff1d(np.arange(n), sample)
    while todo.size:
        around = placed[indices[todo]]
        known = ~np.isnan(around[..., 0])
        found = known.any(axis=1)
        if not found.any():  # no path leads from them to the sample
            nearest = of_unseen(X[sample], X[todo], 1)[0][:, 0]
            placed[todo] = first[nearest]
            break
        weights = known[found][..., None] / known[found].sum(axis=1)[:, None, None]
        placed[todo[found]] = (np.nan_to_num(around[found]) * weights).sum(axis=1)
        todo = todo[~found]
    return placed
