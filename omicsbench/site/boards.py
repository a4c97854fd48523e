"""Leaderboards: contestants over data sets, and their scores on each of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from omicsbench.metrics import Metric
from omicsbench.records.submission import Trust
from omicsbench.reporting.how_many import grounds
from omicsbench.reporting.matrix import KINDS, data_kinds
from omicsbench.site.pooled import Pool, least_sure
from omicsbench.stats.crossover import ALPHA
from omicsbench.verdict.curves import Field, fields
from omicsbench.verdict.standings import Standings, standings
from omicsbench.verdict.verdict import Verdict


@dataclass(frozen=True)
class BoardRow:
    """A contestant of a leaderboard.

    Groups that overlap share a ``rank``; ``letters`` name the groups of a contestant, none of whose
    members is told apart from another. ``beaten`` is how many rivals are shown to be better.
    ``wins`` is the share of rivals and data sets that it is ahead of, ties half, with the
    bootstrap interval over data sets.
    """

    rank: int
    beaten: int
    pipeline: str
    family: str
    trust: Trust
    wins: float
    low: float
    high: float
    letters: str


@dataclass(frozen=True)
class Board:
    """One leaderboard: contestants under equal terms by one metric."""

    metric: Metric
    kind: str
    terms: str
    datasets: tuple[str, ...]
    rows: tuple[BoardRow, ...]
    left_out: tuple[str, ...]
    needed: int


@dataclass(frozen=True)
class Placing:
    """A contestant on one data set at the largest size: ``place`` among ``of``, ties shared.

    ``well`` tells that it is within the margin of the best mean.
    """

    task: str
    dataset: str
    kind: str
    terms: str
    metric: Metric
    n: int
    pipeline: str
    family: str
    trust: Trust
    mean: float
    place: int
    of: int
    well: bool


def found_fields(pool: Pool) -> list[Field]:
    """Every comparison of a task, the one with most contestants first: it counts on a board."""
    return sorted(fields(pool.records), key=lambda field: -len(field.curves))


def boards(pool: Pool, found: Sequence[Field]) -> list[Board]:
    """The leaderboards of a task, real omics data first."""
    kind_of = grounds(pool.records)
    metrics = {field.metric.name: field.metric for field in found}
    ranked = standings(found, kind_of)
    made = [_board(one, metrics[one.metric], pool) for one in ranked]
    return sorted(
        made, key=lambda b: (KINDS.index(b.kind.partition(";")[0]), b.kind, b.terms, b.metric.name)
    )


def _board(one: Standings, metric: Metric, pool: Pool) -> Board:
    ranks, rivals = one.ranks, len(one.contestants) - 1
    apart = ranks.p <= ALPHA
    shared = _shared_ranks(one.order, apart)
    rows = [
        BoardRow(
            rank=shared[p],
            beaten=int((apart[p] & (ranks.mean < ranks.mean[p])).sum()),
            pipeline=one.contestants[p],
            family=one.families[p],
            trust=pool.trust[one.contestants[p]],
            # A mean rank is 1 plus the rivals ahead, so it says what share is behind.
            wins=float(1 - (ranks.mean[p] - 1) / rivals),
            low=float(1 - (ranks.high[p] - 1) / rivals),
            high=float(1 - (ranks.low[p] - 1) / rivals),
            letters=one.letters[p],
        )
        for p in one.order
    ]
    terms = terms_of(one.device, one.output_dim, one.tuning)
    return Board(metric, one.kind, terms, one.datasets, tuple(rows), one.left_out, one.ranks.needed)


def _shared_ranks(order: Sequence[int], apart: NDArray[np.bool_]) -> dict[int, int]:
    """The rank of each contestant, given best first: one ends where all above are told apart from
    all below, so that groups that overlap share it."""
    made, rank = {}, 1
    for i, p in enumerate(order):
        if i and apart[np.ix_(order[:i], order[i:])].all():
            rank = i + 1
        made[p] = rank
    return made


def terms_of(device: str, output_dim: int | None, tuning: str) -> str:
    """In words, such as ``10-D, at defaults``."""
    said = [f"{output_dim}-D"] if output_dim else []
    said.append(tuning or "at defaults")
    return ", ".join([*said, *([device] if device != "cpu" else [])])


def scores(pool: Pool, found: Iterable[Field]) -> list[Placing]:
    """Every contestant's mean on every data set, at the largest size that was scored."""
    kind_of = data_kinds(pool.records)
    return [score for field in found for score in _scores(field, pool, kind_of[field.spec.dataset])]


def judged(
    pool: Pool, found: Iterable[Field], verdicts: Iterable[Verdict]
) -> list[tuple[Verdict, Trust]]:
    """Each verdict, and how far the least sure contestant of its comparison can be trusted."""
    least = {
        _comparison(field): least_sure(pool.trust[c.pipeline] for c in field.curves)
        for field in found
    }
    every = least_sure(pool.trust.values())
    told = ((v, (v.dataset, v.metric, v.device, v.output_dim, v.tuning)) for v in verdicts)
    return [(v, least.get(comparison, every)) for v, comparison in told]


def _comparison(field: Field) -> tuple[str, str, str, int | None, str]:
    s = field.spec
    return s.dataset, field.metric.name, s.device, field.output_dim, s.tuned_as


def _scores(field: Field, pool: Pool, kind: str) -> list[Placing]:
    last = {
        c.pipeline: float(np.nanmean(c.scores[:, -1]))
        for c in field.curves
        if np.isfinite(c.scores[:, -1]).any()
    }
    family = {c.pipeline: c.family for c in field.curves}
    best = max(last.values(), default=0.0)
    s = field.spec
    return [
        Placing(
            s.task,
            s.dataset,
            kind,
            terms_of(s.device, field.output_dim, s.tuned_as),
            field.metric,
            field.sizes[-1],
            name,
            family[name],
            pool.trust[name],
            field.turn * mean,
            1 + sum(other > mean + field.margin for other in last.values()),
            len(last),
            mean >= best - field.margin,
        )
        for name, mean in sorted(last.items(), key=lambda item: -item[1])
    ]
