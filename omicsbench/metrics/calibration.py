"""Calibration: is a prediction made with 80 % probability right in 80 % of the cases?"""

from __future__ import annotations

import numpy as np

from omicsbench.metrics.base import Estimate, FloatArray, IntArray, metric
from omicsbench.metrics.predictions import hits, labelled, spread

BINS = 15  # of equal width, as Guo et al. 2017 take them


@metric(
    title="Expected calibration error",
    range=(0, 1),
    direction="min",
    source="https://arxiv.org/abs/1706.04599",
    group="calibration",
    secondary=True,
    tasks=("predict",),
)
def expected_calibration_error(probabilities: FloatArray, labels: IntArray) -> Estimate:
    """Mean distance of confidence and accuracy, over 15 bins weighted by their rows.

    Confidence is the highest probability of a row. The bins are of equal width: (0, 1/15],
    (1/15, 2/15] up to (14/15, 1]; in each the mean confidence is held against the share of rows
    predicted right (Naeini et al. 2015; Guo et al. 2017).

    With few rows it is too high, as chance alone parts the two: a perfectly calibrated model of 5
    classes, its probabilities uniform on the simplex, has 0.048 on average at m = 500, and 0.015
    at 5,000. So compare it between models on the same rows, not with 0. A row's influence takes
    as given on which side of its bin's confidence the accuracy lies.

    probabilities : (m, c) float64; labels : (m,) int, -1 where missing. Range [0, 1], smaller
    is better; equal probabilities of equally frequent classes have 0.
    """
    known, given, truth = labelled(probabilities, labels)
    bin_of = _bin_of(given.max(axis=1))
    gap = hits(given, truth) - given.max(axis=1)
    sign = np.sign(np.bincount(bin_of, weights=gap, minlength=BINS))
    per_row = sign[bin_of] * gap
    return Estimate(max(0.0, float(per_row.mean())), spread(known, per_row))


def bins(probabilities: FloatArray, labels: IntArray) -> tuple[FloatArray, FloatArray, IntArray]:
    """Mean confidence, accuracy and number of rows of each bin that has rows, by confidence.

    probabilities : (m, c) float64; labels : (m,) int, -1 where missing. Raises MetricUndefined
    if no row has a label.
    """
    _, given, truth = labelled(probabilities, labels)
    confidence = given.max(axis=1)
    bin_of = _bin_of(confidence)
    rows = np.bincount(bin_of, minlength=BINS)
    sums = (np.bincount(bin_of, v, minlength=BINS) for v in (confidence, hits(given, truth)))
    filled = rows > 0
    mean_confidence, accuracy = (total[filled] / rows[filled] for total in sums)
    return mean_confidence, accuracy, rows[filled]


def _bin_of(confidence: FloatArray) -> IntArray:
    """Bin of each row, (m,), 0 to 14; an upper edge belongs to the bin below it."""
    edges = np.arange(1, BINS) / BINS
    return np.asarray(np.searchsorted(edges, confidence, side="left"))
