"""Rare classes: are they still found by their neighbours, or drowned by the common ones?"""

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
from omicsbench.metrics.probes import BALANCED_ACCURACY, mean_recall, transferred

SHARE = 0.5  # of the mean size of the classes among the scored rows: less is rare
MEMBERS = 3  # scored rows, below which the recall of a class is a toss of a coin or two


# Recall alone would be had by calling every cell rare; knn_transfer_balanced_accuracy, which
# stands beside it, then falls.
@metric(
    title="Rare labels learnt (kNN transfer), recall",
    range=(0, 1),
    direction="max",
    source=BALANCED_ACCURACY,
    group="labels",
    room=(OF_NOISE, 1.0),
)
def rare_recall(
    train_embedding: FloatArray,
    train_labels: IntArray,
    embedding: FloatArray,
    labels: IntArray,
) -> Estimate:
    """Mean recall over rare classes of a vote of the 15 nearest training rows.

    The predictions are those of ``knn_transfer_balanced_accuracy``. Rare is a class with less than
    half of the mean number of scored rows of a class, and with 3 of them or more. They are known
    from the labels of the scored rows alone, so they are the same for every pipeline and size.

    train_embedding : (n, d) float32; train_labels : (n,) int; embedding : (m, d) float32;
    labels : (m,) int; -1 where missing. Range [0, 1], larger is better; chance is near the share
    of a rare class, or 0.
    """
    rare = _rare(labels)
    predicted = transferred("knn", train_embedding, train_labels, embedding, labels)
    return mean_recall(labels, np.where(np.isin(labels, rare), predicted, -1))


@metric(
    title="Rare labels told (kNN transfer), F1",
    range=(0, 1),
    direction="max",
    source="https://doi.org/10.1038/s41592-021-01336-8",
    group="labels",
    secondary=True,
)
def rare_f1(
    train_embedding: FloatArray,
    train_labels: IntArray,
    embedding: FloatArray,
    labels: IntArray,
) -> Estimate:
    """Mean F1 of rare classes: ``rare_recall`` that also asks who else is called rare.

    Rare are the same classes, by the same vote; of all labelled rows. The F1 of a class is
    2 TP / (2 TP + FP + FN), as of scIB's isolated labels, which are rare over batches.

    train_embedding : (n, d) float32; train_labels : (n,) int; embedding : (m, d) float32;
    labels : (m,) int; -1 where missing. Range [0, 1], larger is better.
    """
    rare = _rare(labels)
    predicted = transferred("knn", train_embedding, train_labels, embedding, labels)
    kept = predicted >= 0
    truth, told = (codes[kept, None] == rare for codes in (labels, predicted))  # (k, c)
    both = truth.astype(np.float64) + told
    f1 = 2 * (truth & told).sum(axis=0) / both.sum(axis=0)
    influence = (2.0 * (truth & told) - f1 * both) / both.mean(axis=0)
    per_cell = np.full(len(labels), np.nan)
    per_cell[kept] = f1.mean() + influence.mean(axis=1)
    return Estimate(float(f1.mean()), per_cell)


def _rare(labels: IntArray) -> IntArray:
    """Codes of the rare classes among the scored rows. Raises MetricUndefined without any."""
    known = labels >= 0
    if not known.any():
        raise MetricUndefined("no scored row has a label")
    members = np.bincount(labels[known])
    mean = members[members > 0].mean()
    rare = np.flatnonzero((members >= MEMBERS) & (members < SHARE * mean))
    if not rare.size:
        raise MetricUndefined(
            f"no class has less than half of the mean class size and {MEMBERS} scored rows or more"
        )
    return rare
