"""Control: a few features themselves. A reference line: what needs no model at all."""

from __future__ import annotations

import numpy as np

from omicsbench.methods._common import Array, latent, pad_columns
from omicsbench.methods._count_pca import BLOCK, Derived, log_normalised
from omicsbench.plugin import Counts, method


@method(
    name="hvg",
    family="control",
    summary="The features that vary most, as they are: log(1 + counts per 10,000).",
    source="https://doi.org/10.1038/nmeth.2645",
    reads="counts",
)
class Hvg:
    """As many features as there are output dimensions, by variance over the training cells."""

    def __init__(self, n_components: int | None = None) -> None:
        self.n_components = n_components

    def fit(self, X: Counts) -> Hvg:
        view = Derived(X, log_normalised)
        mean = view.mean(axis=0, dtype=np.float64)
        squares = np.zeros(X.shape[1])
        for start in range(0, len(X), BLOCK):
            block = view[start : start + BLOCK]
            squares += np.square(block - mean).sum(axis=0)
        order = np.argsort(-squares, kind="stable")
        self.features_ = order[: latent(self.n_components)]
        self.fit_info_ = {"features": self.features_.tolist()}
        return self

    def transform(self, X: Counts) -> Array:
        picked = [
            log_normalised(counts[:, self.features_], X.totals[rows])
            for rows, counts in X.blocks(BLOCK)
        ]
        return pad_columns(np.concatenate(picked), latent(self.n_components))
