"""UMAP on a GPU, by RAPIDS cuML."""

from __future__ import annotations

from typing import Any

import numpy as np

from omicsbench.methods._common import Array
from omicsbench.plugin import Real, Whole, method


@method(
    name="umap_cuda",
    family="simple",
    summary="UMAP on a GPU, with a transform for unseen rows (RAPIDS cuML).",
    source="https://doi.org/10.48550/arXiv.2008.00325",
    keeps_embedding=True,
    devices=("cuda",),
    needs=("cuml",),
    space={"n_neighbors": Whole(5, 100, log=True), "min_dist": Real(0.0, 0.8)},
)
class UmapCuda:
    """cuML's UMAP at its defaults, with umap's parameters.

    A fixed seed makes cuML repeat itself, at the cost of speed.
    """

    def __init__(
        self,
        n_components: int = 2,
        n_neighbors: int = 15,
        min_dist: float = 0.1,
        random_state: int = 0,
        device: str = "cuda",
    ) -> None:
        self.n_components = n_components
        self.n_neighbors = n_neighbors
        self.min_dist = min_dist
        self.random_state = random_state
        self.device = device

    def fit(self, X: Array) -> UmapCuda:
        from cuml.manifold import UMAP

        neighbors = min(self.n_neighbors, len(X) - 1)
        self.umap_: Any = UMAP(
            n_components=self.n_components,
            n_neighbors=neighbors,
            min_dist=self.min_dist,
            random_state=self.random_state,
            output_type="numpy",
        )
        self.embedding_ = np.asarray(self.umap_.fit_transform(X), dtype=np.float32)
        self.fit_info_ = {"n_neighbors": neighbors}
        return self

    def transform(self, X: Array) -> Array:
        return np.asarray(self.umap_.transform(X), dtype=np.float32)
