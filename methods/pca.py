"""Principal component analysis: the baseline that every other method has to beat."""

from __future__ import annotations

from typing import Any

import numpy as np

from omicsbench.methods._common import Array, dense_rows, latent, pad_columns
from omicsbench.plugin import method

SOLVERS = ("library", "gram")
BLOCK = 8_192  # rows projected at once


@method(
    name="pca",
    family="simple",
    summary="Exact principal components, by scikit-learn or from the Gram matrix.",
    source="https://doi.org/10.1080/14786440109462720",
    accepts_sparse=True,
    streams=True,
    invertible=True,
    needs=("sklearn",),
)
class Pca:
    """Exact solvers only: a randomised one is fast, but its trailing components are wrong.

    With fewer than ``n_components`` dimensions in the training rows the rest are zero.

    Parameters
    ----------
    solver : ``"library"`` is scikit-learn's PCA (arpack; a sparse matrix stays sparse, but lies
        in memory). ``"gram"`` reads the rows a block at a time, sums the features' covariances
        and takes their eigenvectors: the same components, in bounded memory and several
        times as fast for many more rows than features.
    """

    def __init__(self, n_components: int | None = None, solver: str = "library") -> None:
        self.n_components = n_components
        self.solver = solver

    def fit(self, X: Any) -> Pca:
        if self.solver not in SOLVERS:
            raise ValueError(f"solver={self.solver!r}: use one of {', '.join(SOLVERS)}")
        n, p = X.shape
        rank = min(latent(self.n_components), n - 1, p)
        self.pca_ = self._by_gram(X, rank) if self.solver == "gram" else self._by_library(X, rank)
        self.fit_info_ = {
            "solver": self.solver,
            "components": rank,
            "explained_variance_ratio": float(self.pca_.explained_variance_ratio_.sum()),
        }
        return self

    def _by_library(self, X: Any, rank: int) -> Any:
        from sklearn.decomposition import PCA

        # ARPACK gives up to min(n, p) - 1 components, which is all there is unless p < n.
        solver = "covariance_eigh" if rank == X.shape[1] else "arpack"
        return PCA(rank, svd_solver=solver, random_state=0).fit(_held(X))

    def _by_gram(self, X: Any, rank: int) -> Any:
        """scikit-learn's PCA with the attributes that its own fit would have set."""
        from sklearn.decomposition import PCA

        from omicsbench.methods._gram import components

        pca = PCA(rank)
        pca.mean_, pca.components_, pca.explained_variance_, total = components(X, rank)
        pca.explained_variance_ratio_ = pca.explained_variance_ / (total or 1.0)
        pca.n_components_, pca.n_features_in_ = rank, X.shape[1]
        return pca

    def transform(self, X: Any) -> Array:
        width = latent(self.n_components)
        if self.solver == "library":
            return pad_columns(self.pca_.transform(_held(X)), width)
        blocks = (slice(start, start + BLOCK) for start in range(0, X.shape[0], BLOCK))
        scores = [self.pca_.transform(dense_rows(X, rows)) for rows in blocks]
        return pad_columns(np.concatenate(scores), width)

    def inverse_transform(self, Z: Array) -> Array:
        restored: Array = self.pca_.inverse_transform(Z[:, : self.pca_.n_components_])
        return restored.astype("float32", copy=False)


def _held(X: Any) -> Any:
    """A matrix in memory, as a library takes it; mapped rows become CSR."""
    return X.tocsr() if hasattr(X, "index") else X
