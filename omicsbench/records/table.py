"""Stored records as one long table, and which of them are compared with which."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from omicsbench.records.spec import RunRecord, Status

EQUAL = (
    "task",
    "dataset",
    "dataset_id",
    "device",
    "threads",
    "split",
    "features",
    "features_per_size",
    "scored",
)


def equal_terms(record: RunRecord) -> tuple[Any, ...]:
    """What two runs must share to be compared."""
    return (*(getattr(record.spec, name) for name in EQUAL), record.spec.tuned_as)


def tidy(records: Iterable[RunRecord]) -> pd.DataFrame:
    """Long table, one row per (run, part, metric); a run without scores has one row.

    ``part`` is test, validation or in_sample; ``se`` is the standard error of a test score over
    the scored cells, where one is known. Times are in seconds, memory in bytes, energy in joules;
    ``tuning`` is empty where the pipeline ran as written.
    """
    names = [
        "dataset",
        "task",
        "pipeline",
        "family",
        "output_dim",
        "size",
        "repeat",
        "device",
        "tuning",
        "status",
        "reason",
        "cause",
        "part",
        "metric",
        "value",
        "se",
        "tuning_s",
        "fit_s",
        "transform_s",
        "cpu_s",
        "energy_j",
        "peak_rss_bytes",
        "key",
    ]
    rows: list[tuple[Any, ...]] = []
    for r in sorted(records, key=_rank):
        s = r.spec
        head = [
            s.dataset,
            s.task,
            s.pipeline,
            r.family,
            r.output_dim,
            s.size,
            s.repeat,
            s.device,
            s.tuned_as,
            r.status.value,
            r.reason,
            r.cause.value if r.cause else None,
        ]
        done, spent = r.status is Status.OK, r.phases
        times = (spent.tuning_s, spent.fit_s, spent.transform_s) if done else (None,) * 3
        end = [*times, r.cpu_s, r.energy_j, r.peak_rss_bytes, r.key]
        parts = {"test": r.scores, "validation": r.validation, "in_sample": r.in_sample}
        errors = {"test": r.scores_se}
        scores = [
            (part, name, of[name], errors.get(part, {}).get(name))
            for part, of in parts.items()
            for name in sorted(of)
        ]
        rows += [(*head, *score, *end) for score in scores] or [(*head, *[None] * 4, *end)]
    return pd.DataFrame(rows, columns=names)


def _rank(record: RunRecord) -> tuple[Any, ...]:
    s = record.spec
    return s.dataset, s.task, s.pipeline, s.size, s.repeat, s.device, s.tuned_as, record.key


def current(records: Iterable[RunRecord]) -> list[RunRecord]:
    """The records of the newest version of every data set and pipeline; versions never mix."""
    ordered = sorted(records, key=lambda r: (r.started_at, r.key))
    data = {r.spec.dataset: r.spec.dataset_id for r in ordered}
    ordered = [r for r in ordered if r.spec.dataset_id == data[r.spec.dataset]]
    code = {r.spec.pipeline: r.spec.pipeline_id for r in ordered}
    ordered = [r for r in ordered if r.spec.pipeline_id == code[r.spec.pipeline]]
    newest = {(equal_terms(r), r.spec.pipeline, r.spec.size, r.spec.repeat): r for r in ordered}
    return [newest[cell] for cell in sorted(newest)]
