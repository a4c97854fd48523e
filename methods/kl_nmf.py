"""Non-negative factors of counts by the Kullback-Leibler divergence: Poisson factors."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from omicsbench.methods._common import Array, latent, pad_columns
from omicsbench.plugin import Choice, Counts, method


@method(
    name="kl_nmf",
    family="simple",
    summary="Non-negative factors of counts by Kullback-Leibler divergence (scikit-learn).",
    source="https://doi.org/10.1038/44565",
    reads="counts",
    needs=("sklearn",),
    space={"alpha": Choice([0.0, 1e-5, 1e-4, 1e-3]), "l1_ratio": Choice([0.0, 0.5, 1.0])},
)
class KlNmf:
    """scikit-learn's multiplicative updates, which hold the counts in memory as CSR.

    A cell's loadings are proportional to its depth: they are divided by its total, and
    multiplied by the mean total of the training cells.

    Parameters
    ----------
    max_iter : updates at most; ``fit_info_["converged"]`` tells whether they were enough.
    alpha, l1_ratio : penalty of parts and loadings, and the share of it by their sum.
    """

    def __init__(
        self,
        n_components: int | None = None,
        max_iter: int = 400,
        alpha: float = 0.0,
        l1_ratio: float = 0.0,
        random_state: int = 0,
    ) -> None:
        self.n_components = n_components
        self.max_iter = max_iter
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.random_state = random_state

    def fit(self, X: Counts) -> KlNmf:
        from sklearn.decomposition import NMF

        self.model_ = NMF(
            min(latent(self.n_components), *X.shape),
            init="nndsvda",  # without zeros, which no multiplication would move
            solver="mu",
            beta_loss="kullback-leibler",
            max_iter=self.max_iter,
            alpha_W=self.alpha,  # of the parts too, unless stated otherwise
            l1_ratio=self.l1_ratio,
            random_state=self.random_state,
        )
        self._quietly("fit", X)
        self.mean_total_ = np.float32(X.totals.mean(dtype=np.float64))
        iterations = int(self.model_.n_iter_)
        self.fit_info_ = {"iterations": iterations, "converged": iterations < self.max_iter}
        return self

    def transform(self, X: Counts) -> Array:
        loadings = self._quietly("transform", X) * (self.mean_total_ / X.totals[:, None])
        return pad_columns(loadings, latent(self.n_components))

    def _quietly(self, step: str, X: Counts) -> Any:
        """That ``max_iter`` was reached is a fact of the run, not a warning."""
        from sklearn.exceptions import ConvergenceWarning

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            return getattr(self.model_, step)(X.tocsr())
