"""Independent components: the axes of PCA turned until they are as far from normal as they get."""

from __future__ import annotations

import warnings

import numpy as np

from omicsbench.methods._common import Array, latent, pad_columns
from omicsbench.plugin import Choice, method


@method(
    name="ica",
    family="simple",
    summary="Independent components by FastICA (scikit-learn), of unit variance.",
    source="https://doi.org/10.1016/S0893-6080(00)00026-5",
    invertible=True,
    needs=("sklearn",),
    space={"fun": Choice(["logcosh", "exp", "cube"])},
)
class Ica:
    """scikit-learn's FastICA; with more rows than features it whitens by their covariances.

    Parameters
    ----------
    fun : which measure of being far from normal is used.
    max_iter : turns at most; ``fit_info_["converged"]`` tells whether they were enough.
    """

    def __init__(
        self,
        n_components: int | None = None,
        fun: str = "logcosh",
        max_iter: int = 400,
        random_state: int = 0,
    ) -> None:
        self.n_components = n_components
        self.fun = fun
        self.max_iter = max_iter
        self.random_state = random_state

    def fit(self, X: Array) -> Ica:
        from sklearn.decomposition import FastICA
        from sklearn.exceptions import ConvergenceWarning

        n, p = X.shape
        rank = min(latent(self.n_components), n - 1, p)
        self.model_ = FastICA(
            rank,
            fun=self.fun,
            max_iter=self.max_iter,
            whiten="unit-variance",
            whiten_solver="eigh" if n > p else "svd",
            random_state=self.random_state,
        )
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            self.model_.fit(X)
        stopped = any(issubclass(w.category, ConvergenceWarning) for w in caught)
        self.fit_info_ = {
            "components": rank,
            "iterations": int(self.model_.n_iter_),
            "converged": not stopped,
        }
        return self

    def transform(self, X: Array) -> Array:
        return pad_columns(self.model_.transform(X), latent(self.n_components))

    def inverse_transform(self, Z: Array) -> Array:
        rank = self.model_.components_.shape[0]
        return np.asarray(self.model_.inverse_transform(Z[:, :rank]), dtype=np.float32)
