"""Principal components from the Gram matrix of the features, read a block of rows at a time."""

from __future__ import annotations

from typing import Any

import numpy as np

from omicsbench.methods._common import Array, column_means, dense_rows

BLOCK = 4_096


def components(X: Any, k: int) -> tuple[Array, Array, Array, float]:
    """Mean (p,), axes (k, p), variances along them (k,) and total variance of X (n, p).

    Of each block the product is taken in single precision by BLAS, the sum in double
    precision; the eigenvectors are exact. Memory: one dense block and three (p, p) arrays.
    """
    from scipy.linalg import eigh
    from scipy.linalg.blas import ssyrk

    n, p = X.shape
    mean = column_means(X).astype(np.float64)
    shift = mean.astype(np.float32)
    gram = np.zeros((p, p), order="F")
    for start in range(0, n, BLOCK):
        block = dense_rows(X, slice(start, start + BLOCK)) - shift
        gram += ssyrk(1.0, np.ascontiguousarray(block, dtype=np.float32).T)
    covariance = gram / (n - 1)
    variances, axes = eigh(covariance, lower=False, subset_by_index=(p - k, p - 1))
    order = slice(None, None, -1)
    axes = np.ascontiguousarray(axes.T[order], dtype=np.float32)
    # The sign of an axis is arbitrary: let its largest loading be positive.
    largest = axes[np.arange(k), np.abs(axes).argmax(axis=1)]
    axes *= np.where(largest < 0, -1, 1).astype(np.float32)[:, None]
    total = float(np.trace(covariance))
    return shift, axes, np.maximum(variances[order], 0), total
