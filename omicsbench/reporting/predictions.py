"""Tables of what predictions show beside their scores, of finished runs at the largest size.

Calibration, the samples of a posterior, accuracy of the surest rows, and the uncertainty of a
class that was held out of training. Records hold them as curves, one set per repeat.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from omicsbench.records.spec import RunRecord
from omicsbench.reporting.at_largest import frame
from omicsbench.reporting.places import OF_RUN, PLACE, of_run
from omicsbench.reporting.tables import means

RELIABILITY_BINS = 15  # of equal width, as in the records
HISTOGRAM_BINS = 24
SAMPLED = "balanced_accuracy"  # what is recorded of every sample of a posterior


def reliability_table(shown: Sequence[RunRecord]) -> pd.DataFrame:
    """One row per pipeline and bin of the highest probability, repeats pooled.

    ``rows`` are the predictions of all repeats; ``confidence`` and ``accuracy`` are their means,
    ``accuracy_min`` and ``_max`` the lowest and highest accuracy of a single repeat.
    """
    names = ["bin", "confidence", "accuracy", "rows"]
    bins = frame(_points(shown, "reliability", names[1:]), [*names, "repeat"])
    place = bins["confidence"].astype(float) * RELIABILITY_BINS
    bins["bin"] = place.clip(0, RELIABILITY_BINS - 1).astype(int)
    weighted = bins.assign(
        confidence=bins["confidence"] * bins["rows"], correct=bins["accuracy"] * bins["rows"]
    )
    found = weighted.groupby([*OF_RUN, "bin"], dropna=False).agg(
        rows=("rows", "sum"),
        confidence=("confidence", "sum"),
        correct=("correct", "sum"),
        accuracy_min=("accuracy", "min"),
        accuracy_max=("accuracy", "max"),
        repeats=("repeat", "nunique"),
    )
    found["confidence"] /= found["rows"]
    found["accuracy"] = found.pop("correct") / found["rows"]
    return found.reset_index()


def coverage_table(shown: Sequence[RunRecord]) -> pd.DataFrame:
    """Accuracy of the surest share of the rows: mean over repeats and its 95 % t-interval."""
    points = frame(_points(shown, "coverage", ["coverage", "accuracy"]), ["coverage", "accuracy"])
    points["coverage"] = points["coverage"].astype(float).round(4)
    return means(points, [*OF_RUN, "coverage"], "accuracy").reset_index()


def posterior_table(shown: Sequence[RunRecord]) -> pd.DataFrame:
    """Balanced accuracy of every sample, and of the mean prediction of the repeat it is from."""
    names = ["repeat", "sample", "accuracy", "mean_prediction"]
    rows = (
        row | {"mean_prediction": r.scores.get(SAMPLED)}
        for r in shown
        for row in _points([r], "posterior", ["accuracy"], "sample")
    )
    return frame(rows, names)


def uncertainty_table(shown: Sequence[RunRecord]) -> pd.DataFrame:
    """Shares of test rows by entropy, of known classes and of the one held out of training.

    Means over repeats, with the lowest and highest; ``entropy`` is the centre of a bin.
    """
    names = ["entropy", "known", "held_out"]
    points = frame(_points(shown, "uncertainty", names), names)
    points["entropy"] = points["entropy"].astype(float).round(4)
    groups = points.groupby([*OF_RUN, "entropy"], dropna=False)[["known", "held_out"]]
    found = groups.mean().join(groups.min().add_suffix("_min"))
    return found.join(groups.max().add_suffix("_max")).reset_index()


def histograms(samples: pd.DataFrame) -> pd.DataFrame:
    """Shares of a pipeline's samples, pooled over repeats, in bins common to a place."""
    parts = [samples.head(0).assign(start=0.0, end=0.0, share=0.0, samples=0)]
    places = samples.groupby(PLACE, dropna=False)
    for _, place in places:
        edges = np.linspace(*axis_ends(place), HISTOGRAM_BINS + 1)
        for _, own in place.groupby(OF_RUN, dropna=False):
            counts = np.histogram(own["accuracy"].astype(float), edges)[0]
            full = np.flatnonzero(counts)
            part = own[OF_RUN].head(1).loc[own.index[:1].repeat(full.size)]
            parts.append(
                part.assign(
                    start=edges[full],
                    end=edges[full + 1],
                    share=counts[full] / counts.sum(),
                    samples=counts[full],
                )
            )
    return pd.concat([p[[*OF_RUN, "start", "end", "share", "samples"]] for p in parts])


def axis_ends(place: pd.DataFrame) -> tuple[float, float]:
    """The ends of the axis that all histograms of a place share."""
    values = place[["accuracy", "mean_prediction"]].to_numpy(float)
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    room = max(0.05 * (high - low), 0.005)
    return low - room, high + room


def mean_predictions(samples: pd.DataFrame) -> pd.DataFrame:
    """The balanced accuracy of each repeat's mean prediction, where it is known."""
    once = samples.drop_duplicates([*OF_RUN, "repeat"])
    return once.dropna(subset="mean_prediction")


def _points(
    shown: Sequence[RunRecord], curve: str, names: Sequence[str], count: str = ""
) -> Iterator[dict[str, Any]]:
    """The points of a curve as rows, numbered under the name ``count`` if that is given."""
    for r in shown:
        of = r.curves.get(curve) or {}
        if all(name in of for name in names):
            head = of_run(r) | {"repeat": r.spec.repeat}
            for i, values in enumerate(zip(*(of[name] for name in names), strict=True)):
                number = {count: i} if count else {}
                yield head | dict(zip(names, values, strict=True)) | number
