"""Two sets of records of the same suite: what became worse, and what cannot be told.

Runs are paired by what was asked of them. A *regression* is significant among all comparisons
made (paired t-tests over repeats, false discovery rate by Benjamini & Hochberg) **and** larger than
a tolerance. A run that was done in BASE and has no new, valid counterpart in HEAD is *lost*, and
never passes. What depends on the machine of the hour only warns, or is said to be not comparable.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cache
from typing import Literal

import numpy as np
from scipy.stats import false_discovery_control

from omicsbench.metrics import METRICS, Metric
from omicsbench.metrics.known import known
from omicsbench.records.facts import Environment
from omicsbench.records.ids import digest
from omicsbench.records.spec import RunRecord, RunSpec, Status
from omicsbench.stats.paired import Floats, Tested, paired_tests
from omicsbench.tracking.lost_runs import NOT_MEASURED, LostRun, losses
from omicsbench.tracking.quantities import (
    QuantityKind,
    lower_is_better,
    quantities,
    quantity_kind,
    tolerance,
)

ALPHA = 0.05  # of any alarm where nothing has changed
LEAST = {"peak_rss_bytes": 8 * 2**20, "wall_s": 0.005, "cpu_s": 0.005}  # bytes, seconds
VERSIONS = ("protocol", "dataset_id", "pipeline_id", "metrics", "metric_versions", "keep_embedding")
COST_KINDS: tuple[QuantityKind, ...] = ("memory", "time")
State = Literal["regression", "improvement", "no change", "not comparable"]
Subject = tuple[str, str, int, str]  # data set, pipeline as labelled, size, quantity
Noise = Mapping[str, Mapping[str, float]]  # pipeline, quantity: largest effect of no change


class Alarm(StrEnum):
    """Whether a comparison passes, and if not, why."""

    NONE = "none"
    REGRESSION = "regression"
    NOT_COMPARABLE = "nothing comparable was measured"
    LOST = "runs lost"


@dataclass(frozen=True)
class Change:
    """One comparison: a quantity of a pipeline on a data set at a size.

    ``base`` and ``head`` are means over the pairs, in the quantity's unit. ``effect`` is HEAD
    minus BASE of a score, and the ratio HEAD / BASE of a cost (geometric mean over pairs), with its
    95 % interval; ``tolerance`` is the change that does not count, alike. ``p`` is one-sided, for
    the worse, and corrected for all comparisons. Where ``blocks`` is false a regression only warns.
    """

    dataset: str
    pipeline: str
    size: int
    quantity: str
    state: State
    base: float
    head: float
    effect: float
    low: float
    high: float
    p: float
    tolerance: float
    pairs: int
    blocks: bool
    reason: str = ""
    lower_is_better: bool = False

    @property
    def subject(self) -> Subject:
        return self.dataset, self.pipeline, self.size, self.quantity

    @property
    def relative(self) -> bool:
        """Whether ``effect`` is a ratio."""
        return quantity_kind(self.quantity) != "score"

    @property
    def warns(self) -> bool:
        return self.state == "regression" and not self.blocks


@dataclass(frozen=True)
class Comparison:
    """All that is known of HEAD against BASE.

    ``notes`` are sentences for a reader; ``metrics`` are those of the scores.
    """

    base: str
    head: str
    changes: tuple[Change, ...]
    lost: tuple[LostRun, ...]
    pairs: int
    new: int = 0
    mended: int = 0
    notes: tuple[str, ...] = ()
    metrics: Mapping[str, Metric] = field(default_factory=lambda: METRICS)

    @property
    def regressions(self) -> tuple[Change, ...]:
        """Those that block, worst first by corrected p-value."""
        return tuple(c for c in self.changes if c.state == "regression" and c.blocks)

    @property
    def warnings(self) -> tuple[Change, ...]:
        return tuple(c for c in self.changes if c.warns)

    @property
    def alarm(self) -> Alarm:
        """The gravest of what is wrong."""
        if any(loss.status != NOT_MEASURED for loss in self.lost):
            return Alarm.LOST
        if self.regressions:
            return Alarm.REGRESSION
        if all(c.state == "not comparable" for c in self.changes):
            return Alarm.NOT_COMPARABLE
        return Alarm.LOST if self.lost else Alarm.NONE


@dataclass(frozen=True)
class Strictness:
    """How strict a comparison is.

    ``tolerances`` by quantity, or by kind (``score``, ``memory``, ``time``), in place of the
    usual ones. ``noise`` is what `calibrate` found; the larger counts.
    ``interleaved`` says that both sides' runs were taken in turn on one machine: then times block,
    and are taken as they are; otherwise they are scaled by the speed of the machine, and warn.
    ``metrics`` are those of the scores; a comparison knows them from its records.
    """

    tolerances: Mapping[str, float] = field(default_factory=dict)
    noise: Noise = field(default_factory=dict)
    interleaved: bool = False
    metrics: Mapping[str, Metric] = field(default_factory=lambda: METRICS)

    def tolerance(self, pipeline: str, quantity: str) -> float:
        of_kind = self.tolerances.get(quantity_kind(quantity), tolerance(quantity, self.metrics))
        stated = self.tolerances.get(quantity, of_kind)
        return max(stated, self.noise.get(pipeline, {}).get(quantity, 0.0))


def asked(spec: RunSpec) -> str:
    """What was asked of a run, whatever the version of code and data: runs pair by it."""
    return digest(spec.model_dump(mode="json", exclude=set(VERSIONS)))


def compare_records(
    base: Sequence[RunRecord],
    head: Sequence[RunRecord],
    *,
    strictness: Strictness | None = None,
    names: tuple[str, str] = ("base", "head"),
) -> Comparison:
    """Compare two sets of records. Where one holds several versions of a run, the newest counts."""
    strictness = replace(strictness or Strictness(), metrics=known([*base, *head]))
    before, after = _newest(base), _newest(head)
    shared = [key for key in before if key in after]
    worked = [key for key in shared if before[key].status is Status.OK]
    # Where nothing is shared, HEAD is of another suite, and nothing is to be told of any run.
    lost = losses(before, after) if shared else []
    gone = {loss.key for loss in lost}
    pairs = [(before[key], after[key]) for key in worked if key not in gone]
    mended = sum(
        before[key].status is not Status.OK and after[key].status is Status.OK for key in shared
    )
    return Comparison(
        *names,
        changes=_changes(pairs, strictness),
        lost=tuple(lost),
        pairs=len(pairs),
        new=len(after.keys() - before.keys()),
        mended=mended,
        notes=tuple(_notes(pairs)),
        metrics=strictness.metrics,
    )


def _newest(records: Sequence[RunRecord]) -> dict[str, RunRecord]:
    ordered = sorted(records, key=lambda r: (r.started_at, r.key))
    return {asked(r.spec): r for r in ordered}


def _changes(
    pairs: Sequence[tuple[RunRecord, RunRecord]], strictness: Strictness
) -> tuple[Change, ...]:
    """Every comparison that there is, regressions first."""
    values, unlike = _values(pairs, scaled=not strictness.interleaved)
    made = [
        _untold(subject, np.array(both), unlike.get(subject, "a single pair: no test"), strictness)
        for subject, both in values.items()
        if subject in unlike or len(both) < 2
    ]
    told = {subject: np.array(both) for subject, both in values.items() if subject not in unlike}
    made += _tested({subject: both for subject, both in told.items() if len(both) > 1}, strictness)
    order = {"regression": 0, "improvement": 1, "no change": 2, "not comparable": 3}
    return tuple(sorted(made, key=lambda c: (order[c.state], not c.blocks, c.p, c.subject)))


def _values(
    pairs: Sequence[tuple[RunRecord, RunRecord]], scaled: bool
) -> tuple[dict[Subject, list[tuple[float, float]]], dict[Subject, str]]:
    """BASE's and HEAD's values of each comparison, by pair; and why some cannot be compared.

    If ``scaled``, times of HEAD are brought to the speed that the machine had when BASE ran.
    """
    values: dict[Subject, list[tuple[float, float]]] = {}
    unlike: dict[Subject, str] = {}
    for old, new in pairs:
        was, now = quantities(old), quantities(new)
        reasons = {of: unlike_machine(old.environment, new.environment, of) for of in COST_KINDS}
        faster = 1.0
        if scaled and old.reference_s and new.reference_s:
            faster = old.reference_s / new.reference_s
        for quantity in was.keys() & now.keys():
            of = quantity_kind(quantity)
            a, b = was[quantity], now[quantity] * (faster if of == "time" else 1.0)
            if of != "score" and not (a > 0 and b > 0):
                continue  # too short for the clock
            subject = (new.spec.dataset, new.spec.label, new.spec.size, quantity)
            values.setdefault(subject, []).append((a, b))
            if of != "score" and reasons[of]:
                unlike[subject] = reasons[of]
    return values, unlike


def unlike_machine(base: Environment, head: Environment, of: QuantityKind) -> str:
    """Why memory or times of two environments are not comparable; empty where they are."""
    names = ("cpu", "cores", "threads", "jobs") if of == "time" else ()
    for name in names:
        was, now = getattr(base, name), getattr(head, name)
        if was != now:
            return f"another machine: {name} {was} and {now}"
    for name in ("platform", "python"):
        was, now = (_coarse(name, getattr(side, name)) for side in (base, head))
        if was != now:
            return f"{name} {was} and {now}"
    return ""


@cache
def _coarse(name: str, text: str) -> str:
    """Python without its last number; system, architecture and C library without the kernel."""
    if name == "python":
        return ".".join(text.split(".")[:2])
    machine, _, library = text.partition("-with-")
    parts = machine.split("-")
    return " ".join(filter(None, (parts[0], parts[-1], library)))


def _untold(subject: Subject, both: Floats, reason: str, strictness: Strictness) -> Change:
    base, head = both.mean(axis=0)
    effect = head - base if quantity_kind(subject[3]) == "score" else head / base
    limit = strictness.tolerance(subject[1], subject[3])
    return Change(
        *subject,
        "not comparable",
        base,
        head,
        effect,
        np.nan,
        np.nan,
        np.nan,
        limit,
        len(both),
        False,
        reason,
        lower_is_better(subject[3], strictness.metrics),
    )


def _tested(values: Mapping[Subject, Floats], strictness: Strictness) -> list[Change]:
    """Test all comparisons, those with the same number of pairs at once, and correct them all."""
    cells: list[Subject] = []
    found: list[Tested] = []
    for pairs in sorted({len(both) for both in values.values()}):
        here = [subject for subject, both in values.items() if len(both) == pairs]
        both = np.array([values[subject] for subject in here])  # (m, R, 2)
        costs = np.array([quantity_kind(subject[3]) != "score" for subject in here])
        moved = both[..., 1] - both[..., 0]
        moved[costs] = np.log(both[costs, :, 1] / both[costs, :, 0])
        found.append(paired_tests(moved))
        cells += here
    if not cells:
        return []
    up = np.concatenate([tested.p for tested in found])
    worse_up = np.array([lower_is_better(subject[3], strictness.metrics) for subject in cells])
    p_worse = false_discovery_control(np.where(worse_up, up, _other_tail(up, found)))
    p_better = false_discovery_control(np.where(worse_up, _other_tail(up, found), up))
    shown = np.column_stack(
        [np.concatenate([getattr(t, name) for t in found]) for name in ("mean", "low", "high")]
    )
    rows = zip(cells, shown, p_worse, p_better, strict=True)
    return [_judged(subject, values[subject], row, p, q, strictness) for subject, row, p, q in rows]


def _other_tail(up: Floats, found: Sequence[Tested]) -> Floats:
    """One-sided p-values for a mean below zero. Where no pair differs, both are 1."""
    mean = np.concatenate([tested.mean for tested in found])
    return np.where(mean == 0, 1.0, 1.0 - up)


def _judged(
    subject: Subject,
    both: Floats,
    shown: Floats,
    p_worse: float,
    p_better: float,
    strictness: Strictness,
) -> Change:
    quantity, of = subject[3], quantity_kind(subject[3])
    limit = strictness.tolerance(subject[1], quantity)
    base, head = both.mean(axis=0)
    lower = lower_is_better(quantity, strictness.metrics)
    worse = shown[0] if lower else -shown[0]
    beyond = abs(shown[0]) > (limit if of == "score" else np.log1p(limit))
    beyond = bool(beyond and abs(head - base) > LEAST.get(quantity, 0.0))
    state: State = "no change"
    if beyond and worse > 0 and p_worse <= ALPHA:
        state = "regression"
    elif beyond and worse < 0 and p_better <= ALPHA:
        state = "improvement"
    effect, low, high = map(float, shown if of == "score" else np.exp(shown))
    blocks = of != "time" or strictness.interleaved
    return Change(
        *subject,
        state,
        float(base),
        float(head),
        effect,
        low,
        high,
        float(p_worse),
        limit,
        len(both),
        blocks,
        lower_is_better=lower,
    )


def _notes(pairs: Sequence[tuple[RunRecord, RunRecord]]) -> list[str]:
    """What differs between the sides besides the code of the methods, each thing once."""
    notes: dict[str, None] = {}
    for old, new in pairs:
        if old.spec.protocol != new.spec.protocol:
            notes["The protocol has another number: scores may differ for that reason alone."] = (
                None
            )
        if old.spec.dataset_id != new.spec.dataset_id:
            notes[f"{new.spec.dataset} has other content, or is prepared otherwise."] = None
        was_by, now_by = old.spec.metric_versions, new.spec.metric_versions
        for name in sorted(was_by.keys() & now_by.keys()):
            if was_by[name] != now_by[name]:
                notes[f"{name} was edited: its scores may differ for that reason alone."] = None
        was, now = (r.environment.packages for r in (old, new))
        for name in sorted(was.keys() & now.keys()):
            if was[name] != now[name]:
                notes[f"{name} {was[name]} in BASE, {now[name]} in HEAD."] = None
        if new.environment.uncommitted:
            notes["HEAD ran from a changed checkout: no revision names its code."] = None
    return list(notes)
