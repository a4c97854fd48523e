"""From records to quality at equal cost: what each family reaches for a budget of time or money.

A tuned pipeline competes with the same pipeline as written: it is a dearer candidate, and its
search is part of its cost. So is the size: a slow pipeline on few samples competes with a fast one
on all of them. What a run costs, by ``Currency``:

- ``seconds`` of wall time, fit, transform and search, on one kind of device and threads;
- ``price``: the same, times the price of an hour on its device, where one is stated; devices
  compete with each other then;
- ``joules`` of fit and transform, where every run knows them (none of a search does).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from omicsbench.metrics.base import METRICS
from omicsbench.records.spec import RunRecord, Status
from omicsbench.records.table import current
from omicsbench.stats.budgets import Candidate, Choice, Matched, budget_grid, matched, money
from omicsbench.verdict.choose import sign

Currency = Literal["seconds", "price", "joules"]
CURRENCIES: tuple[Currency, ...] = get_args(Currency)
FAMILIES = ("deep", "simple")


@dataclass(frozen=True)
class Bargain:
    """Both families at one budget: ``at`` in the metric's unit, positive where deep is better.

    ``scores`` are the mean test scores of the deep and the simple choice, as the metric has them.
    """

    dataset: str
    task: str
    device: str
    output_dim: int | None
    metric: str
    currency: Currency
    at: Matched
    scores: tuple[float | None, float | None]


def bargains(
    records: Iterable[RunRecord],
    prices: Mapping[str, float] | None = None,
    *,
    min_repeats: int = 5,
    budgets: int = 12,
) -> list[Bargain]:
    """Compare deep and simple pipelines at equal cost, by every headline metric.

    ``prices`` of an hour by device. Runs that selected features anew at each size are left out:
    their scores do not compare across sizes.
    """
    done = [
        r
        for r in current(records)
        if r.status is Status.OK
        and r.family in FAMILIES
        and not r.is_control
        and not r.spec.features_per_size
    ]
    found: list[Bargain] = []
    for currency in CURRENCIES:
        groups: dict[tuple[Any, ...], list[RunRecord]] = defaultdict(list)
        for r in done:
            groups[_terms(r, currency)].append(r)
        for group in groups.values():
            costs = [cost_of(r, currency, prices or {}) for r in group]
            paid = [(r, c) for r, c in zip(group, costs, strict=True) if c]
            found += _compare(paid, currency, min_repeats, budgets)
    return found


def seconds_of(record: RunRecord) -> float:
    """Wall seconds of the method's own: search, fit and transform."""
    spent = record.phases
    return spent.tuning_s + spent.fit_s + spent.transform_s


def cost_of(record: RunRecord, currency: Currency, prices: Mapping[str, float]) -> float | None:
    """What a run costs; None where that is not known."""
    if currency == "seconds":
        return seconds_of(record)
    if currency == "joules":
        return None if record.spec.tuning else record.energy_j
    price = prices.get(record.spec.device)
    return None if price is None else float(money(seconds_of(record), price))


def _terms(record: RunRecord, currency: Currency) -> tuple[Any, ...]:
    """What runs must share to compete for a budget: money buys any device."""
    s = record.spec
    own = () if currency == "price" else (s.device, s.threads)
    return (s.task, s.dataset, s.dataset_id, s.split, s.features, s.scored, *own)


def _compare(
    paid: Sequence[tuple[RunRecord, float]], currency: Currency, min_repeats: int, budgets: int
) -> list[Bargain]:
    repeats = sorted({r.spec.repeat for r, _ in paid})
    place = {repeat: i for i, repeat in enumerate(repeats)}
    devices = sorted({r.spec.device for r, _ in paid})
    blank = np.full(len(repeats), np.nan)
    contests: dict[tuple[str, int | None], dict[tuple[str, str, int], Candidate]] = defaultdict(
        dict
    )
    for r, cost in paid:
        label = r.spec.label + (f" on {r.spec.device}" if len(devices) > 1 else "")
        for metric in r.scores.keys() & r.validation.keys() & METRICS.keys():
            if METRICS[metric].secondary:
                continue
            among = contests[metric, r.output_dim]
            key = (r.family, label, r.spec.size)
            if key not in among:
                among[key] = Candidate(label, r.spec.size, blank.copy(), blank.copy(), blank.copy())
            one, i = among[key], place[r.spec.repeat]
            one.costs[i] = cost
            one.validation[i] = sign(metric) * r.validation[metric]
            one.test[i] = sign(metric) * r.scores[metric]
    found: list[Bargain] = []
    for (metric, dim), among in sorted(contests.items(), key=lambda item: str(item[0])):
        families = [{k: c for k, c in among.items() if k[0] == family} for family in FAMILIES]
        dear = [
            [_mean(c.costs) for c in family.values() if np.isfinite(c.costs).sum() >= min_repeats]
            for family in families
        ]
        if not all(dear):
            continue
        deep, simple = (family.values() for family in families)
        first = paid[0][0].spec
        grid = budget_grid([cost for costs in dear for cost in costs], budgets)
        for at in matched(deep, simple, grid, min_repeats=min_repeats):
            scores = (_score(at.deep, families[0], metric), _score(at.simple, families[1], metric))
            found.append(
                Bargain(
                    first.dataset,
                    first.task,
                    " + ".join(devices),
                    dim,
                    metric,
                    currency,
                    at,
                    scores,
                )
            )
    return found


def _score(
    choice: Choice | None, family: Mapping[tuple[str, str, int], Candidate], metric: str
) -> float | None:
    """Mean test score of what a family chose, in the metric's own direction."""
    if choice is None:
        return None
    one = next(c for k, c in family.items() if k[1:] == (choice.pipeline, choice.size))
    return sign(metric) * _mean(one.test)


def _mean(values: np.ndarray[Any, np.dtype[np.float64]]) -> float:
    return float(np.nanmean(values))
