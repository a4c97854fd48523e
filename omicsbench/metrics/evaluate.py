"""Score one run: assemble what metrics may ask for, evaluate them, keep the reasons of gaps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omicsbench.metrics import Metric, MetricUndefined
from omicsbench.metrics.neighbors import n_neighbors as n_neighbors

MIN_PROBE_ROWS = 50  # scored rows, below which a probe cross-validated among them is noise
MIN_PROBE_MEMBERS = 3


@dataclass(frozen=True)
class Scores:
    """Values by metric, where known what each unit of cells gave, reasons where there is none."""

    values: dict[str, float]
    errors: dict[str, float]
    by_unit: dict[str, list[float]]
    skipped: dict[str, str]
    parts: dict[str, dict[str, float]]


def probe_labels(codes: NDArray[np.int32] | None) -> NDArray[np.int32] | None:
    """Codes (m,) if the scored rows can carry a probe, else None."""
    if codes is None or codes.size < MIN_PROBE_ROWS:
        return None
    members = np.bincount(codes[codes >= 0], minlength=1)
    return codes if (members >= MIN_PROBE_MEMBERS).sum() >= 2 else None


def evaluate(
    metrics: Iterable[Metric], inputs: Mapping[str, Any], units: NDArray[np.int64] | None = None
) -> Scores:
    """Evaluate metrics on ``inputs`` (see ``omicsbench.metrics.base.MISSING`` for their names).

    ``units`` (m,) of the scored rows has ``by_unit`` filled, rounded to what a score means.

    A metric that is undefined here, not finite, or that fails, is skipped with its reason.
    """
    values: dict[str, float] = {}
    errors: dict[str, float] = {}
    by_unit: dict[str, list[float]] = {}
    skipped: dict[str, str] = {}
    made_of: dict[str, dict[str, float]] = {}
    for metric in metrics:
        name = metric.name
        try:
            found = metric(**inputs)
            values[name] = float(found)
            if found.parts:
                made_of[name] = {part: float(value) for part, value in found.parts.items()}
            if found.se is not None:
                errors[name] = found.se
            parts = None if units is None else found.by_unit(units)
            if parts is not None and len(parts) > 1:
                by_unit[name] = [float(f"{part:.6g}") for part in parts]
        except MetricUndefined as reason:
            skipped[name] = str(reason)
        except Exception as error:  # one metric's failure is not the run's
            skipped[name] = f"failed with {type(error).__name__}: {error}"
    return Scores(values, errors, by_unit, skipped, made_of)


def in_sample_metrics(metrics: Iterable[Metric]) -> list[Metric]:
    """Metrics that are scored on training rows too: those that no label enters."""
    return [m for m in metrics if not m.uses_labels and "train_embedding" not in m.needs]
