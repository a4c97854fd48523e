"""Metrics that tests of reports and verdicts take for primary, whichever the package counts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from omicsbench.metrics.base import METRICS

# What stood in headlines when these tests were written: several metrics of a group, many cells.
COUNTED = (
    "knn_recall",
    "trustworthiness",
    "continuity",
    "distance_spearman",
    "centroid_knn",
    "centroid_distance_correlation",
    "ari",
    "nmi",
    "knn_probe_balanced_accuracy",
    "linear_probe_balanced_accuracy",
    "linear_transfer_balanced_accuracy",
    "reconstruction_r2",
    "brier",
    "auroc",
    "expected_calibration_error",
    "selective_accuracy",
    "outlier_auroc",
    "modality_recall",
    "foscttm",
    "cross_modal_spearman",
    "spearman",
    "ilisi",
    "clisi",
    "graph_connectivity",
)


@contextmanager
def counted(names: tuple[str, ...] = COUNTED) -> Iterator[None]:
    """These metrics count, as long as it lasts."""
    before = {name: METRICS[name] for name in names}
    METRICS.update({name: replace(metric, secondary=False) for name, metric in before.items()})
    yield
    METRICS.update(before)
