"""The runs behind the points of a page: what each was, took and scored, for who asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from omicsbench.metrics import Metric
from omicsbench.records.spec import RunRecord
from omicsbench.reporting import charts
from omicsbench.reporting.places import of_run

SHOWN = ["repeat", "status", "reason", "key", "seed", "split", "threads", "started", "machine"]
SHOWN += ["search_s", "fit_s", "transform_s", "cpu_s", "peak_gib"]


def run_table(records: Sequence[RunRecord]) -> pd.DataFrame:
    """One row per run: its place, what it was and took; and a column for the score by each metric.

    Scores have the metric's name with ``score:`` before it.
    """
    return pd.DataFrame(
        of_run(r)
        | {
            "repeat": r.spec.repeat,
            "status": r.status.value,
            "reason": r.reason,
            "key": r.key,
            "seed": r.spec.seed,
            "split": r.spec.split,
            "threads": r.spec.threads,
            "started": r.started_at,
            "machine": r.environment.cpu,
            "search_s": r.phases.tuning_s or None,
            "fit_s": r.phases.fit_s,
            "transform_s": r.phases.transform_s,
            "cpu_s": r.cpu_s,
            "peak_gib": r.peak_rss_bytes and r.peak_rss_bytes / 2**30,
        }
        | {f"score:{name}": value for name, value in r.scores.items()}
        for r in records
    )


def run_columns(
    table: pd.DataFrame, numbered: pd.DataFrame, metrics: Mapping[str, Metric]
) -> dict[str, object]:
    """The table as columns for the page; ``numbered`` is it with names as numbers."""
    made = charts.columns(numbered[["place", "dim", "pipeline", "size", *SHOWN]])
    scores = {
        i: charts.columns(table[[f"score:{name}"]])[f"score:{name}"]
        for i, name in enumerate(metrics)
        if f"score:{name}" in table
    }
    return made | {"scores": scores}
