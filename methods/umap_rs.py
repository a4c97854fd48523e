"""UMAP for very many rows, by manifolds-rs, with umap-learn's way to place unseen rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from omicsbench.methods._coarse import begun
from omicsbench.methods._common import Array, threads
from omicsbench.methods._fast_neighbors import EXACT, among_themselves, of_unseen
from omicsbench.plugin import Real, Whole, method

PLACING_EPOCHS = 100  # umap-learn's for up to 10,000 unseen rows
WHOLE = 50_000  # rows that are laid out at once
SETTLING = {"n_epochs": 50, "learning_rate": 0.5}  # of more, which start where they belong


@method(
    name="umap_rs",
    family="simple",
    summary="UMAP from a PCA start on several threads, with a transform (manifolds-rs).",
    source="https://github.com/GregorLueg/manifolds-rs",
    keeps_embedding=True,
    needs=("manifolds_rs", "umap"),
    switches=(EXACT, WHOLE),
    space={"n_neighbors": Whole(5, 100, log=True), "min_dist": Real(0.0, 0.8)},
)
class UmapRs:
    """What ``umap`` does, the neighbours and the layout by manifolds-rs.

    Its layout descends by Adam on all points at once, so it is the same on any number of threads,
    where umap-learn with a seed has one. Unseen rows start at the mean of their neighbours' places,
    weighted as in the graph, and move for 100 epochs in a picture that does not: umap-learn's
    own functions. Their neighbours are found exactly, which takes time in proportion to
    unseen times training rows.

    Of more than 50,000 rows a tenth is laid out first, in the same way. The others start at the
    mean of their neighbours' places, and 50 epochs settle them all.

    Parameters
    ----------
    n_epochs : of rows laid out at once: umap-learn's 200 from 10,000 rows and 500 below, if None.
    """

    def __init__(
        self,
        n_components: int = 2,
        n_neighbors: int = 15,
        min_dist: float = 0.1,
        n_epochs: int | None = None,
        random_state: int = 0,
    ) -> None:
        self.n_components = n_components
        self.n_neighbors = n_neighbors
        self.min_dist = min_dist
        self.n_epochs = n_epochs
        self.random_state = random_state

    def fit(self, X: Array) -> UmapRs:
        self.rows_ = np.array(X, dtype=np.float32, order="C")
        # umap-learn counts a row among its own neighbours, manifolds-rs does not.
        neighbors = min(self.n_neighbors, len(self.rows_)) - 1
        indices, distances, filled = among_themselves(self.rows_, neighbors, self.random_state)
        self.embedding_ = self._laid_out(self.rows_, indices, distances)
        self.fit_info_ = {
            "n_neighbors": neighbors + 1,
            "neighbors_filled": filled,
            "start": self._start(self.rows_),
            "threads": threads(),
        }
        return self

    def _start(self, X: Array) -> str:
        if len(X) > WHOLE:
            return "sample"
        return "pca" if self.n_components < min(X.shape) else "random"

    def _laid_out(self, X: Array, indices: Array, distances: Array) -> Array:
        """Places (n, d) float32 of rows of which these (n, k) are the nearest others."""
        import manifolds_rs

        start, from_here = self._start(X), X
        how: dict[str, Any] = {"n_epochs": self.n_epochs or (200 if len(X) > 10_000 else 500)}
        if start == "sample":
            from_here = begun(X, indices, self._laid_out, self.random_state).astype(np.float64)
            distances = distances.astype(np.float64)
            # Of places the library takes the principal components, which turns them, and brings
            # each to this standard deviation. Those of 2^19 rows or more are wrong in float32.
            start, how = "pca", {**SETTLING, "init_range": float(from_here.std())}
        made = manifolds_rs.UMAP(
            n_components=self.n_components,
            n_neighbors=indices.shape[1],
            min_dist=float(self.min_dist),
            init=start,
            randomised=True,
            seed=self.random_state,
            **how,
        )
        placed = made.fit_transform(from_here, knn_indices=indices, knn_distances=distances)
        return np.asarray(placed, dtype=np.float32)

    def transform(self, X: Array) -> Array:
        from scipy.sparse import coo_matrix
        from umap.layouts import optimize_layout_euclidean
        from umap.umap_ import (
            compute_membership_strengths,
            find_ab_params,
            init_graph_transform,
            make_epochs_per_sample,
            smooth_knn_dist,
        )

        k = self.fit_info_["n_neighbors"]
        indices, distances = of_unseen(self.rows_, np.asarray(X, dtype=np.float32), k)
        sigmas, rhos = smooth_knn_dist(distances, float(k), local_connectivity=0.0)
        rows, columns, weights, _ = compute_membership_strengths(
            indices.astype(np.int32), distances, sigmas, rhos, bipartite=True
        )
        graph: Any = coo_matrix((weights, (rows, columns)), shape=(len(X), len(self.rows_)))
        start = init_graph_transform(graph.tocsr(), self.embedding_)
        graph.data[graph.data < graph.data.max() / PLACING_EPOCHS] = 0
        graph.eliminate_zeros()
        a, b = find_ab_params(1.0, self.min_dist)
        placed = optimize_layout_euclidean(
            np.array(start, dtype=np.float32),
            self.embedding_.copy(),
            graph.row,
            graph.col,
            PLACING_EPOCHS,
            graph.shape[1],
            make_epochs_per_sample(graph.data, PLACING_EPOCHS),
            a,
            b,
            np.random.default_rng(self.random_state).integers(-(2**30), 2**30, 3),
            initial_alpha=0.25,
        )
        return np.asarray(placed, dtype=np.float32)
