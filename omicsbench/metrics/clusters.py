"""Clusters: do the groups found without labels agree with the labels?"""

from __future__ import annotations

import random

import numpy as np

from omicsbench.metrics.base import Estimate, FloatArray, IntArray, MetricUndefined, metric
from omicsbench.metrics.memo import remembered
from omicsbench.metrics.neighbors import Neighbors
from omicsbench.metrics.points import cleaned

K = 15
MIN_ROWS = 50
SEED = 0


@metric(
    title="Clustering agreement (ARI)",
    range=(-0.5, 1),
    direction="max",
    source="10.1007/BF01908075",
    group="clusters",
    margin=0.02,
    secondary=True,
    tasks=("embed", "integrate"),
)
def ari(embedding: FloatArray, labels: IntArray) -> float:
    """Adjusted Rand index (Hubert & Arabie 1985) of Leiden clusters and labels.

    Leiden (Traag et al. 2019, 10.1038/s41598-019-41695-z) maximises modularity at
    resolution 1 on the graph of the 15 nearest neighbours of all scored rows. It never
    sees the labels, nor is the resolution tuned to them.

    embedding : (m, d) float32; labels : (m,) int, -1 where missing, at least 50 present.
    Range [-0.5, 1], larger is better; 0 is chance, and the value of a constant embedding.
    """
    from sklearn.metrics import adjusted_rand_score

    known = _labelled(labels, MIN_ROWS)
    return float(adjusted_rand_score(labels[known], _leiden(embedding)[known]))


@metric(
    title="Clustering agreement (NMI)",
    range=(0, 1),
    direction="max",
    source="https://jmlr.org/papers/v11/vinh10a.html",
    group="clusters",
    margin=0.02,
    secondary=True,
    tasks=("embed", "integrate"),
)
def nmi(embedding: FloatArray, labels: IntArray) -> float:
    """Normalised mutual information (arithmetic mean) of the clusters of ``ari`` and labels.

    Not adjusted for chance: many small clusters raise it a little. A constant embedding
    has 0.

    embedding : (m, d) float32; labels : (m,) int, -1 where missing, at least 50 present.
    Range [0, 1], larger is better.
    """
    from sklearn.metrics import normalized_mutual_info_score

    known = _labelled(labels, MIN_ROWS)
    value = normalized_mutual_info_score(labels[known], _leiden(embedding)[known])
    return float(np.clip(value, 0, 1))


@metric(
    title="Silhouette by label",
    range=(-1, 1),
    direction="max",
    source="10.1016/0377-0427(87)90125-7",
    group="clusters",
    margin=0.02,
    secondary=True,
    tasks=("embed", "integrate"),
)
def silhouette(embedding: FloatArray, labels: IntArray) -> Estimate:
    """Mean silhouette of the labelled rows (Rousseeuw 1987), raw, not rescaled to [0, 1].

    Secondary: it favours compact round classes and can mislead on single-cell data
    (10.1038/s41587-025-02743-4).

    embedding : (m, d) float32; labels : (m,) int, -1 where missing. Range [-1, 1], larger
    is better; a constant embedding has 0.
    """
    from sklearn.metrics import silhouette_samples

    known = _labelled(labels, 3)
    if len(np.unique(labels[known])) == known.sum():
        raise MetricUndefined("every scored row has a label of its own")
    points = cleaned(embedding)[known].astype(np.float64)
    per_cell = np.full(len(labels), np.nan)
    per_cell[known] = silhouette_samples(points, labels[known])
    return Estimate(float(per_cell[known].mean()), per_cell)


def _labelled(labels: IntArray, at_least: int) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    known = labels >= 0
    if known.sum() < at_least:
        raise MetricUndefined(
            f"the test fold is too small to cluster: fewer than {at_least} labelled rows"
        )
    if len(np.unique(labels[known])) < 2:
        raise MetricUndefined("fewer than 2 classes among the scored rows")
    return np.asarray(known)


@remembered
def _leiden(embedding: FloatArray) -> IntArray:
    """Cluster of each row, (m,), seeded."""
    import igraph

    points = cleaned(embedding)
    if not points.any():
        return np.zeros(len(points), dtype=np.int64)
    nearest = Neighbors.of(points, K).indices
    edges = np.stack([np.repeat(np.arange(len(points)), K), nearest.ravel()], axis=1)
    graph = igraph.Graph(n=len(points), edges=edges).simplify()
    igraph.set_random_number_generator(random.Random(SEED))  # noqa: S311 - no secret
    try:
        found = graph.community_leiden("modularity", resolution=1.0, n_iterations=-1)
    finally:
        igraph.set_random_number_generator(random)  # igraph's default
    return np.asarray(found.membership, dtype=np.int64)
