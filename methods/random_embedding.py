"""Control: an embedding that knows nothing. Bounds every metric from below."""

from __future__ import annotations

from typing import Any

import numpy as np

from omicsbench.methods._common import Array, latent
from omicsbench.plugin import method


@method(
    name="random_embedding",
    family="control",
    summary="Gaussian noise in place of an embedding: the floor of every metric.",
    source="https://openproblems.bio/results/dimensionality_reduction",
    accepts_sparse=True,
    streams=True,
    keeps_embedding=True,
)
class RandomEmbedding:
    """Of X only the number of rows is used; training and unseen rows draw from two streams."""

    def __init__(self, n_components: int | None = None, random_state: int = 0) -> None:
        self.n_components = n_components
        self.random_state = random_state

    def fit(self, X: Any) -> RandomEmbedding:
        self.embedding_ = self._draw(X.shape[0], stream=0)
        return self

    def transform(self, X: Any) -> Array:
        return self._draw(X.shape[0], stream=1)

    def _draw(self, rows: int, stream: int) -> Array:
        rng = np.random.default_rng([self.random_state, stream, rows])
        return rng.standard_normal((rows, latent(self.n_components)), dtype=np.float32)
