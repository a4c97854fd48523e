"""From the runs of two sides to the differences of all their pairs, and which sizes count.

Test scores are paired by repeat, under equal terms. A side is one pipeline or several.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from statistics import median
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from omicsbench.metrics import Metric
from omicsbench.records.spec import Cause, RunRecord, RunSpec, Status
from omicsbench.stats.contest import best_error, interval
from omicsbench.stats.differences import Differences, Floats, Moments, moments
from omicsbench.verdict.choose import Grid, RunsAt, sign

FOLDS = 5  # after so many folds of a cross-validation test samples come again
BUDGET = "ended by their budget"  # said of trainings that could stop early and did not


@dataclass(frozen=True)
class SizeDifference:
    """Deep minus simple at one size, positive where deep is better, in the metric's unit.

    ``deep`` and ``simple`` are the pipelines that a reader is told of, where a side has several
    those that validation chooses; ``mean`` is the difference of the best means, whoever has them,
    ``low`` and ``high`` bound it at the verdict's level, None without two pairs, ``error`` is the
    standard error of the difference of these two; ``pairs`` are the
    most repeats that a pair of pipelines shares. ``use`` tells whether the size counts, and
    ``note`` why it does not, or who failed there; ``failed`` that deep runs were tried there and
    none gave a result, ``simple_failed`` the same of simple ones.
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
    simple_failed: bool = False
    error: float | None = None


@dataclass(frozen=True)
class RunScores:
    """What one pipeline scored by one metric: R repeats, S sizes, G units of test cells.

    Attributes
    ----------
    scores : (R, S), NaN where there is none.
    dims : (R, S) output dimensions, -1 where there is none.
    errors : (R, S) standard error over test cells, NaN where it is not known.
    by_unit : (R, G, S) scores by unit, NaN where they are not known; None where they never are.
    failed : (S,) in words how runs failed; empty where none did.
    cut_off : (S,) in words how many trainings ended by their budget; empty where none did.
    too_dear : (S,) whether there is no score because runs took, or would take, more than they may.
    """

    scores: Floats
    dims: NDArray[np.int64]
    errors: Floats
    by_unit: Floats | None
    failed: tuple[str, ...]
    cut_off: tuple[str, ...]
    too_dear: tuple[bool, ...]
    first: RunRecord | None  # as the terms are equal, one run tells them

    @classmethod
    def of(cls, runs: RunsAt, grid: Grid, metric: str) -> RunScores:
        """From the runs of a pipeline."""
        table = [[runs.get((size, repeat)) for size in grid.sizes] for repeat in grid.repeats]
        known = [
            [r if r is not None and metric in r.scores else None for r in row] for row in table
        ]
        return cls(
            np.array([[np.nan if r is None else r.scores[metric] for r in row] for row in known]),
            np.array([[-1 if r is None else r.output_dim or -1 for r in row] for row in known]),
            np.array(
                [
                    [np.nan if r is None else r.scores_se.get(metric, np.nan) for r in row]
                    for row in known
                ]
            ),
            _by_unit(known, metric),
            tuple(failures(column) for column in zip(*table, strict=True)),
            tuple(cut_off(column) for column in zip(*known, strict=True)),
            tuple(
                not any(scored) and any(r is not None and r.too_dear for r in column)
                for column, scored in zip(
                    zip(*table, strict=True), zip(*known, strict=True), strict=True
                )
            ),
            next((r for row in known for r in row if r is not None), None),
        )

    def at(self, kept: list[int]) -> RunScores:
        """The same at some of the sizes, by their place."""
        return replace(
            self,
            scores=self.scores[:, kept],
            dims=self.dims[:, kept],
            errors=self.errors[:, kept],
            by_unit=None if self.by_unit is None else self.by_unit[..., kept],
            failed=tuple(self.failed[i] for i in kept),
            cut_off=tuple(self.cut_off[i] for i in kept),
            too_dear=tuple(self.too_dear[i] for i in kept),
        )


def _by_unit(known: Sequence[Sequence[RunRecord | None]], metric: str) -> Floats | None:
    """(R, G, S); units that differ in number between runs are not known."""
    found = {
        (i, j): values
        for i, row in enumerate(known)
        for j, r in enumerate(row)
        if r is not None and (values := r.scores_by_unit.get(metric))
    }
    lengths = {len(values) for values in found.values()}
    if len(lengths) != 1:
        return None
    made = np.full((len(known), lengths.pop(), len(known[0])), np.nan)
    for (i, j), values in found.items():
        made[i, :, j] = values
    return made


Side = Mapping[str, RunScores]  # by pipeline


@dataclass(frozen=True)
class Paired:
    """All pairs of two sides; ``rows`` and the last axis of ``differences`` are sizes.

    ``differences`` are of (A, B) pairs. ``unit`` is what the error over test cells is taken over;
    empty where it is unknown. ``need`` is the number of repeats that a pair must share.
    """

    rows: tuple[SizeDifference, ...]
    differences: Differences
    unit: str
    need: int

    @cached_property
    def counting(self) -> list[int]:
        """Indices of the sizes that count: those above the last one that was compared do not."""
        kept = [i for i, row in enumerate(self.rows) if row.use != "left_out"]
        while kept and self.rows[kept[-1]].use == "not_shown":
            kept.pop()
        return kept

    def failed_beyond(self, side: Literal["deep", "simple"]) -> SizeDifference | None:
        """The first size above the last that counts at which runs of this side all failed."""
        last = max(self.counting, default=-1)
        for row in self.rows[last + 1 :]:
            if row.simple_failed if side == "simple" else row.failed and row.use == "not_shown":
                return row
        return None

    @property
    def most(self) -> int:
        """The most pairs that a size has."""
        return max(row.pairs for row in self.rows)

    @property
    def fewest(self) -> int:
        """The fewest pairs at a size that counts and was compared; the most where none was."""
        used = [self.rows[i] for i in self.counting]
        return min((row.pairs for row in used if row.use == "compared"), default=self.most)

    @cached_property
    def _every(self) -> Moments:
        """Of all pairs at all sizes, however few repeats they share."""
        return moments(self.differences)

    @cached_property
    def moments(self) -> Moments:
        """Of all pairs, (A, B, S); without an error where a pair shares too few repeats.

        Where no pair of a size shares enough, what little there is stays for the eye.
        """
        at = self._every
        enough = at.pairs >= self.need
        return replace(at, error=np.where(enough | ~enough.any(axis=(0, 1)), at.error, np.nan))

    @cached_property
    def counted(self) -> Moments:
        """Of the sizes that count, and there of pairs that share enough repeats."""
        whole = len(self.counting) == len(self.rows)
        at = self._every if whole else moments(self.differences.at(self.counting))
        return replace(at, error=np.where(at.pairs >= self.need, at.error, np.nan))

    def with_bounds(self, alpha: float) -> tuple[SizeDifference, ...]:
        """The rows with the difference of the best and the ends of its 1 - ``alpha`` interval."""
        mean, low, high = interval(self.moments, alpha)
        error = best_error(self.moments)
        alone = self._every.mean.max(axis=0).min(axis=0)  # where nothing has an error
        return tuple(
            replace(
                row,
                mean=_known(mean[i] if np.isfinite(mean[i]) else alone[i]),
                low=_known(low[i]),
                high=_known(high[i]),
                error=_known(error[i]),
            )
            for i, row in enumerate(self.rows)
        )


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def pair_up(
    sides: tuple[Side, Side], grid: Grid, metric: Metric, need: int, told: Sequence[tuple[str, str]]
) -> Paired:
    """All pairs of the deep and the simple side; ``told`` names both at each size, for readers."""
    deep, simple = ([*side.values()] for side in sides)
    first = next((one.first for one in (*deep, *simple) if one.first is not None), None)
    folds = first is not None and first.spec.split != "holdout"
    step = step_of(metric, first.spec if first else None, len(grid.repeats))
    found = _differences(deep, simple, sign(metric), folds, step)
    pairs = np.isfinite(found.by_repeat).sum(axis=-2).max(axis=(0, 1))  # (S,)
    rows = tuple(
        _row(SizeDifference(size, *told[i], None, None, None, int(pairs[i])), sides, i, need)
        for i, size in enumerate(grid.sizes)
    )
    known = found.by_unit is not None or (found.cell_error is not None and found.cell_error.any())
    unit = (first.unit if first is not None else "") or "cells"
    return Paired(rows, found, unit if known else "", need)


def step_of(metric: Metric, spec: RunSpec | None, repeats: int) -> float:
    """By how much one test sample can change a score; 0 where the metric has no bounds."""
    low, high = metric.range
    if spec is None or low is None or high is None:
        return 0.0
    times = min(repeats, FOLDS) if spec.split != "holdout" else 1
    return (high - low) / (spec.scored * times)


def _differences(
    deep: Sequence[RunScores],
    simple: Sequence[RunScores],
    turn: float,
    folds: bool,
    step: float,
) -> Differences:
    ours, theirs = (np.stack([one.scores for one in side]) for side in (deep, simple))
    dims = [np.stack([one.dims for one in side]) for side in (deep, simple)]
    by_repeat = turn * (ours[:, None] - theirs[None])
    by_repeat[dims[0][:, None] != dims[1][None]] = np.nan  # scores that cannot be subtracted
    if folds:
        # Each repeat has test rows of its own: their error is between the repeats already.
        return Differences(by_repeat, folds=True, step=step)
    both = np.isfinite(by_repeat)
    by_unit = _unit_differences(deep, simple, both, turn)
    squares = [np.stack([one.errors for one in side]) ** 2 for side in (deep, simple)]
    # As if both had been scored on cells of their own: too wide, but used only where records hold
    # no scores by unit.
    with np.errstate(invalid="ignore", divide="ignore"):
        total = np.where(both, squares[0][:, None] + squares[1][None], np.nan)
        told = np.isfinite(total)
        error = np.sqrt(np.nansum(total, axis=2) / told.sum(axis=2))
    error = np.nan_to_num(error)
    if by_unit is not None:
        error[np.isfinite(by_unit).all(axis=2)] = 0.0
    return Differences(by_repeat, by_unit, error, step=step)


def _unit_differences(
    deep: Sequence[RunScores],
    simple: Sequence[RunScores],
    both: NDArray[np.bool_],
    turn: float,
) -> Floats | None:
    """Mean over repeats of the difference in each unit, (A, B, G, S); NaN where one is unknown."""
    groups = [
        {one.by_unit.shape[1] for one in side if one.by_unit is not None} for side in (deep, simple)
    ]
    if len(groups[0] | groups[1]) != 1 or not all(groups):
        return None
    g = groups[0].pop()
    ours, theirs = (
        np.stack(
            [
                np.full((*one.scores.shape, g), np.nan)
                if one.by_unit is None
                else one.by_unit.swapaxes(1, 2)
                for one in side
            ]
        )  # (A, R, S, G)
        for side in (deep, simple)
    )
    made = np.full((len(deep), len(simple), g, both.shape[-1]), np.nan)
    for i, j in np.ndindex(made.shape[:2]):
        paired = both[i, j]
        off = np.where(paired[..., None], ours[i] - theirs[j], 0.0).sum(axis=0)  # (S, G)
        with np.errstate(invalid="ignore", divide="ignore"):
            made[i, j] = turn * (off / paired.sum(axis=0)[:, None]).T
    return made


def _row(made: SizeDifference, sides: tuple[Side, Side], place: int, need: int) -> SizeDifference:
    """Whether a size counts, and why not."""
    deep, simple = (_failed(side, place) for side in sides)
    if made.pairs >= need:
        # Who is missing is told once, where all are compared, not by each contestant again.
        missing = (deep, simple) if len(sides[0]) > 1 else (deep,)
        cut = (f"{name}: {one.cut_off[place]}" for name, one in sides[0].items())
        ended = (of for of in cut if not of.endswith(": "))
        return replace(made, note="; ".join(filter(None, (*missing, *ended))))
    ours, theirs = (
        any(np.isfinite(one.scores[:, place]).any() for one in side.values()) for side in sides
    )
    none_of_simple = bool(simple) and not theirs
    if deep and not ours:
        note = f"{deep}; {simple}" if none_of_simple else deep
        return replace(made, use="not_shown", note=note, failed=True, simple_failed=none_of_simple)
    if none_of_simple:
        return replace(made, use="left_out", note=simple, simple_failed=True)
    if not theirs:
        return replace(made, use="left_out", note="the simple side has no score")
    if deep or not ours:
        return replace(
            made, use="not_shown", note=deep or "the deep side has no score", failed=True
        )
    return replace(made, use="not_shown", note=too_few(made.pairs, need))


def _failed(side: Side, place: int) -> str:
    """For instance ``net(10) ended as 5 timeout, 1 crashed``; empty where nothing failed."""
    ends = {name: one.failed[place] for name, one in side.items() if one.failed[place]}
    return "; ".join(f"{name} ended as {end}" for name, end in ends.items())


def too_few(repeats: int, need: int) -> str:
    return f"{repeats} repeat{'s'[: repeats != 1]}; at least {need} are needed for a claim"


def failures(records: Iterable[RunRecord | None]) -> str:
    """For instance ``5 timeout, 1 crashed``; empty where nothing failed."""
    counts = Counter(_end(r) for r in records if r and r.status is not Status.OK)
    return ", ".join(f"{n} {status}" for status, n in sorted(counts.items()))


def ended_by_budget(records: Iterable[RunRecord | None]) -> tuple[int, int, float | None]:
    """How many trainings that could stop early did not, of how many, and their slope.

    The slope is the share by which the last part of the steps lowered the loss, in the median of
    the trainings that ended so, where methods tell their validation curve. The points of a curve
    are doublings apart, so that part is between a half and three quarters of all steps.
    """
    stages = [stage for r in records if r for stage in r.fit_info.values()]
    told = [one for one in stages if isinstance(one, dict) and "stopped_early" in one]
    ended = [one for one in told if not one["stopped_early"]]
    gains = [gain for one in ended if (gain := _last_gain(one)) is not None]
    return len(ended), len(told), median(gains) if gains else None


def cut_off(records: Iterable[RunRecord | None]) -> str:
    """For instance ``3 of 10 trainings ended by their budget, and may gain by a larger one``."""
    ended, every, gain = ended_by_budget(records)
    if not ended:
        return ""
    says = f"{ended} of {every} trainings {BUDGET}, and may gain by a larger one"
    if gain is None:
        return says
    return f"{says} (the last half to three quarters of their steps lowered the loss by {gain:.2%})"


def _last_gain(facts: Mapping[str, Any]) -> float | None:
    """Share by which the validation loss fell since the last point within half of the steps."""
    match facts:
        case {"validation_curve": list(curve), "validation_loss": float(last), "steps": int(steps)}:
            before = [loss for step, loss in curve if step <= steps / 2]
            return (before[-1] - last) / abs(before[-1]) if before and before[-1] else None
    return None


def _end(record: RunRecord) -> str:
    predicted = record.cause is Cause.PREDICTED
    return record.status.value + (" (predicted to exceed a limit)" if predicted else "")
