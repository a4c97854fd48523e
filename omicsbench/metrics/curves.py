"""Curves of predictions, for pictures: what one number of calibration or uncertainty hides."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from omicsbench.metrics.base import FloatArray, IntArray
from omicsbench.metrics.calibration import bins
from omicsbench.metrics.predictions import balanced_accuracy
from omicsbench.metrics.uncertainty import accuracy_by_coverage, entropy

POINTS = 20


def prediction_curves(
    probabilities: FloatArray,
    labels: IntArray,
    outliers: NDArray[np.bool_] | None = None,
    samples: FloatArray | None = None,
) -> dict[str, dict[str, list[float]]]:
    """Columns of numbers by name of curve, to 6 significant digits.

    - ``reliability``: ``confidence``, ``accuracy`` and ``rows`` of each bin that has rows, those
      of ``expected_calibration_error``.
    - ``coverage``: ``accuracy`` of the share ``coverage`` (0.05 to 1) of the rows that one is
      most certain of.
    - ``posterior``, with ``samples``: balanced ``accuracy`` of each.
    - ``uncertainty``, where there are outliers: shares of the ``known`` and the ``held_out`` rows
      by normalised ``entropy``, in 20 bins from 0 to 1, named by their centres.

    probabilities : (m, c) float64; labels : (m,) int, -1 where missing; outliers : (m,) bool,
    whether of the class held out of training; samples : (s, m, c) float64, probabilities by each
    of s draws of the model. Raises MetricUndefined if no row has a label.
    """
    confidence, accuracy, rows = bins(probabilities, labels)
    by_coverage = accuracy_by_coverage(probabilities, labels)
    # As many rows as reach the coverage; whole numbers, as 0.15 * 20 is a little more than 3.
    answered = -(-np.arange(1, POINTS + 1) * len(by_coverage) // POINTS)
    curves = {
        "reliability": {
            "confidence": _rounded(confidence),
            "accuracy": _rounded(accuracy),
            "rows": _rounded(rows),
        },
        "coverage": {
            "coverage": _rounded(np.arange(1, POINTS + 1) / POINTS),
            "accuracy": _rounded(by_coverage[answered - 1]),
        },
    }
    if samples is not None:
        drawn = (balanced_accuracy(sample, labels) for sample in samples)
        curves["posterior"] = {"accuracy": _rounded(drawn)}
    if outliers is not None and outliers.any():
        edges, unsure = np.linspace(0, 1, POINTS + 1), entropy(probabilities)
        known, held_out = (
            np.histogram(unsure[kept], edges)[0] / kept.sum() for kept in (~outliers, outliers)
        )
        curves["uncertainty"] = {
            "entropy": _rounded((edges[:-1] + edges[1:]) / 2),
            "known": _rounded(known),
            "held_out": _rounded(held_out),
        }
    return curves


def _rounded(values: Iterable[float]) -> list[float]:
    return [float(f"{value:.6g}") for value in values]
