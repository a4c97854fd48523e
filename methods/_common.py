"""Small helpers shared by several methods. Imports nothing heavy."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
"""Dense floats; parameters named X also take CSR where a method declares it."""


def latent(n_components: int | None) -> int:
    """The output dimension, which the harness has filled in by the time of ``fit``."""
    if n_components is None:
        raise ValueError("n_components is None: give the output dimension, for example 10")
    return n_components


def threads() -> int:
    """Threads a library may use where it has to be told: the pinned count, else one."""
    return int(os.environ.get("OMP_NUM_THREADS", "1"))


def column_means(X: Any) -> Array:
    """Mean of each feature, summed in double precision without a dense or double copy of X."""
    from scipy.sparse import issparse

    if issparse(X):
        from sklearn.utils.sparsefuncs import mean_variance_axis

        return np.asarray(mean_variance_axis(X, axis=0)[0], dtype=np.float32)
    means: Array = X.mean(axis=0, dtype=np.float64).astype(np.float32)
    return means


def dense_rows(X: Any, rows: Array | slice) -> Array:
    """Some rows of a dense, CSR or mapped matrix, dense; only they are ever in memory."""
    block = X[rows]
    return block if isinstance(block, np.ndarray) else np.asarray(block.toarray())


def pad_columns(Z: Any, width: int) -> Array:
    """Z as float32, with zero columns added up to ``width``.

    n centred rows span n - 1 dimensions, so ``pca(50)`` has no more to give at n = 20. Zero
    columns keep the shape and change no distance.
    """
    padded = np.zeros((len(Z), width), dtype=np.float32)
    padded[:, : Z.shape[1]] = Z
    return padded
