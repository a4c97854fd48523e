"""Control: an embedding made of the labels. Bounds every label metric from above."""

from __future__ import annotations

from typing import Any

import numpy as np

from omicsbench.methods._common import Array, latent
from omicsbench.plugin import method

NOISE = 0.01  # of a class, where the positions of the classes are about 1 apart
GOLDEN = np.pi * (3 - np.sqrt(5))


@method(
    name="label_oracle",
    family="control",
    summary="The label itself in place of an embedding: the ceiling of label metrics.",
    source="https://openproblems.bio/results/dimensionality_reduction",
    accepts_sparse=True,
    streams=True,
    sees_labels=True,
)
class LabelOracle:
    """Every class has a place of its own, whether or not ``fit`` has seen it.

    On a line in 1-D, on a circle (by the golden angle) in 2-D; beyond, along orthogonal
    directions and their opposites first, then in random directions. Rows without a label
    (-1) lie at the centre.
    """

    def __init__(self, n_components: int | None = None, random_state: int = 0) -> None:
        self.n_components = n_components
        self.random_state = random_state

    def fit(self, X: Any, y: Array) -> LabelOracle:
        return self

    def transform(self, X: Any, y: Array) -> Array:
        y = np.asarray(y)
        classes, index = np.unique(y, return_inverse=True)
        places = np.stack([self._place(int(code)) for code in classes])
        rng = np.random.default_rng([self.random_state, len(y)])
        noise = NOISE * rng.standard_normal((len(y), places.shape[1]))
        return np.asarray(places[index] + noise, dtype=np.float32)

    def _place(self, code: int) -> Array:
        d = latent(self.n_components)
        if code < 0:
            return np.zeros(d)
        if d == 1:
            return np.array([code + 1.0])
        if d == 2:
            return np.array([np.cos(code * GOLDEN), np.sin(code * GOLDEN)])
        if code < 2 * d:
            rng = np.random.default_rng(self.random_state)
            axes = np.linalg.qr(rng.standard_normal((d, d))).Q
            return np.asarray(axes[code % d] * (1 if code < d else -1))
        direction = np.random.default_rng([self.random_state, code]).standard_normal(d)
        return np.asarray(direction / np.linalg.norm(direction))
