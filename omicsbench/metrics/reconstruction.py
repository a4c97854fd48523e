"""Reconstruction: how much of the expression survives the way through the embedding."""

from __future__ import annotations

import numpy as np

from omicsbench.metrics.base import Estimate, FloatArray, MetricUndefined, metric


@metric(
    title="Reconstruction R²",
    range=(None, 1),
    direction="max",
    source="https://scikit-learn.org/stable/modules/model_evaluation.html#r2-score",
    group="reconstruction",
    secondary=True,
)
def reconstruction_r2(expression: FloatArray, reconstruction: FloatArray) -> Estimate:
    """Share of the variance of the scored rows that the reconstruction explains.

    1 - SSE / SST over all entries; SST is taken around each feature's mean over the
    scored rows, so features weigh by their variance (scikit-learn's ``variance_weighted``).

    expression, reconstruction : (m, p) float32. Range (-inf, 1], larger is better; a
    constant guess reaches 0 at most.
    """
    return explained(expression, reconstruction)


def explained(expression: FloatArray, reconstruction: FloatArray) -> Estimate:
    """What ``reconstruction_r2`` is of any two matrices (m, p)."""
    total = _sums_of_squares(expression, expression.mean(axis=0, dtype=np.float64))
    if total.sum() == 0:
        raise MetricUndefined("the scored rows are all alike")
    error = _errors(expression, reconstruction)
    unexplained = error.sum() / total.sum()
    # A ratio of two sums over cells: the delta method.
    off = (error - unexplained * total) / total.mean()
    return Estimate(float(1 - unexplained), 1 - unexplained - off)


# Margin 0: the error is in squared units of the data, so no one number means "equal" for
# every data set; reconstruction_r2 is the same comparison on a common scale.
@metric(
    title="Reconstruction MSE",
    range=(0, None),
    direction="min",
    source="https://scikit-learn.org/stable/modules/model_evaluation.html#mean-squared-error",
    group="reconstruction",
    margin=0.0,
    secondary=True,
)
def reconstruction_mse(expression: FloatArray, reconstruction: FloatArray) -> Estimate:
    """Mean squared error over all entries, in squared units of the expression.

    expression, reconstruction : (m, p) float32. Range [0, inf), smaller is better.
    """
    return Estimate.mean(_errors(expression, reconstruction) / expression.shape[1])


def _errors(expression: FloatArray, reconstruction: FloatArray) -> FloatArray:
    """Squared error of each row, (m,)."""
    if expression.shape != reconstruction.shape:
        raise ValueError(f"expression {expression.shape}, reconstruction {reconstruction.shape}")
    error = _sums_of_squares(expression, reconstruction)
    if not np.isfinite(error).all():
        raise MetricUndefined("the reconstruction is not finite")
    return error


def _sums_of_squares(values: FloatArray, expected: FloatArray) -> FloatArray:
    sums: FloatArray = np.square(np.subtract(values, expected, dtype=np.float64)).sum(axis=1)
    return sums
