"""UMAP for very many rows, by manifolds-rs, with umap-learn's way to place unseen rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from omicsbench.methods._common import Array, threads
from omicsbench.methods._fast_neighbors import EXACT, among_themselves, of_unseen
from omicsbench.plugin import Real, Whole, method

PLACING_EPOCHS = 100  # umap-learn's for up to 10,000 unseen rows


@method(
    name="umap_rs",
    family="simple",
    summary="UMAP from a PCA start on several threads, with a transform (manifolds-rs).",
    source="https://github.com/GregorLueg/manifolds-rs",
    keeps_embedding=True,
    needs=("manifolds_rs", "umap"),
    switches=(EXACT,),
    space={"n_neighbors": Whole(5, 100, log=True), "min_dist": Real(0.0, 0.8)},
)
class UmapRs:
    """What ``umap`` does, the neighbours and the layout by manifolds-rs.

    Its layout descends by Adam on all points at once, so it is the same on any number of threads,
    where umap-learn with a seed has one. Unseen rows start at the mean of their neighbours' places,
    weighted as in the graph, and move for 100 epochs in a picture that does not: umap-learn's
    own functions. Their neighbours are found exactly, which takes time in proportion to
    unseen times training rows.

    Parameters
    ----------
    n_epochs : umap-learn's 200 from 10,000 rows and 500 below, if None.
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
        import manifolds_rs

        self.rows_ = np.array(X, dtype=np.float32, order="C")
        n = len(self.rows_)
        # umap-learn counts a row among its own neighbours, manifolds-rs does not.
        neighbors = min(self.n_neighbors, n) - 1
        indices, distances, filled = among_themselves(self.rows_, neighbors, self.random_state)
        start = "pca" if self.n_components < min(self.rows_.shape) else "random"
        made = manifolds_rs.UMAP(
            n_components=self.n_components,
            n_neighbors=neighbors,
            min_dist=float(self.min_dist),
            n_epochs=self.n_epochs or (200 if n > 10_000 else 500),
            init=start,
            randomised=True,
            seed=self.random_state,
        )
        placed = made.fit_transform(self.rows_, knn_indices=indices, knn_distances=distances)
        self.embedding_ = np.asarray(placed, dtype=np.float32)
        self.fit_info_ = {
            "n_neighbors": neighbors + 1,
            "neighbors_filled": filled,
            "start": start,
            "threads": threads(),
        }
        return self

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
