"""From the runs of two sides to paired differences, and which sizes count.

Test scores are paired by repeat, under equal terms.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from omicsbench.metrics import Metric
from omicsbench.records.spec import Cause, RunRecord, Status
from omicsbench.stats.crossover import Differences, Floats, moments
from omicsbench.verdict.choose import Grid, Side, sign


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
class Paired:
    """The differences of one comparison; ``rows`` and the columns of ``differences`` are sizes.

    ``unit`` is what the error over test cells is taken over; empty where it is unknown.
    """

    rows: tuple[SizeDifference, ...]
    differences: Differences
    unit: str

    @cached_property
    def counting(self) -> list[int]:
        """Indices of the sizes that count: those above the last one that was compared do not."""
        kept = [i for i, row in enumerate(self.rows) if row.use != "left_out"]
        while kept and self.rows[kept[-1]].use == "not_shown":
            kept.pop()
        return kept

    @property
    def beyond(self) -> list[SizeDifference]:
        """The sizes above the last that counts, where deep is not shown to be ahead."""
        last = max(self.counting, default=-1)
        return [row for row in self.rows[last + 1 :] if row.use == "not_shown"]

    @property
    def most(self) -> int:
        """The most pairs that a size has."""
        return max(row.pairs for row in self.rows)

    @property
    def fewest(self) -> int:
        """The fewest pairs at a size that counts and was compared; the most where none was."""
        used = [self.rows[i] for i in self.counting]
        return min((row.pairs for row in used if row.use == "compared"), default=self.most)

    def with_bounds(self, alpha: float) -> tuple[SizeDifference, ...]:
        """The rows with mean, error and the ends of the interval at level 1 - ``alpha``."""
        at = moments(self.differences)
        low, high = at.bounds(alpha)
        return tuple(
            replace(
                row,
                mean=_known(at.mean[i]),
                low=_known(low[i]),
                high=_known(high[i]),
                error=_known(at.error[i]),
            )
            for i, row in enumerate(self.rows)
        )


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


class _Column:
    """One side at one size, by one metric, in the order of the repeats: used in many pairs.

    Attributes
    ----------
    runs : (R,), None where there is none.
    scores : (R,), NaN where there is none.
    dims : (R,) output dimensions, -1 where there is none.
    by_unit : (R,) scores by unit, each (G,), None where one is not known.
    """

    def __init__(self, runs: list[RunRecord | None], metric: str) -> None:
        self.runs, self.metric = runs, metric
        scored = [r if r is not None and metric in r.scores else None for r in runs]
        self.scores = np.array([r.scores[metric] if r is not None else np.nan for r in scored])
        self.dims = np.array(
            [-1 if r is None or r.output_dim is None else r.output_dim for r in scored]
        )
        known = [r.scores_by_unit.get(metric) if r is not None else None for r in scored]
        self.by_unit = [np.array(values) if values else None for values in known]
        self.failed = failures(runs)

    @property
    def scored(self) -> bool:
        return bool(np.isfinite(self.scores).any())

    @property
    def folds(self) -> bool:
        """Whether repeats are folds: as the terms are equal, one run tells."""
        return next((r.spec.split != "holdout" for r in self.runs if r is not None), False)

    @cached_property
    def errors(self) -> list[float | None]:
        """Standard error over test cells of each run, None where it is not known."""
        return [r.scores_se.get(self.metric) if r is not None else None for r in self.runs]


def _column(side: Side, size: int, repeats: Sequence[int], metric: str) -> _Column:
    """Made once: a side is paired with all others."""
    key = (size, tuple(repeats), metric)
    if key not in side.columns:
        side.columns[key] = _Column([side.runs.get((size, r)) for r in repeats], metric)
    found = side.columns[key]
    assert isinstance(found, _Column)
    return found


@dataclass(frozen=True)
class _AtSize:
    """Both sides at one size; ``turn`` is -1 where a smaller score is better."""

    deep: _Column
    simple: _Column
    turn: float

    @cached_property
    def paired(self) -> NDArray[np.bool_]:
        """Which repeats (R,) have scores that can be subtracted."""
        deep, simple = self.deep, self.simple
        both = np.isfinite(deep.scores) & np.isfinite(simple.scores)
        return np.asarray(both & (deep.dims == simple.dims))

    @cached_property
    def places(self) -> list[int]:
        """The repeats that are paired, by their place."""
        return np.flatnonzero(self.paired).tolist()

    @property
    def by_repeat(self) -> Floats:
        """Differences (R,), NaN where there is no pair."""
        return np.where(self.paired, self.turn * (self.deep.scores - self.simple.scores), np.nan)

    @property
    def by_unit(self) -> Floats | None:
        """Mean over repeats of the difference in each unit, (G,); None where one knows none."""
        deep, simple = ([of.by_unit[i] for i in self.places] for of in (self.deep, self.simple))
        lengths = {0 if values is None else len(values) for values in (*deep, *simple)}
        if len(lengths) != 1 or 0 in lengths:
            return None
        off = np.mean(np.array(deep, float) - np.array(simple, float), axis=0)
        return np.asarray(self.turn * off)

    @property
    def cell_error(self) -> float:
        """Standard error over test cells as if both sides had been scored on cells of their own.

        Too wide, as both are scored on the same; used where records hold no scores by unit. 0
        where the metric's error over cells is unknown.
        """
        deep, simple = self.deep.errors, self.simple.errors
        errors = [(deep[place], simple[place]) for place in self.places]
        squares = [a**2 + b**2 for a, b in errors if a is not None and b is not None]
        return float(np.sqrt(np.mean(squares))) if squares else 0.0

    @property
    def unit(self) -> str:
        paired = (self.deep.runs[place] for place in self.places)
        return next((run.unit for run in paired if run and run.unit), "")


def pair_up(deep: Side, simple: Side, grid: Grid, metric: Metric, need: int) -> Paired:
    """Pair two sides. ``need`` is the number of pairs that a size must have to count."""
    sides = [
        [_column(side, size, grid.repeats, metric.name) for side in (deep, simple)]
        for size in grid.sizes
    ]
    columns = [_AtSize(ours, theirs, sign(metric)) for ours, theirs in sides]
    rows = tuple(
        _row(size, (deep.at.get(size, ""), simple.at.get(size, "")), at, need)
        for size, at in zip(grid.sizes, columns, strict=True)
    )
    by_repeat = np.stack([at.by_repeat for at in columns], axis=1)
    if any(side.folds for at in sides for side in at):
        # Each repeat has test rows of its own: their error is between the repeats already.
        return Paired(rows, Differences(by_repeat, folds=True), "")
    units = [at.by_unit for at in columns]
    by_unit = _stacked(units)
    cell_error = np.array(
        [
            at.cell_error if by_unit is None or own is None else 0.0
            for at, own in zip(columns, units, strict=True)
        ]
    )
    known = by_unit is not None or cell_error.any()
    unit = next((at.unit for at in reversed(columns) if at.unit), "cells")
    return Paired(rows, Differences(by_repeat, by_unit, cell_error), unit if known else "")


def _stacked(by_unit: Sequence[Floats | None]) -> Floats | None:
    """Differences by unit at all sizes, (G, S); None where sizes know none, or unlike ones."""
    lengths = {len(column) for column in by_unit if column is not None}
    if len(lengths) != 1:
        return None
    blank = np.full(lengths.pop(), np.nan)
    return np.stack([blank if column is None else column for column in by_unit], axis=1)


def _row(size: int, names: tuple[str, str], at: _AtSize, need: int) -> SizeDifference:
    """Whether a size counts, and why not."""
    made = SizeDifference(size, *names, None, None, None, len(at.places))
    if failed := at.deep.failed:
        note = f"deep runs ended as {failed}"
        return replace(made, use="not_shown", note=note, failed=True)
    if not made.deep:
        return replace(made, use="not_shown", note="no deep pipeline to choose", failed=True)
    if not made.simple:
        return replace(made, use="left_out", note="no simple pipeline to choose")
    if failed := at.simple.failed:
        return replace(made, use="left_out", note=f"simple runs ended as {failed}")
    if not at.simple.scored:
        return replace(made, use="left_out", note="the simple pipeline has no score")
    if made.pairs < need:
        return replace(made, use="not_shown", note=too_few(made.pairs, need))
    return made


def too_few(repeats: int, need: int) -> str:
    return f"{repeats} repeat{'s'[: repeats != 1]}; at least {need} are needed for a claim"


def failures(records: Iterable[RunRecord | None]) -> str:
    """For instance ``5 timeout, 1 crashed``; empty where nothing failed."""
    counts = Counter(_end(r) for r in records if r and r.status is not Status.OK)
    return ", ".join(f"{n} {status}" for status, n in sorted(counts.items()))


def _end(record: RunRecord) -> str:
    predicted = record.cause is Cause.PREDICTED
    return record.status.value + (" (predicted to exceed a limit)" if predicted else "")
