"""Classes: does the embedding keep the arrangement of the labelled classes?"""

from __future__ import annotations

import numpy as np

from omicsbench.metrics.base import FloatArray, IntArray, MetricUndefined, metric
from omicsbench.metrics.neighbors import Neighbors
from omicsbench.metrics.points import cleaned, spearman
from omicsbench.metrics.structure import KOBAK_BERENS, knn_recall

MIN_CLASSES = 4  # fewer classes have too few arrangements to tell apart


@metric(
    title="Neighbouring classes kept (KNC)",
    range=(0, 1),
    direction="max",
    source=KOBAK_BERENS,
    group="distances",
    margin=0.02,
    secondary=True,
)
def centroid_knn(expression: FloatArray, embedding: FloatArray, labels: IntArray) -> float:
    """Share of each class's k nearest classes in gene space that are so in the embedding.

    Between class means; of C classes k is 10, or (C - 1) // 2 if that is less.

    expression : (m, p) float32; embedding : (m, d) float32; labels : (m,) int, -1 where
    missing, at least 4 classes. Range [0, 1], larger is better; chance is k / (C - 1).
    """
    in_genes, in_embedding = _class_means(expression, embedding, labels)
    k = min(10, (len(in_genes) - 1) // 2)
    return float(knn_recall(Neighbors.of(in_genes, k), in_embedding))


@metric(
    title="Class distance correlation (Spearman)",
    range=(-1, 1),
    direction="max",
    source=KOBAK_BERENS,
    group="distances",
    margin=0.02,
    secondary=True,
)
def centroid_distance_correlation(
    expression: FloatArray, embedding: FloatArray, labels: IntArray
) -> float:
    """Rank correlation of the distances between class means in gene space and embedding.

    Kobak & Berens' correlation of pairwise distances, taken between class means.

    expression : (m, p) float32; embedding : (m, d) float32; labels : (m,) int, -1 where
    missing, at least 4 classes. Range [-1, 1], larger is better; 0 is chance, and the
    value of a constant embedding.
    """
    from scipy.spatial.distance import pdist

    in_genes, in_embedding = _class_means(expression, embedding, labels)
    return spearman(pdist(in_genes), pdist(in_embedding))


def _class_means(
    expression: FloatArray, embedding: FloatArray, labels: IntArray
) -> tuple[FloatArray, FloatArray]:
    present = np.unique(labels[labels >= 0])
    if len(present) < MIN_CLASSES:
        raise MetricUndefined(f"fewer than {MIN_CLASSES} classes among the scored rows")
    points = cleaned(embedding)
    in_genes, in_embedding = (
        np.stack([space[labels == label].mean(axis=0, dtype=np.float64) for label in present])
        for space in (expression, points)
    )
    if not np.ptp(in_genes, axis=0).any():
        raise MetricUndefined("the classes do not differ in gene space")
    return in_genes, in_embedding
