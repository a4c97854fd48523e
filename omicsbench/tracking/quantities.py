"""What is followed of a run from one revision to the next: its test scores and its costs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from omicsbench.metrics import METRICS, Metric
from omicsbench.records.spec import RunRecord, Status

QuantityKind = Literal["score", "memory", "time"]
COSTS: dict[str, QuantityKind] = {"peak_rss_bytes": "memory", "wall_s": "time", "cpu_s": "time"}
TOLERANCE: dict[QuantityKind, float] = {
    "score": 0.01,
    "memory": 0.15,
    "time": 0.10,
}  # relative for costs


def quantities(record: RunRecord) -> dict[str, float]:
    """Test scores by metric, then costs: bytes and seconds. Empty for a run that failed.

    ``wall_s`` and ``cpu_s`` are of fit and transform (and of a search), as the method took them on
    that machine at that hour; ``reference_s`` of the record tells how fast it was.
    """
    if record.status is not Status.OK:
        return {}
    spent = record.phases
    costs = {
        "peak_rss_bytes": record.peak_rss_bytes,
        "wall_s": spent.tuning_s + spent.fit_s + spent.transform_s,
        "cpu_s": record.cpu_s,
    }
    known = {name: float(cost) for name, cost in costs.items() if cost is not None}
    return dict(record.scores) | known


def quantity_kind(quantity: str) -> QuantityKind:
    """What a quantity is: a ``score``, ``memory`` or ``time``."""
    return COSTS.get(quantity, "score")


def tolerance(quantity: str, metrics: Mapping[str, Metric] = METRICS) -> float:
    """A change that is of no interest: a difference of scores, a share of costs.

    Of a score it is the margin of its metric, but never so small that nothing would be too little.
    """
    usual = TOLERANCE[quantity_kind(quantity)]
    metric = metrics.get(quantity)
    return usual if metric is None else max(metric.margin, usual / 2)


def lower_is_better(quantity: str, metrics: Mapping[str, Metric] = METRICS) -> bool:
    """Whether a rise is for the worse: of every cost, and of errors among the metrics."""
    if quantity in COSTS:
        return True
    metric = metrics.get(quantity)  # a metric that is no longer there: most are scores
    return metric is not None and metric.direction == "min"
