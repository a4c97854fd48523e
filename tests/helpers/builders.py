"""Specs and records for tests: valid by default, changed in what a test is about."""

from __future__ import annotations

from typing import Any

from omicsbench.records.spec import RunRecord, RunSpec, Status

SPEC: dict[str, Any] = {
    "task": "embed",
    "dataset": "d",
    "dataset_id": "1",
    "pipeline": "p",
    "pipeline_id": "1",
    "size": 10,
    "repeat": 0,
    "device": "cpu",
    "threads": 1,
    "seed": 0,
    "split": "holdout",
    "features": 10,
    "scored": 10,
    "background": 10,
    "scored_in_sample": 0,
    "metrics": ("knn_recall",),
}

# What differs between two runs of the same: clocks, memory, and the machine they are of.
MEASURED = {"phases", "cpu_s", "tuning_cpu_s", "reference_s", "started_at", "environment"}
MEASURED |= {"peak_rss_bytes", "base_rss_bytes", "energy_j", "reused_s"}


def spec(**changes: Any) -> RunSpec:
    """A run of pipeline ``p`` on data set ``d``."""
    return RunSpec(**(SPEC | changes))


def record(of: RunSpec | None = None, **changes: Any) -> RunRecord:
    """The record of a run that ended well; by default of ``spec()``, under its key."""
    of = of or spec()
    made = {"key": of.key, "spec": of, "family": "simple", "status": Status.OK}
    return RunRecord(**(made | changes))
