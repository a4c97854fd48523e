"""Predictions: are the classes told apart, and are the probabilities good ones?

Rows with no label (-1) do not count, nor do those of a class held out of training. A class that
the training rows did not hold has probability 0, and its rows count like any other.

The class predicted is that of the highest probability. Where several share it, the vote is split
among them evenly, which is what breaking the tie at random comes to on average.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from omicsbench.metrics.base import Estimate, FloatArray, IntArray, MetricUndefined, metric
from omicsbench.metrics.probes import BALANCED_ACCURACY, MACRO_F1

PROPER_SCORES = "10.1198/016214506000001437"  # Gneiting & Raftery 2007
BRIER = "10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2"  # Brier 1950
ROC = "10.1016/j.patrec.2005.10.010"  # Fawcett 2006

FLOOR = 1e-6


def one_class(labels: IntArray) -> float:
    """Balanced accuracy where all rows are said to be of the same class."""
    return 1 / np.unique(_labels(labels)).size


def shares_alone(labels: IntArray) -> float:
    """Log loss where all rows are given the classes' own shares, the least without a look."""
    shares = np.unique(_labels(labels), return_counts=True)[1] / _labels(labels).size
    return float(-(shares * np.log(shares)).sum())


def _labels(labels: IntArray) -> IntArray:
    known = labels[labels >= 0]
    if not known.size:
        raise MetricUndefined("no scored row has a label")
    return known


@metric(
    title="Balanced accuracy",
    range=(0, 1),
    direction="max",
    source=BALANCED_ACCURACY,
    group="classes",
    tasks=("predict",),
    room=(one_class, 1.0),
)
def balanced_accuracy(probabilities: FloatArray, labels: IntArray) -> Estimate:
    """Mean recall over the classes of the scored rows.

    A row's influence is that on the recall of its class.

    probabilities : (m, c) float64; labels : (m,) int, -1 where missing. Range [0, 1], larger
    is better; chance is 1 / classes.
    """
    known, given, truth = labelled(probabilities, labels)
    hit = hits(given, truth)
    classes, codes, members = np.unique(truth, return_inverse=True, return_counts=True)
    recall = np.bincount(codes, weights=hit) / members
    value = float(recall.mean())
    weight = len(truth) / (len(classes) * members)
    return Estimate(value, spread(known, value + weight[codes] * (hit - recall[codes])))


@metric(
    title="Macro F1",
    range=(0, 1),
    direction="max",
    source=MACRO_F1,
    group="classes",
    secondary=True,
    tasks=("predict",),
)
def macro_f1(probabilities: FloatArray, labels: IntArray) -> float:
    """Mean F1 over the classes of the scored rows, of the predictions of ``balanced_accuracy``.

    A class that is predicted, but that no scored row has, has no F1 and does not count.

    probabilities : (m, c) float64; labels : (m,) int, -1 where missing. Range [0, 1], larger
    is better.
    """
    _, given, truth = labelled(probabilities, labels)
    own, said = np.eye(given.shape[1])[truth], votes(given)
    right, members = (own * said).sum(axis=0), own.sum(axis=0)
    present = members > 0
    return float((2 * right[present] / (members + said.sum(axis=0))[present]).mean())


@metric(
    title="Log loss",
    range=(0, None),
    direction="min",
    source=PROPER_SCORES,
    group="classes",
    margin=0.02,  # nats: the true class 2 % more likely
    tasks=("predict",),
    room=(shares_alone, 0.0),
)
def log_loss(probabilities: FloatArray, labels: IntArray) -> Estimate:
    """Mean of -log of the probability given to the true class, in nats.

    Probabilities below 1e-6 are raised to it and the row is divided by its sum, so that a row
    costs about 13.8 at most: else one row predicted with certainty and wrongly would decide
    all. The floor also stands for a class never seen in training.

    probabilities : (m, c) float64; labels : (m,) int, -1 where missing. Range [0, inf), smaller
    is better; all classes alike cost log(c).
    """
    known, given, truth = labelled(probabilities, labels)
    floored = np.maximum(given, FLOOR)
    own = floored[np.arange(len(truth)), truth] / floored.sum(axis=1)
    return mean_of_known(known, np.abs(np.log(own)))  # abs: never -0.0


@metric(
    title="Brier score",
    range=(0, 2),
    direction="min",
    source=BRIER,
    group="classes",
    secondary=True,
    tasks=("predict",),
)
def brier(probabilities: FloatArray, labels: IntArray) -> Estimate:
    """Mean over rows of the squared errors of the probabilities, summed over the classes.

    Brier's own form: twice what is reported of two classes when only one of them is summed.

    probabilities : (m, c) float64; labels : (m,) int, -1 where missing. Range [0, 2], smaller
    is better; all classes alike cost 1 - 1 / c.
    """
    known, given, truth = labelled(probabilities, labels)
    return mean_of_known(known, np.square(given - np.eye(given.shape[1])[truth]).sum(axis=1))


@metric(
    title="AUROC, one class against the rest",
    range=(0, 1),
    direction="max",
    source=ROC,
    group="classes",
    secondary=True,
    tasks=("predict",),
)
def auroc(probabilities: FloatArray, labels: IntArray) -> Estimate:
    """Area under the ROC curve of each class against all others, mean over classes.

    Over the classes that some, but not all, of the scored rows have; each counts alike. It asks
    for the order of the rows alone, not for the size of the probabilities.

    probabilities : (m, c) float64; labels : (m,) int, -1 where missing. Range [0, 1], larger
    is better; 0.5 is chance, and the value of equal rows.
    """
    known, given, truth = labelled(probabilities, labels)
    present = np.unique(truth)
    if len(present) < 2:
        raise MetricUndefined("fewer than 2 classes among the scored rows")
    # The mean over classes of values is that of their influences, too.
    per_row = np.mean([placements(given[:, code], truth == code) for code in present], axis=0)
    return mean_of_known(known, per_row)


def placements(score: FloatArray, positive: NDArray[np.bool_]) -> FloatArray:
    """AUROC of ``score`` (m,) for the positive rows, as the mean of one number per row, (m,).

    Ties count half. The spread of the numbers is that of DeLong et al. (1988, 10.2307/2531595):
    a row's influence comes from its placement, the share of the other side that it stands on the
    right side of.
    """
    from scipy.stats import rankdata

    among_all, beats = rankdata(score), np.empty(len(score))
    for side in (positive, ~positive):
        beats[side] = (among_all[side] - rankdata(score[side])) / (~side).sum()
    beats[~positive] = 1 - beats[~positive]
    value = beats[positive].mean()
    share = np.where(positive, positive.mean(), 1 - positive.mean())
    return np.asarray(value + (beats - value) / share)


def labelled(
    probabilities: FloatArray, labels: IntArray
) -> tuple[NDArray[np.bool_], FloatArray, IntArray]:
    """Which rows have a label, (m,), and their probabilities and labels.

    Raises MetricUndefined if none has one, or if a probability is not finite.
    """
    known = labels >= 0
    if probabilities.shape[:1] != labels.shape or labels.max(initial=-1) >= probabilities.shape[1]:
        raise ValueError(
            f"probabilities {probabilities.shape}, labels {labels.shape} up to {labels.max()}"
        )
    if not known.any():
        raise MetricUndefined("no scored row has a label")
    return known, finite(probabilities)[known], labels[known]


def finite(probabilities: FloatArray) -> FloatArray:
    """The same. Raises MetricUndefined if they are not finite."""
    if not np.isfinite(probabilities).all():
        raise MetricUndefined("the probabilities are not finite")
    return probabilities


def votes(probabilities: FloatArray) -> FloatArray:
    """One vote per row for its likeliest class, split evenly where several are, (m, c)."""
    highest = probabilities == probabilities.max(axis=1, keepdims=True)
    return np.asarray(highest / highest.sum(axis=1, keepdims=True))


def hits(probabilities: FloatArray, truth: IntArray) -> FloatArray:
    """Vote of each row for its true class, (m,): 1 right, 0 wrong."""
    return np.asarray(votes(probabilities)[np.arange(len(truth)), truth])


def spread(known: NDArray[np.bool_], values: FloatArray) -> FloatArray:
    """Values of the known rows in their places among all, (m,), NaN for the others."""
    per_cell = np.full(len(known), np.nan)
    per_cell[known] = values
    return per_cell


def mean_of_known(known: NDArray[np.bool_], values: FloatArray) -> Estimate:
    """Mean of one number per known row."""
    return Estimate(float(values.mean()), spread(known, values))
