"""What a history tells: every quantity's series over the revisions, and where it changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import exp, expm1, log, log1p
from typing import Any, Literal

import numpy as np
from scipy.stats import false_discovery_control

from omicsbench.metrics import Metric
from omicsbench.metrics.known import known
from omicsbench.stats.change_points import Shift, changes
from omicsbench.tracking.history import Cell, HistoryEntry, Machine, OverRepeats
from omicsbench.tracking.quantities import lower_is_better, quantity_kind, tolerance

FALSE_DISCOVERIES = 0.05  # share of the noisy changes shown that may be none
FLOOR = {"time": 0.01, "memory": 1.0}  # seconds, bytes: costs below count as that much

Where = tuple[str, str, str, int, str]  # task, data set, pipeline, size, device


@dataclass(frozen=True)
class Point:
    """A mean at one revision."""

    revision: int  # its place among the revisions
    mean: float
    sd: float
    n: int
    group: int  # points of one group are compared: same data, conditions and repeats


@dataclass(frozen=True)
class Segment:
    """Points between two changes, from place ``start`` to ``end``, and their level."""

    start: int
    end: int
    mean: float


@dataclass(frozen=True)
class Series:
    """One quantity of one cell; of times and memory, on one machine."""

    where: Where
    quantity: str
    machine: str  # id; empty for scores, which do not depend on it
    points: tuple[Point, ...]
    segments: tuple[Segment, ...]


@dataclass(frozen=True)
class Finding:
    """A change, with the revisions between which it happened."""

    kind: Literal["step", "drift", "failing", "missing"]
    where: Where
    quantity: str  # empty for runs that fail or are missing
    machine: str
    before: int  # place of the last revision before it
    after: int  # place of the first revision after it
    worse: bool
    size: float = 0.0  # a score's difference; of costs the share by which they rose
    low: float = 0.0
    high: float = 0.0
    weight: float = 0.0  # multiples of the tolerance
    p: float = 0.0
    detail: str = ""  # of failures: which
    commits: int | None = None
    libraries: tuple[str, ...] = ()  # that changed in between


@dataclass(frozen=True)
class Revision:
    """A column of the page."""

    name: str
    date: str
    commits: int | None


@dataclass(frozen=True)
class Trends:
    """All that a history tells, findings worst first."""

    revisions: tuple[Revision, ...]
    machines: tuple[Machine, ...]
    series: tuple[Series, ...]
    failures: dict[tuple[Where, str], dict[int, dict[str, int]]]  # by cell and machine; revision
    libraries: dict[str, dict[int, tuple[str, ...]]]  # changes by machine, at a revision
    findings: tuple[Finding, ...]
    metrics: Mapping[str, Metric]  # of the scores


def trends(entries: Sequence[HistoryEntry]) -> Trends:
    """Series and findings of a history, whose entries come in order (``history.joined``).

    Of noisy changes, all those of the history are tested together (Benjamini and Hochberg 1995,
    doi:10.1111/j.2517-6161.1995.tb02031.x).
    """
    revisions: dict[str, Revision] = {}
    for e in entries:
        revisions.setdefault(e.revision, Revision(e.revision, e.date, e.commits))
    place = {name: i for i, name in enumerate(revisions)}
    failures: dict[tuple[Where, str], dict[int, dict[str, int]]] = defaultdict(dict)
    for e in entries:
        for cell in e.cells:
            failures[cell.name, e.machine.id][place[e.revision]] = cell.failed
    metrics = known(entries)
    made, found, tests = [], [], 0
    for (where, quantity, machine), points in _points(entries, place).items():
        segments: list[Segment] = []
        for group in sorted({p.group for p in points}):
            own = [p for p in points if p.group == group]
            steps = _changes(own, quantity, metrics)
            tests += 2  # one for steps, one for drift
            segments += _segments(own, steps, quantity)
            found += [_finding(c, own, where, quantity, machine, metrics) for c in steps]
        made.append(Series(where, quantity, machine, tuple(points), tuple(segments)))
    found = _kept(found, tests) + _failing(failures) + _missing(entries, place)
    libraries = _libraries(entries, place)
    ordered = tuple(revisions.values())
    found = [_located(f, ordered, libraries) for f in found]
    machines = {e.machine.id: e.machine for e in entries}
    return Trends(
        revisions=ordered,
        machines=tuple(machines.values()),
        series=tuple(made),
        failures=dict(failures),
        libraries=libraries,
        findings=tuple(sorted(found, key=_rank)),
        metrics=metrics,
    )


def _points(
    entries: Sequence[HistoryEntry], place: dict[str, int]
) -> dict[tuple[Where, str, str], list[Point]]:
    """Points by cell, quantity and machine; several of one revision and group become their mean."""
    raw: dict[tuple[Where, str, str], dict[tuple[int, Any], list[OverRepeats]]] = {}
    for e in entries:
        for cell in e.cells:
            for quantity, value in cell.values.items():
                machine = "" if quantity_kind(quantity) == "score" else e.machine.id
                series = raw.setdefault((cell.name, quantity, machine), {})
                at = place[e.revision], _comparable(cell, quantity, value.n)
                series.setdefault(at, []).append(value)
    made = {}
    for name, series in sorted(raw.items()):
        groups = {group: i for i, group in enumerate(dict.fromkeys(g for _, g in series))}
        made[name] = [
            Point(
                at,
                _mean(v.mean for v in values),
                _mean(v.sd for v in values),
                values[0].n,
                groups[group],
            )
            for (at, group), values in sorted(series.items(), key=lambda item: item[0][0])
        ]
    return made


def _mean(values: Iterable[float]) -> float:
    return float(np.mean(list(values)))


def _comparable(cell: Cell, quantity: str, n: int) -> tuple[Any, ...]:
    in_step = quantity_kind(quantity) == "time" and cell.reference_s is not None
    return cell.dataset_id, cell.conditions, cell.repeats, n, in_step


def _changes(points: Sequence[Point], quantity: str, metrics: Mapping[str, Metric]) -> list[Shift]:
    means = [_scaled(p.mean, quantity) for p in points]
    best = -1 if lower_is_better(quantity, metrics) else 1
    return changes(means, _limit(quantity, metrics), best=best)


def _scaled(mean: float, quantity: str) -> float:
    """Costs vary in proportion, so their logarithms are compared."""
    of = quantity_kind(quantity)
    return mean if of == "score" else log(max(mean, FLOOR[of]))


def _limit(quantity: str, metrics: Mapping[str, Metric]) -> float:
    """The tolerance, on the scale of what is compared."""
    limit = tolerance(quantity, metrics)
    return limit if quantity_kind(quantity) == "score" else log1p(limit)


def _segments(points: Sequence[Point], found: Sequence[Shift], quantity: str) -> list[Segment]:
    """Levels between steps; of a drift without a step those at its ends."""
    cuts = [c.after for c in found if c.kind == "step"]
    spans = list(pairwise([0, *cuts, len(points)]))
    if found and not cuts:
        spans = [(0, found[0].before + 1), (found[0].after, len(points))]
    made = []
    for a, b in spans:
        level = float(np.median([_scaled(p.mean, quantity) for p in points[a:b]]))
        shown = level if quantity_kind(quantity) == "score" else exp(level)
        made.append(Segment(points[a].revision, points[b - 1].revision, shown))
    return made


def _finding(
    shift: Shift,
    points: Sequence[Point],
    where: Where,
    quantity: str,
    machine: str,
    metrics: Mapping[str, Metric],
) -> Finding:
    ends = [shift.size, shift.low, shift.high]
    if quantity_kind(quantity) != "score":
        ends = [expm1(end) for end in ends]
    rose = shift.size > 0
    return Finding(
        kind=shift.kind,
        where=where,
        quantity=quantity,
        machine=machine,
        before=points[shift.before].revision,
        after=points[shift.after].revision,
        worse=rose == lower_is_better(quantity, metrics),
        size=ends[0],
        low=ends[1],
        high=ends[2],
        weight=abs(shift.size) / _limit(quantity, metrics),
        p=shift.p,
    )


def discoveries(p: Sequence[float], tests: int) -> list[float]:
    """Smallest share of false discoveries at which each change counts, of so many series' tests."""
    if not p:
        return []
    unfound = [1.0] * max(0, tests - len(p))
    return [float(q) for q in false_discovery_control([*p, *unfound])[: len(p)]]


def _kept(found: Sequence[Finding], tests: int) -> list[Finding]:
    adjusted = discoveries([f.p for f in found], tests)
    return [replace(f, p=q) for f, q in zip(found, adjusted, strict=True) if q <= FALSE_DISCOVERIES]


def _failing(failures: dict[tuple[Where, str], dict[int, dict[str, int]]]) -> list[Finding]:
    """The last time that the number of failed runs of a cell changed."""
    found = []
    for (where, machine), by_revision in failures.items():
        moves = [
            (a, b)
            for a, b in pairwise(sorted(by_revision))
            if sum(by_revision[a].values()) != sum(by_revision[b].values())
        ]
        if moves:
            before, after = moves[-1]
            was, now = by_revision[before], by_revision[after]
            found.append(
                Finding(
                    kind="failing",
                    where=where,
                    quantity="",
                    machine=machine,
                    before=before,
                    after=after,
                    worse=sum(now.values()) > sum(was.values()),
                    detail=f"{counted(was)}, then {counted(now)}",
                )
            )
    return found


def counted(failed: dict[str, int]) -> str:
    """Runs without a result, in words."""
    return ", ".join(f"{n} {status.replace('_', ' ')}" for status, n in failed.items()) or "all ok"


def _missing(entries: Sequence[HistoryEntry], place: dict[str, int]) -> list[Finding]:
    """Cells that a suite used to have on a machine, and its newest revision there has not."""
    by_suite: dict[tuple[str, str], list[HistoryEntry]] = defaultdict(list)
    for e in entries:
        by_suite[e.suite, e.machine.id].append(e)
    found = []
    for (_, machine), own in by_suite.items():
        last: dict[Where, int] = {cell.name: i for i, e in enumerate(own) for cell in e.cells}
        found += [
            Finding(
                kind="missing",
                where=where,
                quantity="",
                machine=machine,
                before=place[own[i].revision],
                after=place[own[i + 1].revision],
                worse=True,
                detail="no longer measured",
            )
            for where, i in sorted(last.items())
            if i + 1 < len(own)
        ]
    return found


def _libraries(
    entries: Sequence[HistoryEntry], place: dict[str, int]
) -> dict[str, dict[int, tuple[str, ...]]]:
    """Libraries whose version changed since the revision before, by machine."""
    by_machine: dict[str, list[HistoryEntry]] = defaultdict(list)
    for e in entries:
        by_machine[e.machine.id].append(e)
    found: dict[str, dict[int, tuple[str, ...]]] = {}
    for machine, own in by_machine.items():
        # A suite may need fewer libraries; only versions that are known twice are compared.
        known: dict[str, str] = {}
        moved: dict[int, list[str]] = defaultdict(list)
        for e in own:
            for name, version in e.libraries.items():
                if known.get(name, version) != version:
                    moved[place[e.revision]].append(f"{name} {known[name]} → {version}")
            known |= e.libraries
        found[machine] = {at: tuple(dict.fromkeys(names)) for at, names in moved.items()}
    return found


def _located(
    found: Finding,
    revisions: Sequence[Revision],
    libraries: dict[str, dict[int, tuple[str, ...]]],
) -> Finding:
    """With the number of commits in its range, and the libraries that changed there."""
    first, last = revisions[found.before].commits, revisions[found.after].commits
    commits = last - first if first is not None and last is not None else None
    machines = [found.machine] if found.machine else list(libraries)
    moved = [
        name
        for machine in machines
        for at, names in libraries[machine].items()
        if found.before < at <= found.after
        for name in names
    ]
    return replace(
        found,
        commits=commits if commits and commits > 0 else None,
        libraries=tuple(dict.fromkeys(moved)),
    )


def _rank(f: Finding) -> tuple[Any, ...]:
    """Worse before better; failures first, what is missing last, else by multiples of tolerance."""
    order = {"failing": 0, "step": 1, "drift": 1, "missing": 2}
    return not f.worse, order[f.kind], -f.weight, f.where, f.quantity, f.machine
