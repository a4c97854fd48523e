"""Unseen rows in a t-SNE picture that is at rest."""

from __future__ import annotations

from typing import Any

import numpy as np

from omicsbench.methods._common import Array
from omicsbench.methods._fast_neighbors import of_unseen

NEIGHBORS = 15
GRID = 10_000  # rows from which openTSNE has a grid of their forces; else their tree, at each step


def placed_among(picture: Any, rows: Array, X: Array) -> Array:
    """Places (m, d) float32 of rows X among ``rows``, of which openTSNE's ``picture`` is.

    As of openTSNE: each begins at the median of its 15 neighbours' places, which attract it alike.
    """
    from openTSNE.initialization import median
    from openTSNE.tsne import PartialTSNEEmbedding

    k = min(NEIGHBORS, len(rows))
    neighbors, _ = of_unseen(rows, np.asarray(X, dtype=np.float32), k)
    placed = PartialTSNEEmbedding(
        median(picture, neighbors),
        picture,
        P=directed(neighbors, len(rows)) / k,
        **picture.gradient_descent_params,
    )
    settings = {"max_grad_norm": 0.25, "inplace": True, "propagate_exception": True}
    if len(rows) >= GRID and picture.shape[1] == 2:
        picture.prepare_interpolation_grid()  # it must be centred, else this moves it
        settings["negative_gradient_method"] = "fft"
    placed.optimize(250, learning_rate=0.1, exaggeration=1.5, momentum=0.8, **settings)
    return np.array(placed, dtype=np.float32)


def directed(neighbors: Array, n: int) -> Any:
    """CSR (m, n) with a 1 where a row has a neighbour."""
    from scipy.sparse import csr_matrix

    m, k = neighbors.shape
    return csr_matrix((np.ones(m * k), neighbors.ravel(), np.arange(m + 1) * k), shape=(m, n))
