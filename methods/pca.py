"""Principal component analysis: the baseline that every other method has to beat."""

from __future__ import annotations

from typing import Any

from omicsbench.methods._common import Array, latent, pad_columns
from omicsbench.plugin import method


@method(
    name="pca",
    family="simple",
    summary="Exact principal components; sparse input stays sparse.",
    source="https://doi.org/10.1080/14786440109462720",
    accepts_sparse=True,
    invertible=True,
    needs=("sklearn",),
)
class Pca:
    """Exact solvers only: a randomised one is fast, but its trailing components are wrong.

    With fewer than ``n_components`` dimensions in the training rows the rest are zero.
    """

    def __init__(self, n_components: int | None = None) -> None:
        self.n_components = n_components

    def fit(self, X: Any) -> Pca:
        from sklearn.decomposition import PCA

        n, p = X.shape
        rank = min(latent(self.n_components), n - 1, p)
        # ARPACK gives up to min(n, p) - 1 components, which is all there is unless p < n.
        solver = "covariance_eigh" if rank == p else "arpack"
        self.pca_ = PCA(rank, svd_solver=solver, random_state=0).fit(X)
        self.fit_info_ = {
            "components": rank,
            "explained_variance_ratio": float(self.pca_.explained_variance_ratio_.sum()),
        }
        return self

    def transform(self, X: Any) -> Array:
        return pad_columns(self.pca_.transform(X), latent(self.n_components))

    def inverse_transform(self, Z: Array) -> Array:
        restored: Array = self.pca_.inverse_transform(Z[:, : self.pca_.n_components_])
        return restored.astype("float32", copy=False)
