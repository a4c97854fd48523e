"""From records to paired differences: who is compared with whom, and chosen by what.

Test scores are paired by repeat, under equal terms. Where a side is "the best" of several
pipelines, the choice is made at each size by validation scores, and for each repeat by those of
the *other* repeats: a draw of training rows that flatters a pipeline on the validation rows
flatters it on the test rows too, and would be chosen for its luck.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from omicsbench.metrics.base import METRICS
from omicsbench.records.costs import PREDICTED
from omicsbench.records.spec import RunRecord, Status
from omicsbench.stats.crossover import Differences, Floats

Runs = Mapping[str, Mapping[tuple[int, int], RunRecord]]  # pipeline: {(size, repeat): run}


@dataclass(frozen=True)
class SizeDifference:
    """Deep minus simple at one size, positive where deep is better, in the metric's unit.

    ``error`` is the standard error of ``mean``; ``low`` and ``high`` bound its t-interval at the
    verdict's level; None without two pairs. ``use`` tells whether the size counts, and ``note``
    why it does not; ``failed`` that deep runs were tried there and gave no result.
    """

    size: int
    deep: str
    simple: str
    mean: float | None
    low: float | None
    high: float | None
    pairs: int
    use: Literal["compared", "not_shown", "left_out"] = "compared"
    note: str = ""
    failed: bool = False
    error: float | None = None


@dataclass(frozen=True)
class Side:
    """One side of a comparison: the pipeline at each size, and in each repeat of it."""

    at: Mapping[int, str]  # size: pipeline that a reader is told of
    of: Mapping[tuple[int, int], str]  # (size, repeat): pipeline whose run enters

    @classmethod
    def fixed(cls, name: str, sizes: Sequence[int], repeats: Sequence[int]) -> Side:
        """One pipeline throughout."""
        return cls(dict.fromkeys(sizes, name), {(n, r): name for n in sizes for r in repeats})

    @property
    def names(self) -> str:
        return ", then ".join(dict.fromkeys(name for name in self.at.values() if name))


@dataclass(frozen=True)
class Contest:
    """The differences of one comparison; ``rows`` and the columns of ``differences`` are sizes."""

    rows: tuple[SizeDifference, ...]
    differences: Differences
    unit: str


def best_by_validation(
    runs: Runs, names: Sequence[str], metric: str, sizes: Sequence[int], repeats: Sequence[int]
) -> Side:
    """At each size the finished pipeline with the best mean validation score.

    One that was given fewer repeats than others cannot carry a comparison and is not chosen.
    """
    at: dict[int, str] = {}
    of: dict[tuple[int, int], str] = {}
    for size in sizes:
        tried = {p: [r for (n, _), r in runs[p].items() if n == size] for p in names}
        most = max(map(len, tried.values()), default=0)
        fit = [
            p
            for p in names
            if most and len(tried[p]) == most and all(metric in r.validation for r in tried[p])
        ]
        here = [r for r in repeats if all((size, r) in runs[p] for p in fit)]
        if not (fit and here):
            continue
        scores = np.array([[runs[p][size, r].validation[metric] for r in here] for p in fit])
        scores *= sign(metric)
        at[size] = fit[int(scores.mean(axis=1).argmax())]
        of |= {(size, r): fit[i] for r, i in zip(here, choices(scores), strict=True)}
    return Side(at, of)


def choices(validation: Floats) -> NDArray[np.intp]:
    """Index (R,) of the pipeline chosen for each repeat by the others' mean of (P, R) scores."""
    if validation.shape[1] == 1:
        return np.asarray(validation.argmax(axis=0))
    others = validation.sum(axis=1, keepdims=True) - validation
    return np.asarray(others.argmax(axis=0))


def contest(
    runs: Runs,
    deep: Side,
    simple: Side,
    sizes: Sequence[int],
    repeats: Sequence[int],
    metric: str,
    need: int,
) -> Contest:
    """Pair two sides. ``need`` is the number of pairs that a size must have to count."""
    table = np.full((len(repeats), len(sizes)), np.nan)
    by_unit: list[Floats | None] = []
    cell_error = np.zeros(len(sizes))
    rows: list[SizeDifference] = []
    units = "cells"
    for column, size in enumerate(sizes):
        own = [_run(runs, deep, size, repeat) for repeat in repeats]
        other = [_run(runs, simple, size, repeat) for repeat in repeats]
        pairs = [
            (row, a, b)
            for row, (a, b) in enumerate(zip(own, other, strict=True))
            if a and b and a.output_dim == b.output_dim and metric in a.scores.keys() & b.scores
        ]
        for row, a, b in pairs:
            table[row, column] = sign(metric) * (a.scores[metric] - b.scores[metric])
        both = [(a, b) for _, a, b in pairs]
        by_unit.append(_by_unit(both, metric))
        cell_error[column] = _cell_error(both, metric)
        units = next((a.unit for _, a, _ in pairs if a.unit), units)
        rows.append(_row(size, deep, simple, own, other, len(pairs), metric, need))
    folds = any(r is not None and r.spec.split == "kfold" for r in [*own, *other])
    if folds:  # each repeat has test rows of its own: their error is between the repeats already
        return Contest(tuple(rows), Differences(table, folds=True), "")
    lengths = {len(part) for part in by_unit if part is not None}
    units_at = None
    if len(lengths) == 1:
        blank = np.full(lengths.pop(), np.nan)
        units_at = np.stack([blank if part is None else part for part in by_unit], axis=1)
        cell_error[np.isfinite(units_at).all(axis=0)] = 0.0
    known = units_at is not None or cell_error.any()
    return Contest(tuple(rows), Differences(table, units_at, cell_error), units if known else "")


def _row(
    size: int,
    deep: Side,
    simple: Side,
    own: list[RunRecord | None],
    other: list[RunRecord | None],
    pairs: int,
    metric: str,
    need: int,
) -> SizeDifference:
    """Whether a size counts, and why not."""
    names = deep.at.get(size, ""), simple.at.get(size, "")
    made = SizeDifference(size, *names, None, None, None, pairs)
    if failed := failures(own):
        note = f"deep runs ended as {failed}"
        return replace(made, use="not_shown", note=note, failed=True)
    if not names[0]:
        return replace(made, use="not_shown", note="no deep pipeline to choose", failed=True)
    if not names[1]:
        return replace(made, use="left_out", note="no simple pipeline to choose")
    if failed := failures(other):
        return replace(made, use="left_out", note=f"simple runs ended as {failed}")
    if not any(b and metric in b.scores for b in other):
        return replace(made, use="left_out", note="the simple pipeline has no score")
    if pairs < need:
        return replace(made, use="not_shown", note=too_few(pairs, need))
    return made


def _run(runs: Runs, side: Side, size: int, repeat: int) -> RunRecord | None:
    name = side.of.get((size, repeat))
    return runs[name].get((size, repeat)) if name else None


def _by_unit(pairs: Sequence[tuple[RunRecord, RunRecord]], metric: str) -> Floats | None:
    """Mean over repeats of the difference in each unit, (G,); None where one does not know it."""
    parts = [(a.scores_by_unit.get(metric), b.scores_by_unit.get(metric)) for a, b in pairs]
    known = [(x, y) for x, y in parts if x and y]
    if len(known) < max(1, len(parts)) or len({len(x) for pair in known for x in pair}) > 1:
        return None
    return np.asarray(sign(metric) * np.mean([np.subtract(x, y) for x, y in known], axis=0))


def _cell_error(pairs: Sequence[tuple[RunRecord, RunRecord]], metric: str) -> float:
    """Standard error over test cells as if both sides had been scored on cells of their own.

    Too wide, as both are scored on the same; used where records hold no scores by unit. 0 where
    the metric's error over cells is unknown.
    """
    errors = [(a.scores_se.get(metric), b.scores_se.get(metric)) for a, b in pairs]
    squares = [x**2 + y**2 for x, y in errors if x is not None and y is not None]
    return float(np.sqrt(np.mean(squares))) if squares else 0.0


def sign(metric: str) -> float:
    """1 where larger is better, -1 where smaller is."""
    return -1.0 if METRICS[metric].direction == "min" else 1.0


def too_few(repeats: int, need: int) -> str:
    return f"{repeats} repeat{'s'[: repeats != 1]}; at least {need} are needed for a claim"


def failures(records: Iterable[RunRecord | None]) -> str:
    """For instance ``5 timeout, 1 crashed``; empty where nothing failed."""
    counts = Counter(_end(r) for r in records if r and r.status is not Status.OK)
    return ", ".join(f"{n} {status}" for status, n in sorted(counts.items()))


def _end(record: RunRecord) -> str:
    predicted = str(record.reason).startswith(PREDICTED)
    return record.status.value + (f" ({PREDICTED} a limit)" if predicted else "")
