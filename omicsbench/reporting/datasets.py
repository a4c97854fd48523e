"""What the page shows of data sets and their verdicts, as its template needs it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from omicsbench.records.facts import DatasetFacts
from omicsbench.records.spec import RunRecord
from omicsbench.reporting.across_datasets import conditions
from omicsbench.reporting.answer import outcome_counts
from omicsbench.reporting.matrix import KINDS, TASKS, data_kind, headline, ordered
from omicsbench.verdict.verdict import Verdict


def datasets(records: Sequence[RunRecord], found: Sequence[Verdict]) -> list[dict[str, Any]]:
    """What the page says of each data set, its verdicts as rows and as a matrix."""
    latest = {r.spec.dataset: r for r in records}
    facts = _facts(records)
    sizes: dict[str, set[int]] = {name: set() for name in latest}
    for r in records:
        sizes[r.spec.dataset].add(r.spec.size)
    made = []
    for name, record in sorted(latest.items(), key=lambda item: (_rank(item[1]), item[0])):
        own = [v for v in found if v.dataset == name]
        listed = [v for v in own if not v.scored_by.secondary]
        counted = headline(own)
        by_task = {task: [v for v in listed if v.task == task] for task in TASKS}
        order = [m.name for m in ordered(v.scored_by for v in own)]
        rows = sorted(own, key=lambda v: (order.index(v.metric), v.tuning, v.deep, v.against))
        made.append(
            {
                "name": name,
                "info": facts[name],
                "kind": data_kind(record),
                "sizes": sorted(sizes[name]),
                "verdicts": rows,
                "matrices": [_matrix(task, of) for task, of in by_task.items() if of],
                "counts": outcome_counts(counted),
                "conditions": conditions(own),
                "tuned": any(v.tuning for v in own),
                "rope": any(v.rope for v in own),
                "beyond": [v for v in counted if _open_ended(v)],
            }
        )
    return made


def dataset_table(records: Sequence[RunRecord]) -> pd.DataFrame:
    """One row per data set; ``read_as`` is empty where an older version stored the runs."""
    return pd.DataFrame(
        {
            "dataset": name,
            "cells": info.n_cells,
            "features": info.n_features,
            "selected": info.n_selected,
            "values": info.values,
            "label": info.label,
            "target": info.target,
            "classes": len(info.label_names),
            "provenance": info.provenance,
            "read_as": info.line,
            "notes": " ".join(info.notes),
        }
        for name, info in sorted(_facts(records).items())
    )


def _facts(records: Sequence[RunRecord]) -> dict[str, DatasetFacts]:
    """What is known of each data set: each task may tell something of its own."""
    facts: dict[str, DatasetFacts] = {}
    for r in records:
        known = facts.get(r.spec.dataset, r.dataset_info)
        facts[r.spec.dataset] = known.joined(r.dataset_info)
    return facts


def _matrix(task: str, listed: Sequence[Verdict]) -> dict[str, Any]:
    """The verdicts of one data set and task: metrics by deep pipelines."""
    columns = sorted({_column(v) for v in listed})
    cells: dict[Any, list[Verdict]] = {}
    for v in listed:
        cells.setdefault((v.metric, _column(v)), []).append(v)
    rows = [
        (m, [_cell(cells.get((m.name, column), ())) for column in columns])
        for m in ordered(v.scored_by for v in listed)
    ]
    return {"task": task, "columns": columns, "rows": rows}


def _open_ended(v: Verdict) -> bool:
    """Whether an extrapolation tells anything: not where the observed mean is above the margin.

    It would say that the mean exceeds the margin already, which the verdict has told better.
    """
    return v.extrapolation is not None and (v.last.mean or 0.0) <= v.margin


def _column(v: Verdict) -> tuple[str, int, str, bool, str]:
    """Device, output dimension (the larger first), tuning, whether not the best of several, name.

    The name of the best is empty, since it may be another pipeline by every metric.
    """
    several = v.best and v.contenders > 1
    return v.device, -(v.output_dim or 0), v.tuning, not several, "" if several else v.deep


def _cell(group: Iterable[Verdict]) -> list[tuple[str, Verdict]]:
    """Verdicts of one cell of the matrix, each with its rival; equal ones in one."""
    found = {v.against: v for v in group}
    if len({(v.outcome, v.n_star, v.largest) for v in found.values()}) == 1 < len(found):
        return [("both", found["reference"])]
    return [(against.replace("_", " "), v) for against, v in found.items()]


def _rank(record: RunRecord) -> int:
    return KINDS.index(data_kind(record))
