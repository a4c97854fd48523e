"""Points and the distances between them: what several metrics share."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from omicsbench.metrics.base import FloatArray, MetricUndefined

ROUNDING = 1e-6  # relative; float32 resolves 1.2e-7
BLOCK_ROWS = 256  # rows of distances held at a time


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


def distance_blocks(points: FloatArray) -> Iterator[tuple[slice, NDArray[np.float64]]]:
    """Squared distances of all points, a block of rows at a time; infinite to themselves.

    Taken from differences, not from the faster matrix product, because only so are
    equal points at distance exactly 0 and every tie is an exact one.
    """
    from scipy.spatial.distance import cdist

    for start in range(0, len(points), BLOCK_ROWS):
        block = cdist(points[start : start + BLOCK_ROWS], points, "sqeuclidean")
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
