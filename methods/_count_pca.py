"""What methods that read counts share: values worked out a block at a time, and their PCA."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from omicsbench.methods._common import Array, latent, pad_columns
from omicsbench.methods._gram import components
from omicsbench.plugin import Counts

BLOCK = 2_048  # cells of which dense blocks are in memory at once
PER_CELL = 10_000  # counts to which every cell is brought


class Derived:
    """Values (n, p) made of counts when they are read: ``X[rows]``, ``X.mean`` and ``X.shape``.

    ``values`` makes them of a block: counts (m, p) and totals (m,) give (m, p) float32.
    """

    def __init__(self, X: Counts, values: Callable[[Array, Array], Array]) -> None:
        self.X = X
        self.values = values
        self.shape = X.shape

    def __getitem__(self, rows: slice | Array) -> Array:
        return self.values(self.X[rows], self.X.totals[rows])

    def mean(self, axis: int, dtype: Any) -> Array:
        """Of each feature, summed block by block."""
        total = np.zeros(self.shape[1], dtype=dtype)
        for rows, counts in self.X.blocks(BLOCK):
            total += self.values(counts, self.X.totals[rows]).sum(axis=axis, dtype=dtype)
        return np.asarray(total / self.shape[0])


class DerivedPca:
    """Exact principal components of values made of counts, in bounded memory.

    A method says how they are made in ``_values``, and learns what that takes in ``_learn``.
    """

    n_components: int | None
    fit_info_: dict[str, Any]

    def _learn(self, X: Counts) -> None:
        """Of the training rows; nothing by default."""

    def _values(self, counts: Array, totals: Array) -> Array:
        raise NotImplementedError

    def fit(self, X: Counts) -> Any:
        rank = min(latent(self.n_components), X.shape[0] - 1, X.shape[1])
        self._learn(X)
        self.mean_, self.axes_, variances, total = components(Derived(X, self._values), rank)
        share = float(variances.sum() / (total or 1.0))
        self.fit_info_ = {"components": rank, "explained_variance_ratio": share}
        return self

    def transform(self, X: Counts) -> Array:
        scores = np.empty((len(X), len(self.axes_)), dtype=np.float32)
        for rows, counts in X.blocks(BLOCK):
            values = self._values(counts, X.totals[rows])
            scores[rows] = (values - self.mean_) @ self.axes_.T
        return pad_columns(scores, latent(self.n_components))


def log_normalised(counts: Array, totals: Array) -> Array:
    """log(1 + counts per 10,000) (m, p), by each cell's total over all measured features."""
    scale = np.float32(PER_CELL) / np.asarray(totals, dtype=np.float32)[:, None]
    return np.asarray(np.log1p(counts * scale), dtype=np.float32)


def shares(X: Counts) -> Array:
    """Part (p,) that each feature has in all counts of the cells, float64."""
    sums = np.zeros(X.shape[1])
    for _, counts in X.blocks(BLOCK):
        sums += counts.sum(axis=0, dtype=np.float64)
    return np.asarray(sums / X.totals.sum(dtype=np.float64))


def pearson_residuals(
    counts: Array, totals: Array, share: Array, theta: float, clip: float
) -> Array:
    """(m, p) float32: counts beside the mean ``totals * share``, over their standard deviation.

    The variance is negative binomial, mean + mean^2 / theta; residuals end at -clip and clip.
    """
    mean = np.outer(totals, share).astype(np.float32)
    deviation = np.sqrt(mean + mean**2 / np.float32(theta))
    residuals = np.divide(counts - mean, deviation, out=np.zeros_like(mean), where=deviation > 0)
    # A feature that no training cell shows says nothing of cells that do.
    return np.clip(residuals, -clip, clip)
