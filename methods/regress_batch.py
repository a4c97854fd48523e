"""Linear regression of the batch: every feature loses the mean of its batch. Then PCA."""

from __future__ import annotations

import numpy as np

from omicsbench.methods._batch_effects import CorrectedPca, rows_of
from omicsbench.methods._common import Array, column_means
from omicsbench.plugin import method


@method(
    name="regress_batch",
    family="simple",
    task="batch",
    summary="PCA of what a linear regression on the batch leaves of each feature.",
    source="https://doi.org/10.1093/nar/gkv007",
    uses=("batch",),
    needs=("sklearn",),
)
class RegressBatch(CorrectedPca):
    """Right where a batch adds a constant to a feature and all batches hold like cells.

    Where they do not, what batches differ in by their cells is removed too. Unseen cells of a
    batch of training lose the mean of its training cells; those of a new batch the mean of
    their own, all of that batch that are transformed together.
    """

    def __init__(self, n_components: int | None = None) -> None:
        self.n_components = n_components

    def _learn(self, X: Array, batch: Array) -> Array:
        self.means_ = {code: column_means(X[rows]) for code, rows in rows_of(batch)}
        residuals = np.empty_like(X)
        for code, rows in rows_of(batch):
            residuals[rows] = X[rows] - self.means_[code]
        return residuals

    def _corrected(self, X: Array, code: int) -> Array:
        mean = self.means_.get(code)
        left: Array = X - (column_means(X) if mean is None else mean)
        return left
