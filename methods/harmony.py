"""Harmony on principal components, with unseen cells placed as its successor Symphony does."""

from __future__ import annotations

import numpy as np

from omicsbench.methods._common import Array
from omicsbench.plugin import Choice, Real, method


@method(
    name="harmony",
    family="simple",
    task="batch",
    summary="Harmony on PCA; cells of new batches are mapped as by Symphony.",
    source="https://doi.org/10.1038/s41592-019-0619-0",
    uses=("batch",),
    keeps_embedding=True,
    needs=("sklearn",),
    space={"theta": Real(0.5, 8.0, log=True), "sigma": Choice([0.05, 0.1, 0.2])},
)
class HarmonyPca:
    """Our own, from the paper; it agrees with harmonypy (GPL-3, so not a dependency).

    Unseen cells of a batch of training get its clusters and its shifts. Those of a new batch are
    mapped together (10.1038/s41467-021-25957-x): in each cluster their mean is brought to that
    of the corrected training cells.

    Parameters
    ----------
    theta : weight of the mixing of batches in clusters; 0 does not ask for it.
    sigma : how soft the clusters are.
    rounds : of clustering and correction, at most.
    """

    def __init__(
        self,
        n_components: int | None = None,
        theta: float = 2.0,
        sigma: float = 0.1,
        rounds: int = 10,
        random_state: int = 0,
    ) -> None:
        self.n_components = n_components
        self.theta = theta
        self.sigma = sigma
        self.rounds = rounds
        self.random_state = random_state

    def fit(self, X: Array, batch: Array) -> HarmonyPca:
        from omicsbench.methods._harmony import Harmony
        from omicsbench.methods.pca import Pca

        self.pca_ = Pca(self.n_components).fit(X)
        self.harmony_ = Harmony(
            theta=self.theta, sigma=self.sigma, rounds=self.rounds, random_state=self.random_state
        )
        corrected = self.harmony_.fit(self.pca_.transform(X), batch)
        self.embedding_ = corrected.astype(np.float32)
        self.fit_info_ = {
            "batches": len(self.harmony_.codes),
            "clusters": len(self.harmony_.centres),
            "rounds": self.harmony_.steps,
        }
        return self

    def transform(self, X: Array, batch: Array) -> Array:
        Z = self.harmony_.transform(self.pca_.transform(X), batch)
        return np.asarray(Z, dtype=np.float32)
