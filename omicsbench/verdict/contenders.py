"""Who is compared with whom: pipelines under equal terms, by one metric, of one dimension."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from omicsbench.metrics import Metric
from omicsbench.metrics.known import known
from omicsbench.records.spec import Cause, RunRecord, RunSpec, Status
from omicsbench.records.table import current, equal_terms
from omicsbench.verdict.choose import Grid, RunsOf, best_by_validation
from omicsbench.verdict.pairs import Paired, RunScores, Side, pair_up
from omicsbench.verdict.too_dear import lasting

FAMILIES = ("deep", "simple")


@dataclass(frozen=True)
class Contenders:
    """Pipelines under equal terms, by one metric, of one output dimension."""

    runs: RunsOf
    deep: Sequence[str]
    simple: Sequence[str]
    metric: Metric
    output_dim: int | None

    @cached_property
    def grid(self) -> Grid:
        """Every size and repeat that a deep pipeline was given."""
        cells = [cell for name in self.deep for cell in self.runs[name]]
        return Grid(sorted({size for size, _ in cells}), sorted({repeat for _, repeat in cells}))

    @cached_property
    def controls(self) -> set[str]:
        """Pipelines that are there for comparison."""
        names = [*self.deep, *self.simple]
        return {p for p in names if any(r.is_control for r in self.runs[p].values())}

    @cached_property
    def contestants(self) -> list[str]:
        """Of the deep side."""
        return [p for p in self.deep if p not in self.controls]

    @cached_property
    def rivals(self) -> list[str]:
        """Of the simple side."""
        return [p for p in self.simple if p not in self.controls]

    @cached_property
    def scored(self) -> dict[str, RunScores]:
        """What each pipeline scored on the whole grid."""
        names = [*self.deep, *self.simple]
        return {p: RunScores.of(self.runs[p], self.grid, self.metric.name) for p in names}

    @property
    def records(self) -> Iterator[RunRecord]:
        """All runs of the pipelines compared."""
        return (r for p in (*self.deep, *self.simple) for r in self.runs[p].values())

    def told(self, names: tuple[str, ...]) -> Mapping[int, str]:
        """Of several, whom a reader is told of at each size: the best by validation scores."""
        if len(names) == 1:
            return dict.fromkeys(self.grid.sizes, names[0])
        if names not in self._chosen:
            self._chosen[names] = best_by_validation(self.runs, names, self.metric, self.grid)
        return self._chosen[names]

    @cached_property
    def _chosen(self) -> dict[tuple[str, ...], Mapping[int, str]]:
        """Worked out once: a side of several is paired with all others."""
        return {}

    @property
    def spec(self) -> RunSpec:
        """Of one run: the terms are those of all."""
        return next(iter(self.runs[[*self.deep, *self.simple][0]].values())).spec


def contenders(records: Iterable[RunRecord]) -> Iterator[Contenders]:
    """What is compared with what; either side may be empty."""
    groups: dict[tuple[Any, ...], dict[str, dict[tuple[int, int], RunRecord]]] = {}
    newest = current(records)
    metrics = known(newest)
    for r in newest:
        if r.cause is Cause.SET_ASIDE:  # nobody asked what it would give, or take
            continue
        pipelines = groups.setdefault(equal_terms(r), defaultdict(dict))
        pipelines[r.spec.pipeline][r.spec.size, r.spec.repeat] = r
    for runs in groups.values():
        done = {
            p: [r for r in cells.values() if r.status is Status.OK] for p, cells in runs.items()
        }
        dims = {p: own[-1].output_dim for p, own in done.items() if own}  # at the largest size
        scored = {m for own in done.values() for r in own for m in r.scores}
        for name in sorted(scored & metrics.keys()):
            family = {
                p: own[-1].family for p, own in done.items() if any(name in r.scores for r in own)
            }
            able = {dims[p] for p in family if family[p] in FAMILIES}
            for dim in sorted(able, key=str):
                deep, simple = (
                    [p for p in family if family[p] == kind and dims[p] == dim]
                    for kind in ("deep", "simple")
                )
                yield Contenders(runs, deep, simple, metrics[name], dim)


def _at(field: Contenders, names: Sequence[str], kept: list[int]) -> Side:
    """What one side scored at the sizes that are kept."""
    side: Side = {name: field.scored[name] for name in names}
    if len(names) > 1:
        side = lasting(side, field.grid.sizes)
    return {name: one.at(kept) for name, one in side.items()}


def paired_sides(
    field: Contenders, deep: Sequence[str], simple: Sequence[str], need: int
) -> Paired:
    """All pairs of two sides, at the sizes that the deep one was given."""
    sizes = sorted({size for name in deep for size, _ in field.runs[name]})
    kept = [i for i, size in enumerate(field.grid.sizes) if size in set(sizes)]
    sides = tuple(_at(field, own, kept) for own in (deep, simple))
    names = [field.told(tuple(own)) for own in (deep, simple)]
    told = [(names[0].get(size, ""), names[1].get(size, "")) for size in sizes]
    grid = Grid(sizes, field.grid.repeats)
    return pair_up((sides[0], sides[1]), grid, field.metric, need, told)
