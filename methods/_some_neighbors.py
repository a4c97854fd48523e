"""A few of each row's many nearest rows, drawn at random."""

from __future__ import annotations

import numpy as np

from omicsbench.methods._common import Array, threads
from omicsbench.methods._fast_neighbors import EXACT, among_themselves

A_PART = 5  # neighbours that a row gets of one random part
LARGEST, FEWEST = 50_000, 7  # rows of a part, that are compared with each other; and parts


def some_of_nearest(X: Array, k: int, some: int, seed: int) -> tuple[Array, int]:
    """Numbers (n, some) int32 of others, drawn from each row's k nearest; how many were filled.

    All of them, if ``some`` is k. Else, beyond ``EXACT`` rows, a large k is not searched, as that
    would take longest. Rows are dealt into random parts, a row gets the few nearest of its part,
    and they are dealt anew. The j-th nearest of a share f of all rows has a rank of j / f among all
    on average: f is such that the mean rank is that of a draw from the k nearest, (k + 1) / 2. So
    the neighbourhood has a soft edge, and a row may be drawn twice.
    """
    rng = np.random.default_rng(seed)
    n, few = len(X), min(A_PART, some)
    parts = round((k + 1) / (few + 1))
    if n <= EXACT or parts < FEWEST or not few + 2 <= n / parts <= LARGEST:
        near, _, filled = among_themselves(X, k, seed)
        if some < k:
            rng.permuted(near, axis=1, out=near)
        return near[:, :some].astype(np.int32), filled
    drawn = np.hstack([_dealt(X, few, parts, rng) for _ in range(0, some, few)])
    rng.permuted(drawn, axis=1, out=drawn)
    return drawn[:, :some], 0


def _dealt(X: Array, few: int, parts: int, rng: np.random.Generator) -> Array:
    """Each row's nearest others within its one of so many random parts, exactly: (n, few) int32."""
    import manifolds_rs

    manifolds_rs.set_num_threads(threads())
    drawn = np.empty((len(X), few), dtype=np.int32)
    for rows in np.array_split(rng.permutation(len(X)).astype(np.int32), parts):
        # Of rows that are alike, the library may name one as its own neighbour.
        near, _ = manifolds_rs.knn_graph(X[rows], few + 1, ann="kmknn", seed=0)
        itself = near == np.arange(len(rows))[:, None]
        others = np.argsort(itself, axis=1, kind="stable")[:, :few]
        drawn[rows] = rows[np.take_along_axis(near, others, axis=1)]
    return drawn
