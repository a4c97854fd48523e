"""Metrics: arrays in, one number out. ``METRICS`` are those of the package.

A new metric is one function in one of these modules; heavy imports go inside it, so that
listing metrics stays instant. Its parameter names say what it needs (``base.MISSING``).
A metric in a user's own file is found by the registry, as methods are.

Ties are counted in expectation, as if broken at random: an embedding in which points
coincide gets the score of chance, never one that depends on the order of the rows.
"""

from omicsbench.metrics import (
    batches,
    calibration,
    classes,
    clusters,
    curves,
    halves,
    latent,
    modalities,
    molecules,
    predictions,
    probes,
    rare,
    reconstruction,
    regression,
    structure,
    uncertainty,
    unseen_features,
)
from omicsbench.metrics.base import METRICS, Estimate, Metric, MetricUndefined, declared, metric
from omicsbench.metrics.neighbors import Neighbors

# A suite that states no metrics has all of its task in its run keys, in this order: of the
# modules here, and of the functions within each. Another order makes other runs.
METRICS.update(
    (found.name, found)
    for module in (
        structure,
        classes,
        clusters,
        probes,
        reconstruction,
        predictions,
        calibration,
        uncertainty,
        modalities,
        regression,
        batches,
        rare,
        latent,
        molecules,
        halves,
        unseen_features,
    )
    for found in declared(module)
)

__all__ = [
    "METRICS",
    "Estimate",
    "Metric",
    "MetricUndefined",
    "Neighbors",
    "batches",
    "calibration",
    "classes",
    "clusters",
    "curves",
    "declared",
    "halves",
    "latent",
    "metric",
    "modalities",
    "molecules",
    "predictions",
    "probes",
    "rare",
    "reconstruction",
    "regression",
    "structure",
    "uncertainty",
    "unseen_features",
]
