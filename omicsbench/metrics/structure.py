"""Structure: do neighbours stay neighbours, and far points far?

Ties in the embedding are counted in expectation, as if broken at random.
"""

from __future__ import annotations

import numpy as np

from omicsbench.metrics.base import FloatArray, IntArray, MetricUndefined, metric
from omicsbench.metrics.neighbors import Neighbors
from omicsbench.metrics.points import cleaned, distance_blocks, nearest_weights, spearman

VENNA_KASKI = "10.1007/3-540-44668-0_68"
KOBAK_BERENS = "10.1038/s41467-019-13056-x"
SPEARMAN_ROWS = 500


@metric(
    title="kNN recall",
    range=(0, 1),
    direction="max",
    source=KOBAK_BERENS,
    group="neighbours",
)
def knn_recall(gene_neighbors: Neighbors, embedding: FloatArray) -> float:
    """Share of each row's k nearest neighbours in gene space that are so in the embedding.

    gene_neighbors : of the m scored rows; embedding : (m, d) float32. Range [0, 1], larger
    is better; chance is k / (m - 1).
    """
    k, kept = gene_neighbors.k, 0.0
    for rows, distances in distance_blocks(_points(gene_neighbors, embedding)):
        weights = nearest_weights(distances, k)
        kept += np.take_along_axis(weights, gene_neighbors.indices[rows], axis=1).sum()
    return kept / gene_neighbors.indices.size


@metric(
    title="Trustworthiness",
    range=(0, 1),
    direction="max",
    source=VENNA_KASKI,
    group="neighbours",
    margin=0.005,  # useful embeddings share the upper end of the scale
)
def trustworthiness(gene_neighbors: Neighbors, embedding: FloatArray) -> float:
    """Are the neighbours seen in the embedding neighbours in gene space?

    Of each row's k nearest in the embedding, those of gene-space rank r > k cost r - k,
    scaled so that the worst case is 0 (Venna & Kaski 2001).

    gene_neighbors : of the m scored rows, k < m / 2; embedding : (m, d) float32. Range
    [0, 1], larger is better; chance is about one half.
    """
    k, cost = gene_neighbors.k, 0.0
    for rows, distances in distance_blocks(_points(gene_neighbors, embedding)):
        excess = np.maximum(gene_neighbors.ranks[rows] - k, 0)
        cost += float((nearest_weights(distances, k) * excess).sum())
    return 1 - cost * _scale(gene_neighbors)


@metric(
    title="Continuity",
    range=(0, 1),
    direction="max",
    source=VENNA_KASKI,
    group="neighbours",
    margin=0.005,
)
def continuity(gene_neighbors: Neighbors, embedding: FloatArray) -> float:
    """Are the neighbours in gene space still neighbours in the embedding?

    Trustworthiness with the two spaces swapped: each row's k nearest in gene space cost
    r - k where their rank r in the embedding exceeds k.

    gene_neighbors : of the m scored rows, k < m / 2; embedding : (m, d) float32. Range
    [0, 1], larger is better; chance is about one half.
    """
    k, cost = gene_neighbors.k, 0.0
    for rows, distances in distance_blocks(_points(gene_neighbors, embedding)):
        of_neighbors = np.take_along_axis(distances, gene_neighbors.indices[rows], axis=1)
        distances.sort(axis=1)
        for ordered, found in zip(distances, of_neighbors, strict=True):
            # A neighbour's rank is any of nearer + 1 ... reached, all as likely; `tail`
            # sums the excess over k of all ranks up to its argument.
            nearer = np.searchsorted(ordered, found, "left")
            reached = np.searchsorted(ordered, found, "right")
            cost += float(((_tail(reached - k) - _tail(nearer - k)) / (reached - nearer)).sum())
    return 1 - cost * _scale(gene_neighbors)


@metric(
    title="Distance correlation (Spearman)",
    range=(-1, 1),
    direction="max",
    source=KOBAK_BERENS,
    group="distances",
    margin=0.02,
)
def distance_spearman(expression: FloatArray, embedding: FloatArray) -> float:
    """Rank correlation of all pairwise distances in gene space and in the embedding.

    Over all pairs of the scored rows, or of 500 of them drawn with a fixed seed.

    expression : (m, p) float32; embedding : (m, d) float32. Range [-1, 1], larger is
    better; 0 is chance, and the value of a constant embedding.
    """
    from scipy.spatial.distance import pdist

    points, m = cleaned(embedding), len(embedding)
    if m < 4:
        raise MetricUndefined("fewer than 4 scored rows")
    rows = np.sort(np.random.default_rng(0).permutation(m)[:SPEARMAN_ROWS])
    return spearman(pdist(expression[rows]), pdist(points[rows]))


def _points(gene_neighbors: Neighbors, embedding: FloatArray) -> FloatArray:
    if len(embedding) != len(gene_neighbors.indices):
        raise ValueError(f"{len(gene_neighbors.indices)} scored rows, embedding {embedding.shape}")
    return cleaned(embedding)


def _scale(gene_neighbors: Neighbors) -> float:
    """1 / the largest possible cost."""
    m, k = gene_neighbors.indices.shape
    if 2 * k >= m:
        raise MetricUndefined(f"{k} neighbours need more than {2 * k} scored rows, here {m}")
    return float(2 / (m * k * (2 * m - 3 * k - 1)))


def _tail(beyond: IntArray) -> FloatArray:
    """1 + 2 + ... + beyond; 0 below 1."""
    positive = np.maximum(beyond, 0)
    return np.asarray(positive * (positive + 1) / 2)
