"""Points to compare neighbours in."""

from __future__ import annotations

import numpy as np
from sklearn.neighbors import NearestNeighbors


def spaces(seed: int, rows: int = 90) -> tuple[np.ndarray, np.ndarray]:
    """Gene space and an embedding that keeps some of it."""
    rng = np.random.default_rng(seed)
    genes = rng.normal(size=(rows, 8)).astype(np.float32)
    return genes, genes[:, :2] + 0.5 * rng.normal(size=(rows, 2)).astype(np.float32)


def nearest(points: np.ndarray, k: int) -> np.ndarray:
    return NearestNeighbors(n_neighbors=k).fit(points).kneighbors(return_distance=False)
