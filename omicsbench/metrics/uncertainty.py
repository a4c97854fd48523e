"""Uncertainty: does a model know when it does not know?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from omicsbench.metrics.base import Estimate, FloatArray, IntArray, MetricUndefined, metric
from omicsbench.metrics.predictions import finite, hits, labelled, placements, spread


@metric(
    title="Selective accuracy",
    range=(0, 1),
    direction="max",
    source="https://arxiv.org/abs/1705.08500",
    group="uncertainty",
    secondary=True,
    tasks=("predict",),
)
def selective_accuracy(probabilities: FloatArray, labels: IntArray) -> Estimate:
    """Accuracy of the rows one is most certain of, averaged over how many of them are answered.

    The area under the accuracy-coverage curve (El-Yaniv & Wiener 2010,
    https://jmlr.org/papers/v11/el-yaniv10a.html; Geifman & El-Yaniv 2017): rows are answered by
    falling certainty, which is their highest probability, and the accuracy is averaged over 1, 2
    up to all m answered. Rows of equal certainty come in random order, in expectation. It rises
    with plain accuracy too, so a model that is right more often may have the higher value with
    the poorer order. A row's influence is that on an average of ranked rows (an L-statistic): its
    own answer, and the rows after it, which it puts back.

    probabilities : (m, c) float64; labels : (m,) int, -1 where missing. Range [0, 1], larger
    is better; with certainties that say nothing it is the accuracy, by chance 1 / classes.
    """
    known, given, truth = labelled(probabilities, labels)
    hit, code, size = hits(given, truth), *_by_certainty(given)
    m, reached = len(hit), np.cumsum(size)
    # A row in place j enters the accuracy of j, j + 1, ... m answered: with weight 1 / j + ...
    weight = np.cumsum(1 / np.arange(m, 0, -1))[::-1]
    own = hit * (np.add.reduceat(weight, reached - size) / size)[code]
    # Each row of no greater certainty is put back a little: by its answer / its coverage.
    put_back = np.cumsum((np.bincount(code, hit) / reached)[::-1])[::-1][code]
    return Estimate(float(own.mean()), spread(known, own + hit.mean() - put_back))


@metric(
    title="AUROC of uncertainty for a class never seen",
    range=(0, 1),
    direction="max",
    source="https://arxiv.org/abs/1610.02136",
    group="uncertainty",
    margin=0.02,
    secondary=True,
    tasks=("predict",),
)
def outlier_auroc(probabilities: FloatArray, outliers: NDArray[np.bool_]) -> Estimate:
    """Is the uncertainty higher for rows of the class held out of training than for the others?

    Area under the ROC curve of the entropy of the probabilities (the setting of Hendrycks &
    Gimpel 2017), ties half; a row's influence is DeLong's, as in ``auroc``.

    probabilities : (m, c) float64; outliers : (m,) bool. Range [0, 1], larger is better; 0.5 is
    chance, below it a model is the surer of what it never saw.
    """
    if not outliers.any():
        raise MetricUndefined("no scored row is of the class held out of training")
    if outliers.all():
        raise MetricUndefined("all scored rows are of the class held out of training")
    return Estimate.mean(placements(entropy(probabilities), outliers))


def entropy(probabilities: FloatArray) -> FloatArray:
    """Entropy of each row, (m,), over that of equal probabilities: 0 certain, 1 undecided."""
    # Sorted, so that the order of the classes does not change the last bit, and with it a tie.
    given = np.sort(finite(probabilities), axis=1)
    logs = np.log(given, out=np.zeros_like(given), where=given > 0)
    total = np.abs((given * logs).sum(axis=1))
    return np.asarray(np.minimum(total / np.log(max(2, given.shape[1])), 1))


def accuracy_by_coverage(probabilities: FloatArray, labels: IntArray) -> FloatArray:
    """Accuracy of the 1, 2 up to all m labelled rows that one is most certain of, (m,).

    Its mean is ``selective_accuracy``. probabilities : (m, c) float64; labels : (m,) int, -1
    where missing. Raises MetricUndefined if no row has a label.
    """
    _, given, truth = labelled(probabilities, labels)
    code, size = _by_certainty(given)
    expected = np.bincount(code, hits(given, truth)) / size  # of any row of that certainty
    return np.asarray(np.cumsum(np.repeat(expected, size)) / np.arange(1, len(code) + 1))


def _by_certainty(probabilities: FloatArray) -> tuple[IntArray, IntArray]:
    """Place of each row's certainty among all, (m,), 0 the most certain; rows of each place."""
    _, code, size = np.unique(-probabilities.max(axis=1), return_inverse=True, return_counts=True)
    return code, size
