"""Histories of revisions made from stored runs, worse from one revision on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from omicsbench.records import store
from omicsbench.records.spec import RunRecord, Status
from omicsbench.tracking.history import entries, joined
from omicsbench.tracking.trends import Finding, Trends, trends

ROOT = Path(__file__).parents[2]
PIPELINES = ("class_prior", "logistic_regression", "mlp")
REVISIONS = 16


def digits_runs() -> list[RunRecord]:
    """Stored runs of three pipelines on one data set: two sizes, five repeats."""
    found = [
        r
        for r in store.read_records(ROOT / "results" / "predict")
        if r.spec.dataset == "digits" and r.spec.pipeline in PIPELINES
    ]
    sizes = sorted({r.spec.size for r in found})[:2]
    return [r for r in found if r.spec.size in sizes]


def at(records: list[RunRecord], place: int, seed: int = 0, **changes: Any) -> list[RunRecord]:
    """The runs as they would be at another revision: named, dated, as noisy as a quiet machine."""
    rng = np.random.default_rng([seed, place])
    made = []
    for r in records:
        pace = float(rng.lognormal(0, 0.03))
        environment = r.environment.model_copy(
            update={"git": f"{place:012x}"} | changes.get("environment", {})
        )
        made.append(
            r.model_copy(
                update={
                    "environment": environment,
                    "suite": changes.get("suite", "ci"),
                    "started_at": f"2026-01-{place + 1:02d}T00:00:00+00:00",
                    "phases": r.phases.model_copy(update={"fit_s": r.phases.fit_s * pace + 0.05}),
                    "peak_rss_bytes": int((r.peak_rss_bytes or 0) * rng.normal(1, 0.002)),
                }
            )
        )
    return made


def worsen(
    records: list[RunRecord],
    pipeline: str,
    *,
    score: float = 0.0,
    memory: float = 1.0,
    time: float = 1.0,
    crash: bool = False,
) -> list[RunRecord]:
    """The runs with one pipeline made worse."""
    made = []
    for r in records:
        if r.spec.pipeline != pipeline:
            made.append(r)
            continue
        phases = r.phases.model_copy(
            update={"fit_s": r.phases.fit_s * time, "transform_s": r.phases.transform_s * time}
        )
        scores = {k: v - score if "accuracy" in k else v for k, v in r.scores.items()}
        update: dict[str, Any] = {
            "scores": scores,
            "phases": phases,
            "peak_rss_bytes": int((r.peak_rss_bytes or 0) * memory),
        }
        if crash:
            update |= {"status": Status.CRASHED, "reason": "killed by signal 11", "scores": {}}
        made.append(r.model_copy(update=update))
    return made


def grown(real: list[RunRecord], since: int, pipeline: str = "mlp", **worse: Any) -> Trends:
    """A history of revisions, made worse from one of them on."""
    made = []
    for place in range(REVISIONS):
        records = at(real, place)
        made += entries(worsen(records, pipeline, **worse) if place >= since else records)[0]
    return trends(joined(made))


def seen(found: Trends, quantity: str, kind: str = "step") -> list[Finding]:
    return [f for f in found.findings if f.quantity == quantity and f.kind == kind]


def stored(folder: Path, records: list[RunRecord]) -> Path:
    store.open_folder(folder)
    for r in records:
        store.write_record(folder, r)
    return folder
