"""From records to quality at equal cost: what each family reaches for a budget of time or money.

A tuned pipeline competes with the same pipeline as written: it is a dearer pipeline, and its
search is part of its cost. So is the size: a slow pipeline on few samples competes with a fast one
on all of them. What a run costs, by ``Currency``:

- ``cpu_seconds`` of fit, transform and search, where all that compete ran on one thread of a CPU
  and their CPU time is known: it is alike on a quiet machine and on a busy one;
- ``seconds`` of wall time of the same, where not, on one kind of device and threads;
- ``price``: wall time, which is what is paid for, times the price of an hour on its device, where
  one is stated; devices compete with each other then;
- ``joules`` of fit and transform, where every run knows them (none of a search does).

Whatever is compared, each choice tells its wall time too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from omicsbench.metrics import METRICS, Metric
from omicsbench.metrics.known import known
from omicsbench.records.analysis import UNSTATED, Analysis
from omicsbench.records.machines import on_other_machines
from omicsbench.records.spec import RunRecord, Status
from omicsbench.records.table import current
from omicsbench.stats.budgets import (
    PipelineAtSize,
    WithinBudget,
    budget_grid,
    money,
    within_budgets,
)
from omicsbench.verdict.choose import sign

Currency = Literal["cpu_seconds", "seconds", "price", "joules"]
CURRENCIES: tuple[Currency, ...] = get_args(Currency)
FAMILIES = ("deep", "simple")


@dataclass(frozen=True)
class EqualCost:
    """Both families at one budget: ``at`` in the metric's unit, positive where deep is better."""

    dataset: str
    task: str
    device: str
    output_dim: int | None
    metric: str
    currency: Currency
    at: WithinBudget
    own_metric: Metric | None = None  # what is known of one that is not of the package

    @property
    def scored_by(self) -> Metric:
        """The metric, with its title and direction."""
        return self.own_metric or METRICS[self.metric]

    @property
    def scores(self) -> tuple[float | None, float | None]:
        """Mean test scores of the deep and the simple choice, as the metric has them."""
        turn = sign(self.scored_by)
        deep, simple = self.at.deep, self.at.simple
        return turn * deep.test if deep else None, turn * simple.test if simple else None


@dataclass(frozen=True, slots=True)
class _Paid:
    """A run with what it cost, and what is asked of it once for each metric."""

    run: RunRecord
    cost: float
    family: str
    label: str
    device: str
    size: int
    repeat: int

    wall_s: float

    @classmethod
    def of(cls, run: RunRecord, cost: float) -> _Paid:
        s = run.spec
        return cls(run, cost, run.family, s.label, s.device, s.size, s.repeat, seconds_of(run))


def at_equal_cost(
    records: Iterable[RunRecord],
    analysis: Analysis = UNSTATED,
    *,
    min_repeats: int = 5,
    budgets: int = 12,
) -> list[EqualCost]:
    """Compare deep and simple pipelines at equal cost, by every headline metric.

    Money is compared where ``analysis`` states prices. Runs that selected features anew at each
    size are left out, as their scores do not compare across sizes; and those of embeddings that
    were computed elsewhere, at a cost that nobody knows. What ran on several
    machines is compared by the runs of one (``records.machines``).
    """
    newest = current(records)
    apart = on_other_machines(newest)
    done = [
        r
        for r in newest
        if r.key not in apart
        and r.status is Status.OK
        and r.family in FAMILIES
        and not r.is_control
        and r.contamination is None
        and not r.spec.features_per_size
    ]
    prices = {str(device): price for device, price in analysis.price_per_hour.items()}
    found: list[EqualCost] = []
    metrics = known(done)
    for currency in CURRENCIES:
        for group in _groups(done, currency):
            costs = [(r, cost_of(r, currency, prices)) for r in group]
            paid = [_Paid.of(r, cost) for r, cost in costs if cost]
            found += _compare(paid, metrics, currency, min_repeats, budgets)
    return found


def seconds_of(record: RunRecord) -> float:
    """Wall seconds of the method's own: search, fit and transform."""
    spent = record.phases
    return spent.tuning_s + spent.fit_s + spent.transform_s


def cpu_seconds_of(record: RunRecord) -> float | None:
    """CPU seconds of the same; None where unknown, or where they tell nothing of the time it took.

    They do on one thread of a CPU. Wall time stands for what a coarse clock counted as nothing.
    """
    spec, searched = record.spec, record.tuning_cpu_s
    if searched is None and record.phases.tuning_s == 0:
        searched = 0.0
    if spec.device != "cpu" or spec.threads != 1 or record.cpu_s is None or searched is None:
        return None
    return searched + record.cpu_s or seconds_of(record)


def cost_of(record: RunRecord, currency: Currency, prices: Mapping[str, float]) -> float | None:
    """What a run costs; None where that is not known."""
    if currency == "cpu_seconds":
        return cpu_seconds_of(record)
    if currency == "seconds":
        return seconds_of(record)
    if currency == "joules":
        return None if record.spec.tuning else record.energy_j
    price = prices.get(record.spec.device)
    return None if price is None else float(money(seconds_of(record), price))


def _groups(done: Iterable[RunRecord], currency: Currency) -> Iterator[list[RunRecord]]:
    """Runs that compete for a budget; for one of time, those by CPU time or the others."""
    groups: dict[tuple[Any, ...], list[RunRecord]] = defaultdict(list)
    for r in done:
        groups[_terms(r, currency)].append(r)
    for group in groups.values():
        by_cpu = all(cpu_seconds_of(r) is not None for r in group)
        if {"cpu_seconds": by_cpu, "seconds": not by_cpu}.get(currency, True):
            yield group


def _terms(record: RunRecord, currency: Currency) -> tuple[Any, ...]:
    """What runs must share to compete for a budget: money buys any device."""
    s = record.spec
    own = () if currency == "price" else (s.device, s.threads)
    return (s.task, s.dataset, s.dataset_id, s.split, s.features, s.scored, *own)


def _compare(
    group: Sequence[_Paid],
    metrics: Mapping[str, Metric],
    currency: Currency,
    min_repeats: int,
    budgets: int,
) -> Iterator[EqualCost]:
    """Runs that compete with each other, by metric and output dimension."""
    devices = sorted({p.device for p in group})
    for (name, dim), paid in _by_metric(group, metrics):
        deep, simple = (
            [
                one
                for one in _at_sizes(paid, family, metrics[name], len(devices) > 1)
                if np.isfinite(one.costs).sum() >= min_repeats
            ]
            for family in FAMILIES
        )
        if not (deep and simple):
            continue
        grid = budget_grid([float(np.nanmean(one.costs)) for one in (*deep, *simple)], budgets)
        own = None if name in METRICS else metrics[name]
        for at in within_budgets(deep, simple, grid, min_repeats=min_repeats):
            spec = paid[0].run.spec
            where = (spec.dataset, spec.task, " + ".join(devices), dim, name)
            yield EqualCost(*where, currency, at, own)


def _by_metric(
    group: Sequence[_Paid], metrics: Mapping[str, Metric]
) -> list[tuple[tuple[str, int | None], list[_Paid]]]:
    """The runs with a test and a validation score, by headline metric and output dimension."""
    found: dict[tuple[str, int | None], list[_Paid]] = defaultdict(list)
    for paid in group:
        for metric in paid.run.scores.keys() & paid.run.validation.keys() & metrics.keys():
            if not metrics[metric].secondary:
                found[metric, paid.run.output_dim].append(paid)
    return sorted(found.items(), key=lambda item: str(item[0]))


def _at_sizes(
    group: Sequence[_Paid], family: str, metric: Metric, several_devices: bool
) -> list[PipelineAtSize]:
    """Each pipeline of a family at each of its sizes; larger scores are better."""
    repeats = sorted({p.repeat for p in group})
    found: dict[tuple[str, int], dict[int, _Paid]] = defaultdict(dict)
    for paid in group:
        if paid.family == family:
            label = paid.label + (f" on {paid.device}" if several_devices else "")
            found[label, paid.size][paid.repeat] = paid

    name, turn, made = metric.name, sign(metric), []
    for (label, size), of in found.items():
        column = [of.get(repeat) for repeat in repeats]
        costs, validation, test, wall_s = (
            np.array([p.cost if p else np.nan for p in column]),
            np.array([p.run.validation[name] if p else np.nan for p in column]),
            np.array([p.run.scores[name] if p else np.nan for p in column]),
            np.array([p.wall_s if p else np.nan for p in column]),
        )
        made.append(PipelineAtSize(label, size, costs, turn * validation, turn * test, wall_s))
    return made
