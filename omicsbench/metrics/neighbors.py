"""Neighbours of the scored rows: computed once per split, shared by all pipelines."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from omicsbench.metrics.base import FloatArray, IntArray, MetricUndefined
from omicsbench.metrics.points import distance_blocks

NEIGHBORS = 15


def n_neighbors(scored: int) -> int:
    """Neighbours compared among ``scored`` rows: 15, fewer in a small test fold."""
    return min(NEIGHBORS, max(2, (scored - 1) // 3))


@dataclass(frozen=True, eq=False)
class Neighbors:
    """The k nearest of b points to each of the first m of them, by exact Euclidean search.

    Attributes
    ----------
    indices : (m, k) int32, nearest first, the point itself left out.
    ranks : (m, b) int16 or int32; ``ranks[i, j]`` is r if j is the r-th nearest of i, and
        0 for i itself. 40 MB at the most a suite scores, 2,000 among 10,000.
    """

    indices: IntArray
    ranks: IntArray

    def __post_init__(self) -> None:
        m = len(self.indices)
        if self.indices.ndim != 2 or len(self.ranks) != m or self.points < m:
            raise ValueError(
                f"neighbours: indices {self.indices.shape} and ranks {self.ranks.shape} "
                "must be (m, k) and (m, b) with b >= m"
            )
        if not 1 <= self.k < self.points:
            raise ValueError(f"neighbours: {self.k} of {self.points} points, too many or none")

    @property
    def k(self) -> int:
        return int(self.indices.shape[1])

    @property
    def points(self) -> int:
        """Among how many points the neighbours are sought, b."""
        return int(self.ranks.shape[1])

    @classmethod
    def of(cls, points: FloatArray, k: int, anchors: int | None = None) -> Neighbors:
        """Neighbours of the first ``anchors`` (all) of (b, p) points, among all of them.

        Raises MetricUndefined unless 1 <= k < b.
        """
        b = len(points)
        m = b if anchors is None else anchors
        if not 1 <= k < b:
            raise MetricUndefined(f"{b} scored rows are too few for {k} neighbours")
        # Equidistant points are ranked in a random order, fixed by the seed: the order
        # of the rows may hold the labels.
        shuffle = np.random.default_rng(0).permutation(b).astype(np.int32)
        indices = np.empty((m, k), dtype=np.int32)
        ranks = np.empty((m, b), dtype=np.int16 if b <= np.iinfo(np.int16).max else np.int32)
        places = np.arange(1, b + 1, dtype=ranks.dtype)
        for rows, distances in distance_blocks(points, m):
            order = shuffle[np.argsort(distances[:, shuffle], axis=1, kind="stable")]
            indices[rows] = order[:, :k]
            np.put_along_axis(ranks[rows], order, places[None], axis=1)
        np.fill_diagonal(ranks, 0)
        return cls(indices, ranks)

    def cut(self, k: int) -> Neighbors:
        """The same with fewer neighbours."""
        if not 1 <= k <= self.k:
            raise ValueError(f"cannot cut {self.k} neighbours to {k}")
        return Neighbors(self.indices[:, :k], self.ranks)

    def save(self, path: str | Path) -> None:
        """Write as .npz; renamed into place, so that no process reads half a file."""
        target = Path(path)
        partial = target.with_name(f".{target.name}.{os.getpid()}")
        with partial.open("wb") as file:
            np.savez(file, indices=self.indices, ranks=self.ranks)
        partial.replace(target)

    @classmethod
    def load(cls, path: str | Path) -> Neighbors:
        """Read what ``save`` wrote."""
        with np.load(path, allow_pickle=False) as stored:
            return cls(stored["indices"], stored["ranks"])
