"""Is deep learning ahead, and from which size on? Verdicts from stored records.

A verdict compares a deep side with a simple side by one metric on one data set. Deep: each deep
contestant, and the *best* one. Simple: a fixed *reference*, and the best simple pipeline. "Best"
is chosen at each size by validation scores, never by the test set (``omicsbench.verdict.choose``).
n*, its interval and the errors are those of ``omicsbench.stats.crossover``.

**Equal terms.** Task, data set and its version, device, threads, split, features, scored rows,
output dimension and tuning budget are the same on both sides. Controls are never contestants.

**Which sizes count.** Where a deep run failed or pairs are fewer than ``min_repeats``, deep is
not shown to be ahead; at the largest sizes this ends the verdict at the last size that counts.
Where only the simple side has no result, the size is left out. Each case is noted.

**Judgement**, with N the largest size that counts:

- *ahead from n**: the interval of n* ends at N or before. *From the smallest size* if it ends at
  the smallest one: left-censored, n* may lie below it.
- *not reached*: the interval holds nothing but "not reached": right-censored, n* > N.
- *undecided*: everything else, everything with too few repeats, and "ahead" where deep runs
  failed at a size beyond N. It is told how many repeats would decide, if any number would.

**Error control.** The level is 5 % for the best deep side, chosen without a look at test scores.
Deep contestants judged one by one share it by Holm's step-down. Nothing is corrected for the
number of metrics and data sets read together.

**What an interval speaks of.** The draw of training rows and seeds, and of test cells where the
metric is a mean over cells (units: donors or batches where known, else groups of cells); not of
other data sets. Repeats overlap as n nears the pool, which makes intervals too narrow there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from omicsbench.metrics import METRICS, Metric
from omicsbench.metrics.known import known
from omicsbench.records.analysis import UNSTATED, Analysis
from omicsbench.records.spec import RunRecord, RunSpec, Status
from omicsbench.records.table import current, equal_terms
from omicsbench.stats.crossover import ALPHA, holm_levels
from omicsbench.verdict.choose import (
    Grid,
    RunsOf,
    Side,
    best_by_validation,
    fixed,
    in_turn,
    is_reference,
)
from omicsbench.verdict.decide import DecisionRule, decide, extrapolation, p_ahead, rope
from omicsbench.verdict.pairs import Paired, pair_up
from omicsbench.verdict.verdict import Against, Verdict
from omicsbench.verdict.wording import why_undecided

BEST = ""  # of several contestants, in place of a pipeline's name


def verdicts(
    records: Iterable[RunRecord],
    analysis: Analysis = UNSTATED,
    *,
    bootstrap: int = 2000,
    seed: int = 0,
    min_repeats: int = 5,
) -> list[Verdict]:
    """Judge the best deep pipeline, and each, against the reference and the best simple one.

    Without a reference in ``analysis`` there are verdicts against the best simple one alone.
    ``bootstrap`` counts the replicates; ``min_repeats`` (at least 2) are the pairs a size needs to
    carry a claim.
    """
    if min_repeats < 2:
        raise ValueError("min_repeats must be at least 2: one pair has no interval")
    found: list[Verdict] = []
    for field in _fields(records):
        margin = analysis.margins.get(field.metric.name, field.metric.margin)
        rule = DecisionRule(margin, min_repeats, bootstrap, seed)
        found += _verdicts(field, analysis.reference, rule)
    return found


@dataclass(frozen=True)
class _Field:
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

    @property
    def spec(self) -> RunSpec:
        """Of one run: the terms are those of all."""
        return next(iter(self.runs[self.deep[0]].values())).spec

    def sizes(self, name: str) -> Sequence[int]:
        """Sizes of a deep pipeline; of the best all."""
        return sorted({size for size, _ in self.runs[name]}) if name else self.grid.sizes


def _fields(records: Iterable[RunRecord]) -> Iterator[_Field]:
    """What is compared with what."""
    groups: dict[tuple[Any, ...], dict[str, dict[tuple[int, int], RunRecord]]] = {}
    newest = current(records)
    metrics = known(newest)
    for r in newest:
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
            for dim in sorted({dims[p] for p in family if family[p] == "deep"}, key=str):
                deep, simple = (
                    [p for p in family if family[p] == kind and dims[p] == dim]
                    for kind in ("deep", "simple")
                )
                yield _Field(runs, deep, simple, metrics[name], dim)


def _deep_sides(field: _Field) -> dict[str, Side]:
    """The best of several contestants, then each deep pipeline."""
    sides = {name: fixed(field.runs, name, field.sizes(name)) for name in field.deep}
    if len(field.contestants) > 1:
        best = best_by_validation(field.runs, field.contestants, field.metric, field.grid)
        return {BEST: best} | sides if best.at else sides
    return sides


def _simple_sides(field: _Field, reference: str) -> dict[Against, Side]:
    """The shortest pipeline that is the reference, and the best simple one; as far as there are."""
    sides: dict[Against, Side] = {}
    if plain := [p for p in field.rivals if is_reference(p, reference)]:
        name = min(plain, key=lambda p: (len(p), p))
        sides["reference"] = fixed(field.runs, name, field.grid.sizes)
    best = best_by_validation(field.runs, field.rivals, field.metric, field.grid)
    return sides | {"best_simple": best} if best.at else sides


def _verdicts(field: _Field, reference: str, rule: DecisionRule) -> Iterator[Verdict]:
    """The best deep pipeline's verdicts, then each one's, against both simple sides."""
    deep = _deep_sides(field)
    for against, simple in _simple_sides(field, reference).items():
        paired = {
            name: pair_up(
                side, simple, Grid(field.sizes(name), field.grid.repeats), field.metric, rule.need
            )
            for name, side in deep.items()
        }
        # Chosen without a look at test scores, the best has the whole level; contestants share it.
        p_values = [p_ahead(paired[name], rule.margin) for name in field.contestants]
        levels = dict(zip(field.contestants, holm_levels(p_values), strict=True))
        for name, side in deep.items():
            alpha = levels.get(name, ALPHA)
            yield _verdict(field, _Comparison(name, side, against, paired[name], alpha), rule)


@dataclass(frozen=True)
class _Comparison:
    """A deep side, ``BEST`` or a pipeline, with a simple one; to be judged at level ``alpha``."""

    name: str
    deep: Side
    against: Against
    paired: Paired
    alpha: float


def _verdict(field: _Field, at: _Comparison, rule: DecisionRule) -> Verdict:
    spec, paired = field.spec, at.paired
    best = at.name == BEST or field.contestants == [at.name]
    decision = decide(paired, at.alpha, rule, spec.features_per_size)
    beyond = best and not (decision.outcome.ahead or spec.features_per_size)
    rows = paired.with_bounds(at.alpha)
    used = [rows[i] for i in paired.counting] or rows
    return Verdict(
        dataset=spec.dataset,
        task=spec.task,
        device=spec.device,
        tuning=spec.tuned_as,
        metric=field.metric.name,
        deep=at.deep.names,
        simple=in_turn(row.simple for row in used),
        against=at.against,
        output_dim=field.output_dim,
        outcome=decision.outcome,
        n_star=decision.n_star,
        interval=decision.interval,
        p_reached=decision.p_reached,
        smallest=used[0].size,
        largest=used[-1].size,
        repeats=paired.fewest,
        margin=rule.margin,
        differences=rows,
        alpha=at.alpha,
        needed=decision.needed,
        reason=why_undecided(decision, paired, rule),
        best=best,
        contenders=len(field.contestants),
        is_control=at.name in field.controls,
        unit=paired.unit,
        folds=paired.differences.folds,
        rope=rope(paired, rule.margin),
        extrapolation=extrapolation(paired, rule.margin) if beyond else None,
        own_metric=None if field.metric.name in METRICS else field.metric,
    )
