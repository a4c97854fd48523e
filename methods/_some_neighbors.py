"""A few of each row's many nearest rows, drawn at random."""

from __future__ import annotations

import numpy as np

from omicsbench.methods._common import Array, threads
from omicsbench.methods._fast_neighbors import EXACT, among_themselves

A_PART = 5  # neighbours that a row gets of one random part


def some_of_nearest(X: Array, k: int, some: int, seed: int) -> tuple[Array, int]:
    """Numbers (n, some) int32 of others, drawn from each row's k nearest; how many were filled.

    All of them, if ``some`` is k. Else, beyond ``EXACT`` rows, the k nearest are not searched, as
    that would take longest. Rows are dealt into random parts, a row gets the few nearest of its
    part, and they are dealt anew. Of a part of a share f of all rows, the j-th nearest has a rank
    of j / f among all on average: f is such that the mean rank is that of a draw from the k
    nearest, (k + 1) / 2. So the neighbourhood has a soft edge, and a row may be drawn twice.
    """
    rng = np.random.default_rng(seed)
    n = len(X)
    if n <= EXACT or some == k:
        near, distances, filled = among_themselves(X, k, seed)
        del distances  # of a million rows: no second copy
        rng.permuted(near, axis=1, out=near)
        return near[:, :some].astype(np.int32), filled
    import manifolds_rs

    manifolds_rs.set_num_threads(threads())
    drawn = np.empty((n, some), dtype=np.int32)
    for start in range(0, some, A_PART):
        few = min(A_PART, some - start)
        parts = min(round((k + 1) / (few + 1)), n // (few + 1))
        for rows in np.array_split(rng.permutation(n).astype(np.int32), parts):
            near, _ = manifolds_rs.knn_graph(X[rows], few, ann="kmknn", seed=seed)  # exact
            drawn[rows, start : start + few] = rows[near]
    return drawn, 0
