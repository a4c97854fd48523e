"""Random projection: the cheapest linear method, blind to the data but for its mean."""

from __future__ import annotations

from typing import Any

import numpy as np

from omicsbench.methods._common import Array, column_means, latent
from omicsbench.plugin import method


@method(
    name="random_projection",
    family="simple",
    summary="Projection on random Gaussian directions, restored by the pseudo-inverse.",
    source="https://scikit-learn.org/stable/modules/random_projection.html",
    accepts_sparse=True,
    invertible=True,
    needs=("sklearn",),
)
class RandomProjection:
    """What is left when PCA's choice of directions is taken away."""

    def __init__(self, n_components: int | None = None, random_state: int = 0) -> None:
        self.n_components = n_components
        self.random_state = random_state

    def fit(self, X: Any) -> RandomProjection:
        from sklearn.random_projection import GaussianRandomProjection

        self.mean_ = column_means(X)
        self.projection_ = GaussianRandomProjection(
            latent(self.n_components),
            compute_inverse_components=True,
            random_state=self.random_state,
        ).fit(X)
        self.offset_ = self.projection_.transform(self.mean_[None])
        return self

    def transform(self, X: Any) -> Array:
        return np.asarray(self.projection_.transform(X) - self.offset_, dtype=np.float32)

    def inverse_transform(self, Z: Array) -> Array:
        restored = self.projection_.inverse_transform(Z) + self.mean_
        return np.asarray(restored, dtype=np.float32)
