"""Predicted numbers: how near are they, in which order, and is their uncertainty the right one?

Rows with no target (NaN) do not count.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from omicsbench.metrics.base import Estimate, FloatArray, MetricUndefined, metric
from omicsbench.metrics.predictions import PROPER_SCORES, spread

LEVEL = 0.9  # probability with which a target is to lie in the interval asked for
LEAST = 3  # rows of which anything can be said


@metric(
    title="R2 of the target",
    range=(None, 1),
    direction="max",
    source="10.7717/peerj-cs.623",
    group="numbers",
    tasks=("regress",),
    room=(0.0, 1.0),
)
def r2(prediction: FloatArray, target: FloatArray) -> Estimate:
    """1 - squared error / squared deviation of the targets from their own mean.

    prediction, target : (m,) float64, NaN where the target is missing. Range (-inf, 1], larger is
    better; the mean of the scored rows itself has 0, and that of other rows a little less.
    """
    known, squared, deviation = _errors(prediction, target)
    value = 1 - squared.mean() / deviation.mean()
    own = value - (squared - (1 - value) * deviation) / deviation.mean()
    return Estimate(float(value), spread(known, own))


@metric(
    title="Spearman correlation with the target",
    range=(-1, 1),
    direction="max",
    source="10.2307/1412159",
    group="numbers",
    secondary=True,
    tasks=("regress",),
)
def spearman(prediction: FloatArray, target: FloatArray) -> Estimate:
    """Correlation of the ranks, ties at their mean rank; equal predictions have 0.

    A row's influence is that on both ranks and on their product.

    prediction, target : (m,) float64, NaN where the target is missing. Range [-1, 1], larger is
    better; chance is 0.
    """
    known, given, truth = measured(prediction, target)
    # Share of the rows below each row, ties half.
    below_given, below_truth = _below(given), _below(truth)
    u, v = below_given.mean(axis=1), below_truth.mean(axis=1)
    size = u.std() * v.std()
    if not size:
        return Estimate(0.0)
    value = ((u - u.mean()) * (v - v.mean())).mean() / size
    product = u * v + (v @ below_given + u @ below_truth) / len(u)
    return Estimate(float(value), spread(known, value + (product - product.mean()) / size))


@metric(
    title="Pearson correlation with the target",
    range=(-1, 1),
    direction="max",
    source="10.1098/rspl.1895.0041",
    group="numbers",
    secondary=True,
    tasks=("regress",),
)
def pearson(prediction: FloatArray, target: FloatArray) -> Estimate:
    """Correlation of predictions and targets; equal predictions have 0.

    What breeders call predictive ability. It asks neither for the scale nor for the mean.

    prediction, target : (m,) float64, NaN where the target is missing. Range [-1, 1], larger is
    better; chance is 0.
    """
    known, given, truth = measured(prediction, target)
    if given.min() == given.max():
        return Estimate(0.0)
    x, y = ((values - values.mean()) / values.std() for values in (given, truth))
    value = (x * y).mean()
    return Estimate(float(value), spread(known, x * y + value * (1 - (x**2 + y**2) / 2)))


@metric(
    title="Root mean squared error, in standard deviations of the target",
    range=(0, None),
    direction="min",
    source="10.7717/peerj-cs.623",
    group="numbers",
    secondary=True,
    tasks=("regress",),
)
def rmse(prediction: FloatArray, target: FloatArray) -> Estimate:
    """Root of the mean squared error over the standard deviation of the scored rows' targets.

    It is the root of 1 - R2, in a unit that data sets share.

    prediction, target : (m,) float64, NaN where the target is missing. Range [0, inf), smaller is
    better; the mean of the scored rows has 1.
    """
    known, squared, deviation = _errors(prediction, target)
    value = float(np.sqrt(squared.mean() / deviation.mean()))
    if not value:
        return Estimate(0.0, spread(known, squared))
    own = 1 + (squared / squared.mean() - deviation / deviation.mean()) / 2
    return Estimate(value, spread(known, value * own))


@metric(
    title="Error of the coverage of 90 % intervals",
    range=(0, LEVEL),
    direction="min",
    source=PROPER_SCORES,
    group="calibration",
    margin=0.02,
    secondary=True,
    tasks=("regress",),
)
def coverage_error(interval: FloatArray, target: FloatArray) -> Estimate:
    """How far from 90 % is the share of targets that lie in the interval given for 90 %?

    Too wide and too narrow count alike, and few rows miss 90 % by chance: by about 0.03 on
    average of 100 rows.

    interval : (m, 2) float64, lower and upper ends; target : (m,) float64, NaN where missing. Range
    [0, 0.9], smaller is better.
    """
    known, inside, _ = _ends(interval, target)
    off = inside - LEVEL
    return Estimate(float(abs(off.mean())), spread(known, off if off.mean() >= 0 else -off))


@metric(
    title="Interval score, in standard deviations of the target",
    range=(0, None),
    direction="min",
    source=PROPER_SCORES,
    group="calibration",
    margin=0.05,
    secondary=True,
    tasks=("regress",),
)
def interval_score(interval: FloatArray, target: FloatArray) -> Estimate:
    """Mean width of the 90 % intervals, and 20 times by how far targets lie outside of them.

    A proper score (Winkler 1972; Gneiting & Raftery 2007): the true 5 % and 95 % quantiles have the
    lowest. In standard deviations of the scored rows' targets.

    interval : (m, 2) float64, lower and upper ends; target : (m,) float64, NaN where missing. Range
    [0, inf), smaller is better.
    """
    known, _, cost = _ends(interval, target)
    truth = target[known]
    size, deviation = truth.std(), (truth - truth.mean()) ** 2
    value = float(cost.mean() / size)
    own = cost / size - value * (deviation / size**2 - 1) / 2
    return Estimate(value, spread(known, own))


def measured(
    prediction: FloatArray, target: FloatArray
) -> tuple[NDArray[np.bool_], FloatArray, FloatArray]:
    """Which rows have a target, (m,), and their predictions and targets.

    Raises MetricUndefined for predictions that are not finite, and targets that cannot be scored.
    """
    if prediction.shape != target.shape:
        raise ValueError(f"predictions {prediction.shape}, targets {target.shape}")
    known = _known(target)
    if not np.isfinite(prediction).all():
        raise MetricUndefined("the predictions are not finite")
    return known, prediction[known], target[known]


def _known(target: FloatArray) -> NDArray[np.bool_]:
    known = np.isfinite(target)
    if known.sum() < LEAST:
        raise MetricUndefined(f"fewer than {LEAST} scored rows have a target")
    if target[known].min() == target[known].max():
        raise MetricUndefined("the target is the same in all scored rows")
    return known


def _errors(
    prediction: FloatArray, target: FloatArray
) -> tuple[NDArray[np.bool_], FloatArray, FloatArray]:
    """Which rows count, their squared errors, and the squares of their targets' deviations."""
    known, given, truth = measured(prediction, target)
    return known, (given - truth) ** 2, (truth - truth.mean()) ** 2


def _below(values: FloatArray) -> FloatArray:
    """(m, m): 1 in row i where the value of column j lies below that of i, 0.5 where equal."""
    return np.asarray(np.sign(values[:, None] - values) / 2 + 0.5)


def _ends(
    interval: FloatArray, target: FloatArray
) -> tuple[NDArray[np.bool_], FloatArray, FloatArray]:
    """Which rows count, whether each target lies inside, and what each interval costs."""
    known = _known(target)
    if not np.isfinite(interval).all():
        raise MetricUndefined("the intervals are not finite")
    lower, upper, truth = interval[known, 0], interval[known, 1], target[known]
    outside = np.maximum(lower - truth, 0) + np.maximum(truth - upper, 0)
    cost = upper - lower + 2 / (1 - LEVEL) * outside
    return known, (outside == 0).astype(np.float64), cost
