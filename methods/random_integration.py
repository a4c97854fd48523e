"""Control: an integration that knows nothing. Bounds every metric from below."""

from __future__ import annotations

import numpy as np

from omicsbench.methods._common import Array, latent
from omicsbench.methods._modalities import cells, given
from omicsbench.plugin import Modalities, method


@method(
    name="random_integration",
    family="control",
    task="integrate",
    summary="Gaussian noise in place of an integration: the floor of every metric.",
    source="https://openproblems.bio/results/dimensionality_reduction",
    partial=True,
    keeps_embedding=True,
)
class RandomIntegration:
    """Of X only names and the number of cells are used.

    Training cells, and unseen cells by the modalities that they have, draw from streams apart:
    the same cell seen through two modalities is two strangers.
    """

    def __init__(self, n_components: int | None = None, random_state: int = 0) -> None:
        self.n_components = n_components
        self.random_state = random_state

    def fit(self, X: Modalities) -> RandomIntegration:
        self.names_ = tuple(X)
        self.embedding_ = self._draw(cells(X), stream=0)
        return self

    def transform(self, X: Modalities) -> Array:
        names = given(X, self.names_)
        return self._draw(cells(X), stream=sum(2 ** self.names_.index(name) for name in names))

    def _draw(self, rows: int, stream: int) -> Array:
        rng = np.random.default_rng([self.random_state, stream, rows])
        return rng.standard_normal((rows, latent(self.n_components)), dtype=np.float32)
