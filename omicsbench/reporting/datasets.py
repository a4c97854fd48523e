"""What the page shows of places, data sets and their verdicts, as its template needs it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from omicsbench.metrics import Metric
from omicsbench.records.facts import DatasetFacts
from omicsbench.records.spec import RunRecord
from omicsbench.reporting.across_datasets import conditions
from omicsbench.reporting.answer import outcome_counts
from omicsbench.reporting.matrix import KINDS, TASKS, headline, kind, ordered
from omicsbench.reporting.page_data import PLACE
from omicsbench.verdict.verdict import Verdict


def places(records: Sequence[RunRecord]) -> list[dict[str, Any]]:
    """Each (data set, task, device, tuning) with a name that tells it from the others.

    Places of equal ``ground`` differ in tuning alone.
    """
    every = sorted({(s.dataset, s.task, s.device, s.tuned_as) for s in (r.spec for r in records)})
    several = [len({place[i] for place in every}) > 1 for i in (1, 2)]
    rank = {r.spec.dataset: _rank(r) for r in records}
    made: list[dict[str, Any]] = []
    grounds: dict[tuple[str, str, str], int] = {}
    for dataset, task, device, tuning in sorted(every, key=lambda p: (rank[p[0]], p)):
        extra = [text for text, show in zip((task, device), several, strict=True) if show]
        made.append(
            {
                "dataset": dataset,
                "task": task,
                "device": device,
                "tuning": tuning,
                "name": " · ".join(filter(None, [dataset, *extra, tuning])),
                "ground": grounds.setdefault((dataset, task, device), len(grounds)),
            }
        )
    return made


def panels(
    quality: pd.DataFrame, at: list[dict[str, Any]], metrics: Mapping[str, Metric]
) -> list[dict[str, Any]]:
    """Each (place, output dimension) with its metrics and sizes: one set of equal terms."""
    made = []
    for index, place in enumerate(at):
        here = quality[(quality[PLACE] == pd.Series({k: place[k] for k in PLACE})).all(axis=1)]
        for dim in sorted(set(here["output_dim"].fillna(0)), reverse=True):
            group = here[here["output_dim"].fillna(0) == dim]
            known = [metrics[name] for name in set(group["metric"])]
            made.append(
                {
                    "place": index,
                    "ground": place["ground"],
                    "dataset": place["dataset"],
                    "dim": int(dim) or "",
                    "name": place["name"] + (f" · {dim}-D" if dim else ""),
                    "space": _space(place["task"], int(dim)),
                    "metrics": ordered(known),
                    "sizes": sorted(int(n) for n in set(group["size"])),
                }
            )
    return made


def _space(task: str, dim: int) -> str:
    """What is compared in a panel, such as 10-D spaces; ``dim`` is 0 where there is no space."""
    if not dim:
        return "class predictions" if task == "predict" else "outputs"
    joint = "joint " if task == "integrate" else ""
    return f"2-D {joint}pictures" if dim == 2 else f"{dim}-D {joint}spaces"


def datasets(records: Sequence[RunRecord], found: Sequence[Verdict]) -> list[dict[str, Any]]:
    """What the page says of each data set, its verdicts as rows and as a matrix."""
    latest = {r.spec.dataset: r for r in records}
    facts: dict[str, DatasetFacts] = {}
    for r in records:  # each task may tell something of its own
        known = facts.get(r.spec.dataset, r.dataset_info)
        facts[r.spec.dataset] = known.joined(r.dataset_info)
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
                "kind": kind(record),
                "sizes": sorted({r.spec.size for r in records if r.spec.dataset == name}),
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
    return KINDS.index(kind(record))


def alt(
    quality: Mapping[tuple[int, str, int], pd.DataFrame],
    found: Mapping[tuple[int, str], Sequence[Verdict]],
    place: int,
    dim: int | str,
    metric: Metric,
) -> str:
    """What a learning curve shows, in words, for those who cannot see it."""
    here = quality[place, metric.name, int(dim or 0)]
    last = here[here["size"] == here["size"].max()].sort_values("mean", ascending=False)
    ends = ", ".join(f"{p} {m:.3g}" for p, m in zip(last["pipeline"], last["mean"], strict=True))
    own = [v for v in found.get((place, metric.name), ()) if v.output_dim == (dim or None)]
    stars = [f"{v.deep} is ahead from n = {v.n_star:,}" for v in own if v.n_star]
    text = f"{metric.title} against n. At n = {int(here['size'].max()):,}: {ends}."
    return text + "".join(f" {star}." for star in dict.fromkeys(stars))


def by_place(
    quality: pd.DataFrame, found: Iterable[Verdict], at: Sequence[Mapping[str, Any]]
) -> tuple[dict[tuple[int, str, int], pd.DataFrame], dict[tuple[int, str], list[Verdict]]]:
    """Scores by the number of their place, metric and output dimension (0: none); verdicts too."""
    place_of = {tuple(p[k] for k in PLACE): i for i, p in enumerate(at)}
    dims = quality["output_dim"].fillna(0).rename("dim")
    frames = {
        (place_of[tuple(where)], str(metric), int(str(dim))): frame
        for (*where, metric, dim), frame in quality.groupby([*PLACE, "metric", dims])
    }
    own: dict[tuple[int, str], list[Verdict]] = {}
    for v in found:
        place = place_of[v.dataset, v.task, v.device, v.tuning]
        own.setdefault((place, v.metric), []).append(v)
    return frames, own
