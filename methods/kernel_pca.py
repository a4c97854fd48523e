"""Kernel PCA by landmarks: principal components of how like the landmarks a cell is."""

from __future__ import annotations

import numpy as np

from omicsbench.methods._common import Array, latent, pad_columns
from omicsbench.plugin import Real, method


@method(
    name="kernel_pca",
    family="simple",
    summary="PCA of an RBF kernel, by Nystroem's approximation (scikit-learn).",
    source="https://doi.org/10.1162/089976698300017467",
    needs=("sklearn",),
    space={"width": Real(0.05, 5.0, log=True)},
)
class KernelPca:
    """Exact where there are no more training cells than landmarks.

    Parameters
    ----------
    width : factor to the kernel's gamma, which is 1 / (features x variance of all values).
    landmarks : training cells drawn at random, by which all cells are described.
    """

    def __init__(
        self,
        n_components: int | None = None,
        width: float = 0.5,
        landmarks: int = 1000,
        random_state: int = 0,
    ) -> None:
        self.n_components = n_components
        self.width = width
        self.landmarks = landmarks
        self.random_state = random_state

    def fit(self, X: Array) -> KernelPca:
        from sklearn.decomposition import PCA
        from sklearn.kernel_approximation import Nystroem
        from sklearn.pipeline import make_pipeline

        if not (self.width > 0 and self.landmarks > 1):
            raise ValueError("give a width above 0, and 2 landmarks or more")
        n, p = X.shape
        landmarks = min(self.landmarks, n)
        rank = min(latent(self.n_components), landmarks - 1)
        gamma = self.width / (p * (float(np.var(X, dtype=np.float64)) or 1.0))
        kernel = Nystroem(gamma=gamma, n_components=landmarks, random_state=self.random_state)
        self.model_ = make_pipeline(kernel, PCA(rank, svd_solver="covariance_eigh"))
        # The kernel's smallest eigenvalues are divided by: in single precision a cell's place would
        # hang on who is placed beside it.
        self.model_.fit(np.asarray(X, dtype=np.float64))
        share = float(self.model_[-1].explained_variance_ratio_.sum())
        self.fit_info_ = {"landmarks": landmarks, "explained_variance_ratio": share}
        return self

    def transform(self, X: Array) -> Array:
        placed = self.model_.transform(np.asarray(X, dtype=np.float64))
        return pad_columns(placed, latent(self.n_components))
