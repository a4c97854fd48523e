"""PCA of analytic Pearson residuals: how far counts are from what a cell's depth explains."""

from __future__ import annotations

import numpy as np

from omicsbench.methods._common import Array
from omicsbench.methods._count_pca import DerivedPca, pearson_residuals, shares
from omicsbench.plugin import Counts, Real, method


@method(
    name="pearson_pca",
    family="simple",
    summary="Exact principal components of analytic Pearson residuals of counts.",
    source="https://doi.org/10.1186/s13059-021-02451-7",
    reads="counts",
    needs=("sklearn",),
    space={"theta": Real(1.0, 1000.0, log=True)},
)
class PearsonPca(DerivedPca):
    """Residuals end at the root of the number of training cells, as published.

    A cell's expected counts are its total times each feature's share in all training counts;
    unseen cells are held against the same shares.

    Parameters
    ----------
    theta : size of the negative binomial, of which the variance is mean + mean^2 / theta.
    """

    def __init__(self, n_components: int | None = None, theta: float = 100.0) -> None:
        self.n_components = n_components
        self.theta = theta

    def _learn(self, X: Counts) -> None:
        if not self.theta > 0:
            raise ValueError(f"theta={self.theta}: give a number above 0")
        self.share_ = shares(X)
        self.clip_ = float(np.sqrt(len(X)))

    def _values(self, counts: Array, totals: Array) -> Array:
        return pearson_residuals(counts, totals, self.share_, self.theta, self.clip_)
