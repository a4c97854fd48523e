"""Factor analysis: PCA's probabilistic sibling, with a noise level for every feature."""

from __future__ import annotations

import warnings

import numpy as np

from omicsbench.methods._common import Array, latent, pad_columns
from omicsbench.plugin import Real, method


@method(
    name="factor_analysis",
    family="simple",
    summary="Gaussian latent factors, each feature with its own noise variance.",
    source="https://scikit-learn.org/stable/modules/decomposition.html#factor-analysis",
    invertible=True,
    needs=("sklearn",),
    space={"min_noise": Real(1e-3, 0.5, log=True)},
)
class FactorAnalysis:
    """scikit-learn's factor analysis by expectation-maximisation.

    With few rows the likelihood has no bound: the noise of some feature runs to zero and that
    feature alone then decides a factor (a Heywood case). ``min_noise`` keeps the noise of each
    feature above that share of the mean feature variance.
    """

    def __init__(
        self, n_components: int | None = None, min_noise: float = 0.01, random_state: int = 0
    ) -> None:
        self.n_components = n_components
        self.min_noise = min_noise
        self.random_state = random_state

    def fit(self, X: Array) -> FactorAnalysis:
        from sklearn import decomposition
        from sklearn.exceptions import ConvergenceWarning

        rank = min(latent(self.n_components), len(X) - 1, X.shape[1])
        self.model_ = decomposition.FactorAnalysis(rank, random_state=self.random_state)
        with warnings.catch_warnings():
            # Reaching the iteration limit is recorded below.
            warnings.simplefilter("ignore", ConvergenceWarning)
            self.model_.fit(X)
        floor = self.min_noise * X.var(axis=0).mean()
        raised = int((self.model_.noise_variance_ < floor).sum())
        self.model_.noise_variance_ = np.maximum(self.model_.noise_variance_, floor)
        iterations = int(self.model_.n_iter_)
        self.fit_info_ = {
            "components": rank,
            "iterations": iterations,
            "converged": iterations < self.model_.max_iter,
            "features_at_min_noise": raised,
        }
        return self

    def transform(self, X: Array) -> Array:
        return pad_columns(self.model_.transform(X), latent(self.n_components))

    def inverse_transform(self, Z: Array) -> Array:
        loadings = self.model_.components_
        return np.asarray(Z[:, : len(loadings)] @ loadings + self.model_.mean_, dtype=np.float32)
