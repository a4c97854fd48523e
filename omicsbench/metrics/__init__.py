"""Metrics: arrays in, one number out. Importing this package registers them all.

A new metric is one function in one of these modules; heavy imports go inside it, so that
listing metrics stays instant. Its parameter names say what it needs (``base.MISSING``).

Ties are counted in expectation, as if broken at random: an embedding in which points
coincide gets the score of chance, never one that depends on the order of the rows.
"""

# In two steps: metrics are listed in the order of their registration, and run keys hold it.
from omicsbench.metrics import classes, clusters, probes, reconstruction, structure

# isort: split
from omicsbench.metrics import calibration, curves, modalities, predictions, uncertainty
from omicsbench.metrics.base import METRICS, Estimate, Metric, MetricUndefined, metric
from omicsbench.metrics.neighbors import Neighbors

__all__ = [
    "METRICS",
    "Estimate",
    "Metric",
    "MetricUndefined",
    "Neighbors",
    "calibration",
    "classes",
    "clusters",
    "curves",
    "metric",
    "modalities",
    "predictions",
    "probes",
    "reconstruction",
    "structure",
    "uncertainty",
]
