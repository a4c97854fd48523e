"""Points and the distances between them: what several metrics share."""

from __future__ import annotations

import os
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from omicsbench.metrics.base import FloatArray, MetricUndefined

ROUNDING = 1e-6  # relative; float32 resolves 1.2e-7
BLOCK_ROWS = 256  # most rows of distances held at a time
BLOCK_MB = 256.0  # memory for distances and what is made of them; OMICSBENCH_BLOCK_MB sets it
ARRAYS = 4  # of a block's size that a metric holds at once, 8 bytes a value


def cleaned(embedding: FloatArray, reference: FloatArray | None = None) -> FloatArray:
    """Embedding with 0 in the columns that, in ``reference`` (itself), vary by rounding alone.

    A network that has collapsed still emits noise in the last bit, and that noise may
    depend on a row's place in its batch.
    """
    reference = embedding if reference is None else reference
    if not (np.isfinite(embedding).all() and np.isfinite(reference).all()):
        raise MetricUndefined("the embedding is not finite")
    low = reference.min(axis=0).astype(np.float64)
    high = reference.max(axis=0).astype(np.float64)
    constant = high - low <= ROUNDING * np.maximum(np.abs(low), np.abs(high))
    return np.where(constant, embedding.dtype.type(0), embedding)


def block_rows(points: int) -> int:
    """Rows of distances to so many points that fit into the memory set for them."""
    setting = float(os.environ.get("OMICSBENCH_BLOCK_MB", BLOCK_MB))
    return int(np.clip(setting * 2**20 / (8 * ARRAYS * points), 1, BLOCK_ROWS))


def distance_blocks(
    points: FloatArray, anchors: int | None = None
) -> Iterator[tuple[slice, NDArray[np.float64]]]:
    """Squared distances of the first ``anchors`` points (all) to all, a block of rows at a time.

    A point is infinitely far from itself. Distances are taken from differences, not from the
    faster matrix product, because only so are equal points at distance exactly 0 and every
    tie is an exact one.
    """
    from scipy.spatial.distance import cdist

    last, rows = len(points) if anchors is None else anchors, block_rows(len(points))
    for start in range(0, last, rows):
        block = cdist(points[start : min(start + rows, last)], points, "sqeuclidean")
        own = np.arange(len(block))
        block[own, start + own] = np.inf
        yield slice(start, start + len(block)), block


def nearest_weights(distances: NDArray[np.float64], k: int) -> NDArray[np.float64]:
    """Probability of each point to be among the k nearest of its row, ties broken at random."""
    kth = np.partition(distances, k - 1, axis=1)[:, k - 1 : k]
    nearer, tied = distances < kth, distances == kth
    share = (k - nearer.sum(axis=1)) / tied.sum(axis=1)
    weights: NDArray[np.float64] = nearer + tied * share[:, None]
    return weights


def spearman(reference: FloatArray, values: FloatArray) -> float:
    """Rank correlation; 0, its expectation under random ranks, where ``values`` are all equal."""
    from scipy.stats import spearmanr

    if np.ptp(reference) == 0:
        raise MetricUndefined("all distances in gene space are equal")
    if np.ptp(values) == 0:
        return 0.0
    return float(np.clip(spearmanr(reference, values).statistic, -1, 1))
