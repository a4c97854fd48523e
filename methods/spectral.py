"""Diffusion map: cells are near if a random walk along like cells leads from one to the other."""

from __future__ import annotations

from typing import Any

import numpy as np

from omicsbench.methods._common import Array, latent, pad_columns
from omicsbench.plugin import Whole, method

BLOCK = 4_096  # cells whose kernel is in memory at once


@method(
    name="spectral",
    family="simple",
    summary="Diffusion map of landmarks; all other cells by Nystroem's extension.",
    source="https://doi.org/10.1016/j.acha.2006.04.006",
    needs=("sklearn", "scipy"),
    space={"neighbors": Whole(5, 100, log=True), "pcs": Whole(10, 100)},
)
class Spectral:
    """A Gaussian kernel as wide, at each cell, as its neighbours are far; density divided out.

    Distances are those of principal components: in thousands of noisy features all cells are
    nearly as far. The map is that of one step of the walk, so that each axis weighs as its
    eigenvalue. A cell's place is the mean of the landmarks' places, weighted by its kernel to
    them: of a landmark this gives back its own place.

    Parameters
    ----------
    neighbors : the width at a cell is the distance to the landmark of this rank.
    pcs : principal components in which distances are taken, at most.
    landmarks : training cells drawn at random; all of them where there are fewer.
    """

    def __init__(
        self,
        n_components: int | None = None,
        neighbors: int = 15,
        pcs: int = 50,
        landmarks: int = 2000,
        random_state: int = 0,
    ) -> None:
        self.n_components = n_components
        self.neighbors = neighbors
        self.pcs = pcs
        self.landmarks = landmarks
        self.random_state = random_state

    def fit(self, X: Array) -> Spectral:
        from scipy.linalg import eigh
        from sklearn.decomposition import PCA

        if min(self.neighbors, self.pcs, self.landmarks) < 1:
            raise ValueError("give 1 or more neighbors, pcs and landmarks")
        n, p = X.shape
        rank = min(self.pcs, n - 1, p)
        solver = "covariance_eigh" if rank == p else "arpack"
        self.pca_ = PCA(rank, svd_solver=solver, random_state=0).fit(X)
        drawn = np.random.default_rng(self.random_state).permutation(n)[: self.landmarks]
        self.landmarks_ = self.pca_.transform(X[np.sort(drawn)]).astype(np.float64)
        self.widths_ = self._widths(self._squares(self.landmarks_))
        kernel = self._kernel(self.landmarks_)
        self.density_ = kernel.sum(axis=1)
        kernel = kernel / np.outer(self.density_, self.density_)
        root = np.sqrt(kernel.sum(axis=1))
        kept = len(kernel)
        count = min(latent(self.n_components), kept - 1)
        # The first axis is the same for all cells.
        values, vectors = eigh(
            kernel / np.outer(root, root), subset_by_index=(kept - 1 - count, kept - 1)
        )
        places = vectors[:, -2::-1] / root[:, None] * np.sqrt(root @ root)
        largest = places[np.abs(places).argmax(axis=0), np.arange(count)]
        self.places_ = places * np.where(largest < 0, -1, 1)
        self.fit_info_ = {"landmarks": kept, "components": count, "eigenvalue": float(values[-2])}
        return self

    def transform(self, X: Array) -> Array:
        parts = [self._extended(X[start : start + BLOCK]) for start in range(0, len(X), BLOCK)]
        return pad_columns(np.concatenate(parts), latent(self.n_components))

    def _extended(self, X: Array) -> Array:
        weights = self._kernel(self.pca_.transform(X).astype(np.float64)) / self.density_
        return np.asarray(weights @ self.places_ / weights.sum(axis=1, keepdims=True))

    def _kernel(self, rows: Array) -> Array:
        """Of cells (m, pcs) with the landmarks: (m, landmarks), above 0."""
        squares = self._squares(rows)
        product = np.outer(self._widths(squares), self.widths_)
        return np.asarray(np.maximum(np.exp(-squares / product), 1e-300))

    def _squares(self, rows: Array) -> Array:
        from sklearn.metrics import pairwise_distances

        return np.asarray(pairwise_distances(rows, self.landmarks_, metric="sqeuclidean"))

    def _widths(self, squares: Array) -> Array:
        """Distance to the landmark of a rank, a landmark itself being the first to itself."""
        rank = min(self.neighbors, squares.shape[1] - 1)
        widths: Any = np.sqrt(np.partition(squares, rank, axis=1)[:, rank])
        return np.asarray(np.maximum(widths, 1e-9))
