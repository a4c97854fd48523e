"""Contestants over several data sets: mean ranks, win rates, performance profiles."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from omicsbench.metrics import Metric
from omicsbench.reporting.matrix import KINDS, ordered
from omicsbench.reporting.page_data import ChartTable
from omicsbench.reporting.vega import plate, tip
from omicsbench.verdict.standings import TAUS, Standings

PROFILE_COLUMNS = ["place", "dim", "pipeline", "metric", "tau", "share"]


@dataclass(frozen=True)
class StandingsView:
    """All metrics under one set of terms, on data sets of one kind; ``by_metric`` in their order.

    ``contestants`` are those of any metric, the best mean of mean ranks first.
    """

    kind: str
    task: str
    device: str
    output_dim: int | None
    tuning: str
    by_metric: dict[str, Standings]
    contestants: list[str]
    limitation: str

    @property
    def datasets(self) -> list[str]:
        """Those of any metric."""
        return sorted({name for one in self.by_metric.values() for name in one.datasets})


def standings_views(
    found: Iterable[Standings], metrics: Mapping[str, Metric]
) -> list[StandingsView]:
    """What the page shows, real omics data first."""
    groups: dict[tuple[Any, ...], dict[str, Standings]] = defaultdict(dict)
    for one in found:
        groups[one.kind, one.task, one.device, one.output_dim, one.tuning][one.metric] = one
    order = sorted(groups, key=lambda at: (KINDS.index(at[0].partition(";")[0]), *map(str, at)))
    return [_view(at, groups[at], metrics) for at in order]


def _view(
    at: tuple[Any, ...], own: Mapping[str, Standings], metrics: Mapping[str, Metric]
) -> StandingsView:
    by_metric = {m.name: own[m.name] for m in ordered(metrics[name] for name in own)}
    ranks: dict[str, list[float]] = defaultdict(list)
    for one in own.values():
        for name, rank in zip(one.contestants, one.ranks.mean, strict=True):
            ranks[name].append(float(rank) / len(one.contestants))
    contestants = sorted(ranks, key=lambda name: (float(np.mean(ranks[name])), name))
    kind, task, device, dim, tuning = at
    said = _limitation(own.values())
    return StandingsView(kind, task, device, dim, tuning, by_metric, contestants, said)


def _limitation(found: Iterable[Standings]) -> str:
    """What so few data sets cannot tell; empty where they can."""
    short = [one for one in found if len(one.datasets) < one.ranks.needed]
    if not short:
        return ""
    needed = sorted({one.ranks.needed for one in short})
    most = max(len(one.datasets) for one in short)
    takes = " to ".join(map(str, dict.fromkeys((needed[0], needed[-1]))))
    return (
        f"On {most} data sets or fewer no two contestants can be told apart, whatever they show; "
        f"it takes {takes} on which they agree."
    )


def standings_tables(found: Sequence[Standings]) -> dict[str, pd.DataFrame]:
    """``ranks``: a row per contestant; ``win_rates``: per ordered pair; ``profiles``: per tau."""
    return {
        "ranks": pd.DataFrame(
            _terms(one)
            | {
                "datasets": len(one.datasets),
                "names": "; ".join(one.datasets),
                "pipeline": one.contestants[p],
                "family": one.families[p],
                "mean_rank": one.ranks.mean[p],
                "low": one.ranks.low[p],
                "high": one.ranks.high[p],
                "groups": one.letters[p],
                "datasets_needed": one.ranks.needed,
                "left_out": "; ".join(one.left_out),
            }
            for one in found
            for p in one.order
        ),
        "win_rates": pd.DataFrame(
            _terms(one)
            | {
                "pipeline": one.contestants[p],
                "against": one.contestants[q],
                "win_rate": one.ranks.wins[p, q],
                "p": one.ranks.p[p, q],
            }
            for one in found
            for p in one.order
            for q in one.order
            if p != q
        ),
        "profiles": pd.DataFrame(
            _terms(one) | {"pipeline": name, "tau": tau, "share": one.profile[t, p]}
            for one in found
            for p, name in enumerate(one.contestants)
            for t, tau in enumerate(TAUS)
        ),
    }


def _terms(one: Standings) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "task": one.task,
        "device": one.device,
        "tuning": one.tuning,
        "output_dim": one.output_dim,
        "metric": one.metric,
    }


def profile_chart(found: Sequence[Standings]) -> ChartTable:
    """What the profiles draw: they stand at the place of their first data set."""
    rows = [
        _terms(one)
        | {"dataset": one.datasets[0], "pipeline": name, "tau": tau}
        | {"share": float(one.profile[t, p])}
        for one in found
        for p, name in enumerate(one.contestants)
        for t, tau in enumerate(TAUS)
    ]
    names = ["dataset", "task", "device", "tuning", "output_dim", "metric", "pipeline"]
    return ChartTable(
        "profile", pd.DataFrame(rows, columns=[*names, "tau", "share"]), PROFILE_COLUMNS
    )


def specifications() -> dict[str, Any]:
    """The chart of a performance profile, without data."""
    layer = {
        "mark": {"type": "line", "interpolate": "step-after", "strokeWidth": 1.8},
        "encoding": {
            "y": {
                "field": "share",
                "type": "quantitative",
                "scale": {"domain": [0, 1]},
                "axis": {"title": "share of data sets", "format": ".0%", "tickCount": 4},
            },
            "strokeDash": {"field": "dash", "type": "nominal", "scale": None},
            "tooltip": [
                tip("pipeline", "pipeline"),
                tip("tau", "margins behind the best", ".1f"),
                tip("share", "share of data sets", ".0%"),
            ],
        },
    }
    x = {
        "field": "tau",
        "type": "quantitative",
        "axis": {"title": "margins behind the best, at most", "tickCount": 6, "grid": False},
    }
    shared = {
        "x": x,
        "color": {"field": "color", "type": "nominal", "scale": None},
        "detail": {"field": "pipeline"},
    }
    return {"profile": plate() | {"encoding": shared, "layer": [layer]}}
