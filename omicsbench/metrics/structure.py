"""Structure: do neighbours stay neighbours, and far points far?

Ties in the embedding are counted in expectation, as if broken at random.
"""

from __future__ import annotations

import numpy as np

from omicsbench.metrics.base import Estimate, FloatArray, IntArray, MetricUndefined, metric
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
    secondary=True,
)
def knn_recall(gene_neighbors: Neighbors, background: FloatArray) -> Estimate:
    """Share of each row's k nearest neighbours in gene space that are so in the embedding.

    gene_neighbors : of m scored rows among b; background : (b, d) float32 embedding. Range
    [0, 1], larger is better; chance is k / (b - 1).
    """
    k, m = gene_neighbors.k, len(gene_neighbors.indices)
    kept = np.empty(m)
    for rows, distances in distance_blocks(_points(gene_neighbors, background), m):
        weights = nearest_weights(distances, k)
        found = np.take_along_axis(weights, gene_neighbors.indices[rows], axis=1)
        kept[rows] = found.sum(axis=1) / k
    return Estimate.mean(kept)


@metric(
    title="Trustworthiness",
    range=(0, 1),
    direction="max",
    source=VENNA_KASKI,
    group="neighbours",
    margin=0.005,  # useful embeddings share the upper end of the scale
    secondary=True,
)
def trustworthiness(gene_neighbors: Neighbors, background: FloatArray) -> Estimate:
    """Are the neighbours seen in the embedding neighbours in gene space?

    Of each row's k nearest in the embedding, those of gene-space rank r > k cost r - k,
    scaled so that the worst case is 0 (Venna & Kaski 2001).

    gene_neighbors : of m scored rows among b, k < b / 2; background : (b, d) float32
    embedding. Range [0, 1], larger is better; chance is about one half.
    """
    k, m = gene_neighbors.k, len(gene_neighbors.indices)
    scale, cost = _scale(gene_neighbors), np.empty(m)
    for rows, distances in distance_blocks(_points(gene_neighbors, background), m):
        excess = np.maximum(gene_neighbors.ranks[rows] - k, 0)
        cost[rows] = (nearest_weights(distances, k) * excess).sum(axis=1)
    return Estimate.mean(1 - cost * scale)


@metric(
    title="Continuity",
    range=(0, 1),
    direction="max",
    source=VENNA_KASKI,
    group="neighbours",
    margin=0.005,
    secondary=True,
)
def continuity(gene_neighbors: Neighbors, background: FloatArray) -> Estimate:
    """Are the neighbours in gene space still neighbours in the embedding?

    Trustworthiness with the two spaces swapped: each row's k nearest in gene space cost
    r - k where their rank r in the embedding exceeds k.

    gene_neighbors : of m scored rows among b, k < b / 2; background : (b, d) float32
    embedding. Range [0, 1], larger is better; chance is about one half.
    """
    k, m = gene_neighbors.k, len(gene_neighbors.indices)
    scale, cost = _scale(gene_neighbors), np.zeros(m)
    for rows, distances in distance_blocks(_points(gene_neighbors, background), m):
        of_neighbors = np.take_along_axis(distances, gene_neighbors.indices[rows], axis=1)
        distances.sort(axis=1)
        for row, ordered, found in zip(
            range(rows.start, rows.stop), distances, of_neighbors, strict=True
        ):
            # A neighbour's rank is any of nearer + 1 ... reached, all as likely; `tail`
            # sums the excess over k of all ranks up to its argument.
            nearer = np.searchsorted(ordered, found, "left")
            reached = np.searchsorted(ordered, found, "right")
            cost[row] = ((_tail(reached - k) - _tail(nearer - k)) / (reached - nearer)).sum()
    return Estimate.mean(1 - cost * scale)


@metric(
    title="Distance correlation (Spearman)",
    range=(-1, 1),
    direction="max",
    source=KOBAK_BERENS,
    group="distances",
    margin=0.02,
    secondary=True,
)
def distance_spearman(expression: FloatArray, embedding: FloatArray) -> Estimate:
    """Rank correlation of all pairwise distances in gene space and in the embedding.

    Over all pairs of the scored rows, or of 500 of them drawn with a fixed seed. A row's
    influence is that of its pairs on a correlation of the ranks, twice their mean, as a pair
    belongs to two rows (Hajek's projection of a U-statistic, 10.1214/aoms/1177730196).

    expression : (m, p) float32; embedding : (m, d) float32. Range [-1, 1], larger is
    better; 0 is chance, and the value of a constant embedding.
    """
    from scipy.spatial.distance import pdist, squareform
    from scipy.stats import rankdata

    points, m = cleaned(embedding), len(embedding)
    if m < 4:
        raise MetricUndefined("fewer than 4 scored rows")
    rows = np.sort(np.random.default_rng(0).permutation(m)[:SPEARMAN_ROWS])
    distances = [pdist(space[rows]) for space in (expression, points)]
    value = spearman(*distances)
    if np.ptp(distances[1]) == 0:
        return Estimate(value)
    a, b = ((r - r.mean()) / r.std() for r in map(rankdata, distances))
    off = squareform(a * b - value * (a**2 + b**2) / 2).sum(axis=1) * 2 / (len(rows) - 1)
    per_cell = np.full(m, np.nan)
    per_cell[rows] = value + off - off.mean()
    return Estimate(value, per_cell)


def _points(gene_neighbors: Neighbors, background: FloatArray) -> FloatArray:
    if len(background) != gene_neighbors.points:
        raise ValueError(f"{gene_neighbors.points} scored rows, embedding {background.shape}")
    return cleaned(background)


def _scale(gene_neighbors: Neighbors) -> float:
    """1 / the largest possible cost of one row."""
    b, k = gene_neighbors.points, gene_neighbors.k
    if 2 * k >= b:
        raise MetricUndefined(f"{k} neighbours need more than {2 * k} scored rows, here {b}")
    return float(2 / (k * (2 * b - 3 * k - 1)))


def _tail(beyond: IntArray) -> FloatArray:
    """1 + 2 + ... + beyond; 0 below 1."""
    positive = np.maximum(beyond, 0)
    return np.asarray(positive * (positive + 1) / 2)
