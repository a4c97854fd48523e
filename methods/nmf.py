"""Non-negative matrix factorisation: a sum of parts, for values that are never negative."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from omicsbench.methods._common import Array, latent
from omicsbench.plugin import Choice, Real, method


@method(
    name="nmf",
    family="simple",
    summary="Non-negative factorisation by coordinate descent.",
    source="https://doi.org/10.1038/44565",
    accepts_sparse=True,
    nonnegative=True,
    invertible=True,
    needs=("sklearn",),
    space={"alpha": Choice([0.0, 1e-6, 1e-5, 1e-4, 1e-3]), "l1_ratio": Real(0.0, 1.0)},
)
class Nmf:
    """scikit-learn's NMF at its defaults; it does not centre, as parts only add up.

    ``alpha`` penalises parts and loadings alike, the share ``l1_ratio`` of it by their sum and
    the rest by their squares.
    """

    def __init__(
        self,
        n_components: int | None = None,
        max_iter: int = 200,
        alpha: float = 0.0,
        l1_ratio: float = 0.0,
        random_state: int = 0,
    ) -> None:
        self.n_components = n_components
        self.max_iter = max_iter
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.random_state = random_state

    def fit(self, X: Any) -> Nmf:
        from sklearn.decomposition import NMF
        from sklearn.exceptions import ConvergenceWarning

        self.nmf_ = NMF(
            latent(self.n_components),
            max_iter=self.max_iter,
            alpha_W=self.alpha,  # of the parts too, unless stated otherwise
            l1_ratio=self.l1_ratio,
            random_state=self.random_state,
        )
        with warnings.catch_warnings():
            # Reaching max_iter is a fact of the run, recorded below.
            warnings.simplefilter("ignore", ConvergenceWarning)
            self.nmf_.fit(X)
        iterations = int(self.nmf_.n_iter_)
        self.fit_info_ = {"iterations": iterations, "converged": iterations < self.max_iter}
        return self

    def transform(self, X: Any) -> Array:
        from sklearn.exceptions import ConvergenceWarning

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            return np.asarray(self.nmf_.transform(X), dtype=np.float32)

    def inverse_transform(self, Z: Array) -> Array:
        return np.asarray(self.nmf_.inverse_transform(Z), dtype=np.float32)
