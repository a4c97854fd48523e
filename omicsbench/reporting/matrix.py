"""One look at the verdicts: deep against simple pipelines, metrics x data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

from omicsbench.metrics import METRICS, Metric
from omicsbench.records.spec import RunRecord
from omicsbench.verdict.verdict import Against, Standing, Verdict

GROUPS = (
    "molecules",
    "truth",
    "reconstruction",
    "neighbours",
    "modalities",
    "batch removal",
    "biology",
    "distances",
    "labels",
    "clusters",
    "classes",
    "numbers",
    "calibration",
    "uncertainty",
)
TASKS = {
    "embed": "Embedding",
    "predict": "Prediction",
    "regress": "Regression",
    "integrate": "Integration",
    "batch": "Batches",
}
REAL, GATED, NO_OMICS, SIMULATED = KINDS = (
    "real omics",
    "real omics, gated",  # labels follow from the features: how it scales, and no more
    "real, not omics",
    "simulated",
)
STANDINGS: tuple[Standing, ...] = get_args(Standing)
WORDS: dict[Standing, str] = {
    "ahead": "deep ahead",
    "behind": "simple ahead",
    "equal": "shown equal",
    "open": "open",
}


@dataclass(frozen=True)
class Column:
    """One set of equal terms: pipelines of one column were compared with each other."""

    dataset: str
    task: str
    device: str
    output_dim: int | None
    tuning: str

    @classmethod
    def of(cls, v: Verdict) -> Column:
        return cls(v.dataset, v.task, v.device, v.output_dim, v.tuning)


@dataclass(frozen=True)
class VerdictMatrix:
    """The disagreement matrix: a verdict, or None, for each metric (row) and column."""

    against: Against
    columns: tuple[Column, ...]
    rows: tuple[tuple[Metric, tuple[Verdict | None, ...]], ...]

    def differ(self, name: str) -> bool:
        """Whether the columns differ in one of their fields, which then has to be told."""
        return len({getattr(column, name) for column in self.columns}) > 1


def data_kind(record: RunRecord) -> str:
    """One of ``KINDS``; the first is what an answer about omics data rests on."""
    info = record.dataset_info
    if info.kind == "simulated":
        return SIMULATED
    if not info.omics:
        return NO_OMICS
    return GATED if info.provenance == "gated" else REAL


def data_kinds(records: Iterable[RunRecord]) -> dict[str, str]:
    """The kind of every data set."""
    return {r.spec.dataset: data_kind(r) for r in records}


def best_against(verdicts: Iterable[Verdict], against: Against) -> list[Verdict]:
    """The headline: all deep against one simple side, by metrics that are no repeats."""
    return [
        v
        for v in verdicts
        if v.best and v.against == against and not v.is_control and not v.scored_by.secondary
    ]


def headline(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """What is counted: against all simple pipelines, or the reference where there are no others."""
    return best_against(verdicts, "best_simple") or best_against(verdicts, "reference")


def matrix_of(verdicts: Sequence[Verdict], kind_of: Mapping[str, str]) -> VerdictMatrix | None:
    """The matrix, real omics data first; None where nothing was compared."""
    chosen = headline(verdicts)
    if not chosen:
        return None
    cells = {(v.metric, Column.of(v)): v for v in chosen}
    columns = sorted(
        {column for _, column in cells},
        key=lambda c: (
            KINDS.index(kind_of[c.dataset]),
            c.dataset,
            c.task,
            c.device,
            -(c.output_dim or 0),
            c.tuning,
        ),
    )
    rows = tuple(
        (metric, tuple(cells.get((metric.name, column)) for column in columns))
        for metric in ordered(v.scored_by for v in chosen)
    )
    return VerdictMatrix(chosen[0].against, tuple(columns), rows)


def by_task(verdicts: Sequence[Verdict], kind_of: Mapping[str, str]) -> dict[str, VerdictMatrix]:
    """A matrix per task: metrics of one say nothing of another."""
    found = {task: matrix_of([v for v in verdicts if v.task == task], kind_of) for task in TASKS}
    return {task: matrix for task, matrix in found.items() if matrix}


def ordered(metrics: Iterable[Metric]) -> list[Metric]:
    """Each metric once: headline metrics first, by group, then the package's before others."""
    rank = {group: i for i, group in enumerate(GROUPS)}
    place = {name: i for i, name in enumerate(METRICS)}
    chosen = {m.name: m for m in metrics}

    def key(m: Metric) -> tuple[bool, int, int, str]:
        return m.secondary, rank.get(m.group, len(rank)), place.get(m.name, len(place)), m.name

    return sorted(chosen.values(), key=key)


def counts(verdicts: Iterable[Verdict]) -> str:
    """For instance ``deep ahead in 2, simple ahead in 1, shown equal in 4, open in 1 of 8``."""
    found = Counter(v.standing for v in verdicts)
    said = ", ".join(f"{WORDS[standing]} in {found[standing]}" for standing in STANDINGS)
    return f"{said} of {found.total()}"
