"""Which pipeline to use: the cheapest that no other is shown to beat.

Under equal terms, at the largest size N that both sides have (``docs/verdict.md``):

- *Candidates* are the contestants with enough repeats at N, the simple ones first, each family in
  the order of what a run costs there. Costs up to 10 ms are alike, as clocks and caches make as
  much; of those alike the reference is first, which was stated before any run. One that is too
  dear at N counts with what fewer samples gave it, as in a verdict, and is tried last of its
  family. One that failed at a larger size for another cause is none.
- One is *beaten* by a metric if some other contestant is shown to be better than it by more than
  the margin (the claim of ``omicsbench.stats.contest``, all others against one). Its level is
  shared by the metrics that count, as any of them may decide (Bonferroni).
- *Recommended* is the first that is beaten by no metric. The order is fixed before any
  score is looked at, and the search stops at the first that is not beaten: testing one after
  another needs no correction (a fixed sequence).

What is open beats nobody, so it is a reason for the cheaper one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from omicsbench.records.analysis import UNSTATED, Analysis
from omicsbench.records.machines import on_other_machines
from omicsbench.records.spec import RunRecord, Status
from omicsbench.records.table import current
from omicsbench.stats.crossover import ALPHA
from omicsbench.verdict.choose import Grid, is_reference
from omicsbench.verdict.contenders import FAMILIES, Contenders, contenders
from omicsbench.verdict.decide import p_ahead
from omicsbench.verdict.equal_cost import cpu_seconds_of, seconds_of
from omicsbench.verdict.judge import FEWEST_REPEATS
from omicsbench.verdict.margins import margin_of
from omicsbench.verdict.pairs import RunScores, pair_up
from omicsbench.verdict.too_dear import lasting

# What metrics of a group are asked for; a group of one's own speaks for itself.
PURPOSES = {
    "molecules": "predict held-out molecules",
    "truth": "recover the simulated truth",
    "reconstruction": "reconstruct the data",
    "neighbours": "keep neighbours",
    "distances": "keep neighbours",
    "labels": "find cell types or classes",
    "clusters": "find cell types or classes",
    "classes": "predict classes",
    "numbers": "predict numbers",
    "calibration": "know how sure it is",
    "uncertainty": "know how sure it is",
    "modalities": "join modalities",
    "batch removal": "mix batches",
    "biology": "keep biology across batches",
}


ALIKE_S = 0.01  # costs up to which nobody chooses by cost


@dataclass(frozen=True)
class Pick:
    """What to use for a purpose; ``metrics`` are those that say so.

    ``pipeline`` is empty where there is no candidate. ``beaten_by`` are the metrics by which it is
    shown to be beaten, with who beats it there: not empty only where each candidate is beaten by
    some metric, and this one by the fewest.
    """

    metrics: tuple[str, ...]
    pipeline: str
    beaten_by: Mapping[str, str] = field(default_factory=dict)

    @property
    def clear(self) -> bool:
        """Whether there is one that nothing beats."""
        return bool(self.pipeline) and not self.beaten_by


@dataclass(frozen=True)
class Recommendation:
    """What to use on one data set, under one set of terms, at ``size`` training samples.

    ``overall`` counts every primary metric, ``purposes`` those of each by itself, and ``simple``
    every one among simple pipelines alone. ``seconds`` are the median costs of one run of each
    candidate at ``size``: CPU time if ``by_cpu``, else wall time; None where the cost is not known.
    ``trained_on`` are the samples of those that are too dear at ``size``, and count with fewer, or
    at a larger size: whoever has more samples trains them on so many.
    ``families`` are those of the candidates. ``reason`` says why nothing is recommended.
    """

    dataset: str
    task: str
    device: str
    output_dim: int | None
    tuning: str
    size: int
    repeats: int
    overall: Pick
    simple: Pick
    purposes: Mapping[str, Pick]
    families: Mapping[str, str]
    seconds: Mapping[str, float | None]
    by_cpu: bool
    trained_on: Mapping[str, int]
    reason: str = ""

    def named(self, pipeline: str) -> str:
        """A pipeline, and how many of the samples to train it on where that is not all."""
        some = self.trained_on.get(pipeline)
        return f"{pipeline} on {some:,} samples" if some else pipeline

    def of(self, family: str) -> list[str]:
        """Candidates of a family, the cheapest first."""
        return [p for p, own in self.families.items() if own == family]

    def times(self, pipeline: str, base: str) -> float | None:
        """How many times the cost of ``base`` a pipeline has; None where one is not known."""
        cost, least = self.seconds.get(pipeline), self.seconds.get(base)
        return cost / least if cost and least else None


def recommendations(
    records: Iterable[RunRecord],
    analysis: Analysis = UNSTATED,
    *,
    min_repeats: int = FEWEST_REPEATS,
) -> list[Recommendation]:
    """One for each set of terms under which a primary metric was scored."""
    newest = current(records)
    apart = on_other_machines(newest)
    groups: dict[tuple[Any, ...], list[Contenders]] = defaultdict(list)
    for found in contenders(newest):
        if not found.metric.secondary and not found.spec.features_per_size:
            terms = found.spec
            place = (terms.dataset, terms.task, terms.device, found.output_dim, terms.tuned_as)
            groups[*place, id(found.runs)].append(found)
    return [
        _recommendation(place[:-1], own, analysis, min_repeats, apart)
        for place, own in groups.items()
        if any(one.contestants or one.rivals for one in own)
    ]


def _recommendation(
    place: tuple[Any, ...],
    metrics: Sequence[Contenders],
    analysis: Analysis,
    need: int,
    apart: Container[str],
) -> Recommendation:
    families = {
        p: family
        for one in metrics
        for family, own in zip(FAMILIES, (one.contestants, one.rivals), strict=True)
        for p in own
    }
    runs = {p: list(metrics[0].runs[p].values()) for p in families}
    size, repeats = _size(runs, families, need)
    reach = {p: n for p in families if (n := _reach(runs[p], size, need))}
    seconds, by_cpu = _costs(runs, reach, size, apart)
    deep = {p for p in reach if families[p] == "deep"}
    reference = analysis.reference or ""

    def turn(p: str) -> tuple[object, ...]:
        cost = seconds[p] or 0.0
        return (
            p in deep,
            seconds[p] is None,
            max(cost, ALIKE_S),
            not is_reference(p, reference),
            cost,
            p,
        )

    order = sorted(reach, key=turn)
    trial = _Trial(metrics, {p: families[p] for p in order}, size, need, analysis)
    groups: dict[str, list[Contenders]] = defaultdict(list)
    for one in metrics:
        groups[PURPOSES.get(one.metric.group, one.metric.group)].append(one)
    dataset, task, device, output_dim, tuning = place
    return Recommendation(
        dataset=dataset,
        task=task,
        device=device,
        output_dim=output_dim,
        tuning=tuning,
        size=size,
        repeats=repeats,
        overall=trial.choice(metrics, FAMILIES),
        simple=trial.choice(metrics, ("simple",)),
        purposes={purpose: trial.choice(own, FAMILIES) for purpose, own in groups.items()},
        families={p: families[p] for p in order},
        seconds=seconds,
        by_cpu=by_cpu,
        trained_on={p: n for p, n in reach.items() if n < max(r.spec.size for r in runs[p])},
        reason="" if order else _why_none(repeats, need),
    )


def _size(
    runs: Mapping[str, Sequence[RunRecord]], families: Mapping[str, str], need: int
) -> tuple[int, int]:
    """The largest size with enough results of both families, else of any; and most repeats there.

    Where no size has enough, the largest at which anything finished, or was tried.
    """
    done: dict[int, dict[str, int]] = defaultdict(dict)
    for p, own in runs.items():
        for r in own:
            at = done[r.spec.size]
            at[p] = at.get(p, 0) + (r.status is Status.OK)
    enough = {n: {families[p] for p, k in at.items() if k >= need} for n, at in done.items()}
    size = max(done, key=lambda n: (len(enough[n]), max(done[n].values()) > 0, n))
    return size, max(done[size].values())


def _reach(runs: Sequence[RunRecord], size: int, need: int) -> int | None:
    """The n whose results a pipeline counts with at a size; None where it is no candidate.

    That is the size itself, or its largest smaller one with results if it is too dear there.
    """
    at: dict[int, list[RunRecord]] = defaultdict(list)
    for r in runs:
        at[r.spec.size].append(r)
    if size not in at:
        return None
    for n in sorted(at, reverse=True):
        done = sum(r.status is Status.OK for r in at[n])
        if n <= size and done:
            return n if done >= need else None
        if not done and not any(r.too_dear for r in at[n]):
            return None
    return None


def _costs(
    runs: Mapping[str, Sequence[RunRecord]], able: Iterable[str], size: int, apart: Container[str]
) -> tuple[dict[str, float | None], bool]:
    """Median seconds of one run at the size: CPU time where all know it, else wall time.

    Runs ``apart``, on other machines or computed elsewhere, tell no cost.
    """
    done = {
        p: [
            r
            for r in runs[p]
            if r.spec.size == size
            and r.status is Status.OK
            and r.contamination is None
            and r.key not in apart
        ]
        for p in able
    }
    by_cpu = all(cpu_seconds_of(r) is not None for own in done.values() for r in own)
    of = cpu_seconds_of if by_cpu else seconds_of
    known = {p: [float(of(r) or 0.0) for r in own] for p, own in done.items()}
    return {p: float(np.median(own)) if own else None for p, own in known.items()}, by_cpu


def _why_none(repeats: int, need: int) -> str:
    if not repeats:
        return "no contestant finished a run"
    if repeats < need:
        return f"{repeats} repeat{'s'[: repeats != 1]}, and a claim needs {need}"
    return "what finished here failed at a larger size"


class _Trial:
    """Candidates in the order of trial, each tested against all others when it is asked for."""

    def __init__(
        self,
        metrics: Sequence[Contenders],
        families: Mapping[str, str],
        size: int,
        need: int,
        analysis: Analysis,
    ) -> None:
        self.families, self.size, self.need = families, size, need
        self._fields = {
            one.metric.name: _Scores(one, list(families), size, analysis) for one in metrics
        }
        self._known: dict[tuple[str, str, tuple[str, ...]], str] = {}

    def choice(self, metrics: Sequence[Contenders], among: tuple[str, ...]) -> Pick:
        """The first that none of the families ``among`` beats, or the one beaten the least."""
        names = tuple(one.metric.name for one in metrics if self._counts(one.metric.name, among))
        best = Pick(names, "")
        if not names:
            return best
        for candidate, family in self.families.items():
            if family not in among or not self._scored(candidate, names):
                continue
            lost = {m: by for m in names if (by := self._beats(candidate, m, among))}
            if not best.pipeline or len(lost) < len(best.beaten_by):
                best = Pick(names, candidate, lost)
            if not lost:
                break
        return best

    def _counts(self, metric: str, among: tuple[str, ...]) -> bool:
        """Whether a metric has enough repeats of any candidate: one that has of none is silent."""
        return any(
            self._fields[metric].enough(p, self.need)
            for p, f in self.families.items()
            if f in among
        )

    def _scored(self, candidate: str, names: Sequence[str]) -> bool:
        return all(self._fields[name].enough(candidate, self.need) for name in names)

    def _beats(self, candidate: str, metric: str, among: tuple[str, ...]) -> str:
        """Who is shown to be better by a metric; empty if nobody is."""
        asked = (candidate, metric, among)
        if asked not in self._known:
            rivals = [p for p, f in self.families.items() if f in among and p != candidate]
            level = ALPHA / 2 / len(self._fields)
            self._known[asked] = self._fields[metric].better(rivals, candidate, self.need, level)
        return self._known[asked]


class _Scores:
    """What all candidates scored by one metric, up to a size."""

    def __init__(
        self, one: Contenders, candidates: Sequence[str], size: int, analysis: Analysis
    ) -> None:
        self.metric = one.metric
        self.margin = margin_of(one.metric, one.records, analysis.margins).value
        kept = [p for p in candidates if p in (*one.deep, *one.simple)]
        cells = [cell for p in kept for cell in one.runs[p] if cell[0] <= size]
        self.grid = Grid(sorted({n for n, _ in cells}), sorted({repeat for _, repeat in cells}))
        scores = {p: RunScores.of(one.runs[p], self.grid, one.metric.name) for p in kept}
        self.of = lasting(scores, self.grid.sizes)

    def enough(self, candidate: str, need: int) -> bool:
        known = self.of.get(candidate)
        return known is not None and bool(np.isfinite(known.scores[:, -1]).sum() >= need)

    def better(self, others: Sequence[str], candidate: str, need: int, level: float) -> str:
        """The surest of the others, if some is shown to be better at the largest size."""
        rivals = {p: self.of[p] for p in others if p in self.of}
        if not rivals:
            return ""
        told = [("", "")] * len(self.grid.sizes)
        pairs = pair_up(
            (rivals, {candidate: self.of[candidate]}), self.grid, self.metric, need, told
        )
        last = len(self.grid.sizes) - 1
        if last not in pairs.counting or pairs.rows[last].use != "compared":
            return ""
        if p_ahead(pairs, self.margin)[0] > level:
            return ""
        return list(rivals)[int(np.nanargmin(pairs.counted.p_above(self.margin)[:, 0, -1]))]
