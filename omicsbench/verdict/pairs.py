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


@dataclass(frozen=True)
class _AtSize:
    """Both sides' runs at one size, in the order of the repeats; None where there is none."""

    deep: list[RunRecord | None]
    simple: list[RunRecord | None]
    metric: Metric

    @cached_property
    def pairs(self) -> dict[int, tuple[RunRecord, RunRecord]]:
        """What can be subtracted, by the place of its repeat."""
        of = self.metric.name
        return {
            place: (a, b)
            for place, (a, b) in enumerate(zip(self.deep, self.simple, strict=True))
            if a is not None
            and b is not None
            and of in a.scores
            and of in b.scores
            and a.output_dim == b.output_dim
        }

    @property
    def by_repeat(self) -> Floats:
        """Differences (R,), NaN where there is no pair."""
        found, of = np.full(len(self.deep), np.nan), self.metric.name
        off = [a.scores[of] - b.scores[of] for a, b in self.pairs.values()]
        found[list(self.pairs)] = sign(self.metric) * np.array(off)
        return found

    @property
    def by_unit(self) -> Floats | None:
        """Mean over repeats of the difference in each unit, (G,); None where one knows none."""
        of = self.metric.name
        deep = [a.scores_by_unit.get(of) for a, _ in self.pairs.values()]
        simple = [b.scores_by_unit.get(of) for _, b in self.pairs.values()]
        lengths = {len(values or ()) for values in (*deep, *simple)}
        if len(lengths) != 1 or 0 in lengths:
            return None
        off = np.mean(np.array(deep) - np.array(simple), axis=0)
        return np.asarray(sign(self.metric) * off)

    @property
    def cell_error(self) -> float:
        """Standard error over test cells as if both sides had been scored on cells of their own.

        Too wide, as both are scored on the same; used where records hold no scores by unit. 0
        where the metric's error over cells is unknown.
        """
        of = self.metric.name
        errors = [(a.scores_se.get(of), b.scores_se.get(of)) for a, b in self.pairs.values()]
        squares = [a**2 + b**2 for a, b in errors if a is not None and b is not None]
        return float(np.sqrt(np.mean(squares))) if squares else 0.0

    @property
    def unit(self) -> str:
        return next((a.unit for a, _ in self.pairs.values() if a.unit), "")

    @property
    def folds(self) -> bool:
        one = next((r for r in (*self.deep, *self.simple) if r is not None), None)
        return one is not None and one.spec.split == "kfold"  # as all of them: terms are equal


def pair_up(deep: Side, simple: Side, grid: Grid, metric: Metric, need: int) -> Paired:
    """Pair two sides. ``need`` is the number of pairs that a size must have to count."""
    columns = [
        _AtSize(
            [deep.runs.get((size, repeat)) for repeat in grid.repeats],
            [simple.runs.get((size, repeat)) for repeat in grid.repeats],
            metric,
        )
        for size in grid.sizes
    ]
    rows = tuple(
        _row(size, (deep.at.get(size, ""), simple.at.get(size, "")), at, need)
        for size, at in zip(grid.sizes, columns, strict=True)
    )
    by_repeat = np.stack([at.by_repeat for at in columns], axis=1)
    if any(at.folds for at in columns):
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
    made = SizeDifference(size, *names, None, None, None, len(at.pairs))
    if failed := failures(at.deep):
        note = f"deep runs ended as {failed}"
        return replace(made, use="not_shown", note=note, failed=True)
    if not made.deep:
        return replace(made, use="not_shown", note="no deep pipeline to choose", failed=True)
    if not made.simple:
        return replace(made, use="left_out", note="no simple pipeline to choose")
    if failed := failures(at.simple):
        return replace(made, use="left_out", note=f"simple runs ended as {failed}")
    if not any(r and at.metric.name in r.scores for r in at.simple):
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
