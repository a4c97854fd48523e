"""The nearest rows, by manifolds-rs among themselves and by scikit-learn for unseen ones."""

from __future__ import annotations

import numpy as np

from omicsbench.methods._common import Array, threads

EXACT = 16_384  # rows, up to which the search compares all with all
BLOCK = 1_024  # rows that are searched exactly at a time


def among_themselves(X: Array, k: int, seed: int) -> tuple[Array, Array, int]:
    """Each row's k nearest others: numbers (n, k) int64 and distances (n, k); how many were filled.

    Exact up to ``EXACT`` rows; beyond, nearest-neighbour descent, which is repeated by a seed on
    any number of threads (the library's HNSW is not). What it leaves out is searched exactly, and
    counted: this takes time in proportion to the rows with holes times all rows.
    """
    import manifolds_rs

    manifolds_rs.set_num_threads(threads())
    way = "exhaustive" if len(X) <= EXACT else "nndescent"
    indices, distances = manifolds_rs.knn_graph(X, k, ann=way, seed=seed)
    missing = indices < 0
    holes = np.flatnonzero(missing.any(axis=1))
    for start in range(0, holes.size, BLOCK):
        block = holes[start : start + BLOCK]
        near, far = of_unseen(X, X[block], k + 1)
        for row, places, lengths in zip(block, near, far, strict=True):
            others = np.flatnonzero(places != row)[:k]
            indices[row], distances[row] = places[others], lengths[others]
    return indices, distances, int(missing.sum())


def of_unseen(X: Array, new: Array, k: int) -> tuple[Array, Array]:
    """The k rows of X nearest to each new row, exactly: numbers (m, k) and distances (m, k)."""
    from sklearn.neighbors import NearestNeighbors

    found = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(X).kneighbors(new)
    return np.asarray(found[1]), np.asarray(found[0], dtype=np.float32)
