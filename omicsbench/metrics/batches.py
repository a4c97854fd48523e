"""Batches: are they mixed in the embedding, and is what they have in common still to be seen?

Two axes, never weighed against each other: *batch removal* and *biology*. An embedding that is
noise has all of the first and none of the second. All is computed among the scored rows.
"""

from __future__ import annotations

import numpy as np

from omicsbench.metrics.base import (
    OF_NOISE,
    Estimate,
    FloatArray,
    IntArray,
    MetricUndefined,
    metric,
)
from omicsbench.metrics.neighbors import Neighbors
from omicsbench.metrics.points import cleaned
from omicsbench.metrics.probes import BALANCED_ACCURACY, _classify, mean_recall

LISI = "10.1038/s41592-019-0619-0"  # Korsunsky et al. 2019
KBET = "10.1038/s41592-018-0254-1"  # Buettner et al. 2019
SCIB = "10.1038/s41592-021-01336-8"  # Luecken et al. 2022
REMOVAL, BIOLOGY = "batch removal", "biology"
LISI_NEIGHBORS = 90  # three times the perplexity of 30, as in the paper
GRAPH_NEIGHBORS = 15
ALPHA = 0.05
TOLERANCE, TRIES = 1e-5, 50


@metric(
    title="Batches mixed around each cell (iLISI)",
    range=(0, 1),
    direction="max",
    source=LISI,
    group=REMOVAL,
    margin=0.02,
    secondary=True,
    tasks=("batch",),
    room=(0.0, OF_NOISE),  # noise mixes as well as can be
)
def ilisi(embedding: FloatArray, mixed_embedding: FloatArray, mixed_batches: IntArray) -> Estimate:
    """Effective number of batches among a cell's neighbours, less 1, by the number there are.

    Mean over cells; scib-metrics takes the median. The inverse of Simpson's index of the
    neighbours' batches, weighed by a Gaussian whose perplexity is a third of the 90 neighbours.

    embedding : (m, d) float32; mixed_embedding : (q, d); mixed_batches : (q,) int. Range [0, 1],
    larger is better: 0 is one batch around every cell. What random batches reach depends on how
    even they are.
    """
    batches = _several(mixed_batches, "batches")
    around = lisi(mixed_embedding, mixed_batches)[: len(embedding)]
    return Estimate.mean((around - 1) / (batches - 1))


@metric(
    title="One label around each cell (cLISI)",
    range=(0, 1),
    direction="max",
    source=LISI,
    group=BIOLOGY,
    secondary=True,
    tasks=("batch",),
)
def clisi(embedding: FloatArray, mixed_embedding: FloatArray, mixed_labels: IntArray) -> Estimate:
    """As ``ilisi``, of labels, turned round: 1 is one label around every cell.

    embedding : (m, d) float32; mixed_embedding : (q, d); mixed_labels : (q,) int, -1 where
    missing: such rows are nobody's neighbours. Range [0, 1], larger is better.
    """
    known = mixed_labels >= 0
    classes = _several(mixed_labels[known], "labels")
    around = np.full(len(mixed_labels), np.nan)
    around[known] = lisi(mixed_embedding[known], mixed_labels[known])
    per_cell = (classes - around[: len(embedding)]) / (classes - 1)
    if np.isnan(per_cell).all():
        raise MetricUndefined("no scored row has a label")
    return Estimate(float(np.nanmean(per_cell)), per_cell)


@metric(
    title="Batches as expected around each cell, within its label (kBET)",
    range=(0, 1),
    direction="max",
    source=KBET,
    group=REMOVAL,
    margin=0.02,
    tasks=("batch",),
    room=(0.0, OF_NOISE),
)
def kbet(mixed_embedding: FloatArray, mixed_batches: IntArray, mixed_labels: IntArray) -> float:
    """Share of cells around which the batches have their shares of the cell's label.

    By a chi-square test at 5 % of the batches of its nearest cells of that label (itself among
    them; a quarter of the mean size of a batch, 10 to 70): with no batch effect it is near .95.
    Mean over the labels that lie in two batches or more and have 10 cells or more, so that
    batches that hold different cells are not held against a method. scib-metrics seeks these
    neighbours by diffusion on a graph; here they are the nearest in the embedding.

    mixed_embedding : (q, d) float32; mixed_batches, mixed_labels : (q,) int, label -1 where
    missing. Range [0, 1], larger is better.
    """
    points, shares = cleaned(mixed_embedding), []
    for label in np.unique(mixed_labels[mixed_labels >= 0]):
        own = mixed_labels == label
        codes = np.unique(mixed_batches[own], return_inverse=True)[1]
        sizes = np.bincount(codes)
        if len(sizes) > 1 and own.sum() >= 10:
            k = min(70, max(10, int(sizes.mean() / 4)), int(own.sum()))
            near = Neighbors.of(points[own], k - 1).indices
            shares.append(accepted(np.column_stack([np.arange(len(codes)), near]), codes).mean())
    if not shares:
        raise MetricUndefined("no label has cells enough in two batches")
    return float(np.mean(shares))


@metric(
    title="Cells of a label connected across batches",
    range=(0, 1),
    direction="max",
    source=SCIB,
    group=REMOVAL,
    secondary=True,
    tasks=("batch",),
)
def graph_connectivity(mixed_embedding: FloatArray, mixed_labels: IntArray) -> float:
    """Share of a label's cells in the largest connected part of the graph of 15 neighbours.

    Mean over labels. A cell leads to its 15 nearest that are of its label; connected are cells of
    which each leads to each other.

    mixed_embedding : (q, d) float32; mixed_labels : (q,) int, -1 where missing. Range [0, 1],
    larger is better.
    """
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import connected_components

    points, labels = cleaned(mixed_embedding), mixed_labels
    near = Neighbors.of(points, min(GRAPH_NEIGHBORS, len(points) - 1))
    m, k = near.indices.shape
    edges = np.ones(m * k), near.indices.ravel(), np.arange(0, m * k + 1, k)
    graph = csr_matrix(edges, shape=(m, m))
    classes = np.unique(labels[labels >= 0])
    if not len(classes):
        raise MetricUndefined("no row has a label")
    shares = []
    for label in classes:
        own = labels == label
        parts = connected_components(graph[own][:, own], connection="strong")[1]
        shares.append(np.bincount(parts).max() / own.sum())
    return float(np.mean(shares))


@metric(
    title="Label learnt in other batches (kNN), balanced accuracy",
    range=(0, 1),
    direction="max",
    source=BALANCED_ACCURACY,
    group=BIOLOGY,
    tasks=("batch",),
    room=(OF_NOISE, 1.0),
)
def cross_batch_balanced_accuracy(
    embedding: FloatArray,
    mixed_embedding: FloatArray,
    mixed_batches: IntArray,
    mixed_labels: IntArray,
) -> Estimate:
    """Mean recall over labels of a vote of a cell's 15 nearest labelled cells of other batches.

    Each batch in turn is left out and predicted from all others; cells of a label that no other
    batch has are left out. It needs both axes: batches that lie apart, and labels that do not,
    are told by it.

    embedding : (m, d) float32, predicted; mixed_embedding : (q, d), learnt from; mixed_batches,
    mixed_labels : (q,) int, label -1 where missing. Range [0, 1], larger is better; chance is
    1 / labels.
    """
    points, m = cleaned(mixed_embedding), len(embedding)
    predicted = np.full(m, -1, dtype=np.int64)
    labels, batches = mixed_labels[:m], mixed_batches[:m]
    for batch in np.unique(batches):
        others = (mixed_batches != batch) & (mixed_labels >= 0)
        learnt = np.unique(mixed_labels[others])
        asked = np.flatnonzero((batches == batch) & np.isin(labels, learnt))
        if len(learnt) > 1 and asked.size:
            found = _classify("knn", points[others], mixed_labels[others], points[asked])
            predicted[asked] = found
    if len(np.unique(labels[predicted >= 0])) < 2:
        raise MetricUndefined("fewer than 2 labels have cells in two batches")
    return mean_recall(labels, predicted)


def lisi(embedding: FloatArray, codes: IntArray) -> FloatArray:
    """Effective number of codes around each row, (m,): from 1 to how many there are.

    Raises MetricUndefined for fewer than 4 rows.
    """
    m = len(embedding)
    if m < 4:
        raise MetricUndefined(f"{m} scored rows are too few for neighbours")
    indices, weights = _surroundings(embedding, min(LISI_NEIGHBORS, m - 1))
    near = codes[indices]
    shares = np.stack([(weights * (near == code)).sum(axis=1) for code in np.unique(codes)])
    return np.asarray(1 / np.square(shares).sum(axis=0))


def _surroundings(embedding: FloatArray, k: int) -> tuple[IntArray, FloatArray]:
    """Neighbours of each row, (m, k), and their Gaussian weights of perplexity k / 3.

    The width is found by bisection for each row, as in t-SNE; weights sum to 1.
    """
    points = cleaned(embedding).astype(np.float64)
    indices = Neighbors.of(points, k).indices
    distances = np.linalg.norm(points[indices] - points[:, None], axis=2)
    scale = distances.mean(axis=1, keepdims=True)
    # From the nearest on: weights are the same, and the nearest one's never vanishes.
    scaled = (distances - distances.min(axis=1, keepdims=True)) / np.where(scale > 0, scale, 1)
    wanted = np.log(max(k / 3, 1.0))
    beta = np.ones((len(points), 1))
    low, high = np.zeros_like(beta), np.full_like(beta, np.inf)
    for _ in range(TRIES):
        weights = np.exp(-scaled * beta)
        total = weights.sum(axis=1, keepdims=True)
        entropy = np.log(total) + beta * (scaled * weights).sum(axis=1, keepdims=True) / total
        flat = entropy > wanted
        if (np.abs(entropy - wanted) < TOLERANCE).all():
            break
        low, high = np.where(flat, beta, low), np.where(flat, high, beta)
        beta = np.where(np.isinf(high), 2 * beta, (low + np.where(np.isinf(high), 0, high)) / 2)
    return indices, weights / total


def accepted(near: IntArray, codes: IntArray) -> IntArray:
    """Whether the codes of the rows' neighbours (m, k) have the shares of all, (m,) bool.

    ``codes`` (m,) are 0 to c - 1, each of which occurs.
    """
    from scipy.stats import chi2

    k, sizes = near.shape[1], np.bincount(codes)
    expected = k * sizes / len(codes)
    found = np.stack([(codes[near] == code).sum(axis=1) for code in range(len(sizes))], axis=1)
    statistic = (np.square(found - expected) / expected).sum(axis=1)
    return np.asarray(chi2.sf(statistic, len(sizes) - 1) >= ALPHA)


def _several(codes: IntArray, what: str) -> int:
    """How many different codes there are; MetricUndefined for fewer than two."""
    found = len(np.unique(codes))
    if found < 2:
        raise MetricUndefined(f"the scored rows have fewer than 2 {what}")
    return found
