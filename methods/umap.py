"""UMAP: a picture, or an embedding of any size, from a graph of neighbours."""

from __future__ import annotations

import numpy as np

from omicsbench.methods._common import Array
from omicsbench.plugin import Real, Whole, method


@method(
    name="umap",
    family="simple",
    summary="UMAP from a PCA start, with a transform for unseen rows (umap-learn).",
    source="https://doi.org/10.21105/joss.00861",
    keeps_embedding=True,
    needs=("umap",),
    switches=(4_096,),  # exact neighbours below, approximate ones from there
    space={"n_neighbors": Whole(5, 100, log=True), "min_dist": Real(0.0, 0.8)},
)
class Umap:
    """umap-learn at its defaults, but for the start.

    ``init="pca"`` makes the comparison with a PCA-initialised t-SNE a fair one, as much of the
    global shape comes from the start, and spares the spectral start, by far the dearest
    part at a million rows. A fixed seed costs umap-learn its parallelism; ``fit_info_`` says so.
    """

    def __init__(
        self,
        n_components: int = 2,
        n_neighbors: int = 15,
        min_dist: float = 0.1,
        init: str = "pca",
        random_state: int = 0,
    ) -> None:
        self.n_components = n_components
        self.n_neighbors = n_neighbors
        self.min_dist = min_dist
        self.init = init
        self.random_state = random_state

    def fit(self, X: Array) -> Umap:
        from umap import UMAP

        neighbors = min(self.n_neighbors, len(X) - 1)
        self.umap_ = UMAP(
            n_components=self.n_components,
            n_neighbors=neighbors,
            min_dist=self.min_dist,
            init=self.init,
            random_state=self.random_state,
            transform_seed=self.random_state,
            n_jobs=1,
        ).fit(X)
        self.embedding_ = np.array(self.umap_.embedding_, dtype=np.float32)
        self.fit_info_ = {"n_neighbors": neighbors, "parallel": False}
        return self

    def transform(self, X: Array) -> Array:
        return np.array(self.umap_.transform(X), dtype=np.float32)
