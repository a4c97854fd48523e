"""Metrics that records speak of: the package's, and users' own as the records describe them.

So what was scored with a metric of one's own can be judged, shown and compared without its file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from omicsbench.metrics.base import METRICS, Metric, MetricUndefined

FACTS = (
    "title",
    "range",
    "direction",
    "source",
    "group",
    "needs",
    "margin",
    "secondary",
    "tasks",
    "version",
)


class Described(Protocol):
    """A record, as far as it matters here."""

    @property
    def started_at(self) -> str: ...

    @property
    def own_metrics(self) -> Mapping[str, Any]: ...


def facts(metric: Metric) -> dict[str, Any]:
    """What a record keeps of a metric: all but its name and its function."""
    return {name: getattr(metric, name) for name in FACTS}


def known(records: Iterable[Described]) -> dict[str, Metric]:
    """Metrics by name: those of the package, then others by name, as the newest run has them."""
    newest: dict[str, Any] = {}
    for record in sorted(records, key=lambda r: r.started_at):
        newest |= record.own_metrics
    own = {
        name: Metric(
            name=name, function=_elsewhere, **{fact: getattr(said, fact) for fact in FACTS}
        )
        for name, said in sorted(newest.items())
        if name not in METRICS
    }
    return METRICS | own


def _elsewhere(**inputs: Any) -> float:
    raise MetricUndefined("its file is not at hand")
