"""What the page hands to its script: the charts' data and the explorer's menus, as safe JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from omicsbench.metrics import Metric
from omicsbench.reporting import charts
from omicsbench.reporting.style import Style
from omicsbench.verdict.equal_cost import EqualCost
from omicsbench.verdict.verdict import Verdict

PLACE = ["dataset", "task", "device", "tuning"]
GIB = 2**30


def chart_data(
    quality: pd.DataFrame,
    costs: pd.DataFrame,
    predicted: pd.DataFrame,
    found: Sequence[Verdict],
    bought: Sequence[EqualCost],
    styles: dict[str, Style],
    places: list[dict[str, Any]],
    details: Mapping[str, tuple[pd.DataFrame, list[str]]],
    specifications: Mapping[str, Any],
    metrics: Mapping[str, Metric],
) -> dict[str, Any]:
    """The charts' data: columns, with pipelines, places and metrics as numbers.

    ``details`` are more tables, each with the columns that its charts need; ``specifications``
    are the charts, by kind.
    """
    single = [
        v for v in found if v.deep in styles
    ]  # not "the best", where it is now this, now that
    best = {_where(v) for v in single if v.against == "best_simple"}
    marked = [v for v in single if v.against == "best_simple" or _where(v) not in best]
    costs = costs[costs["fit_s"] > 0].copy()
    for end in ("", "_min", "_max"):
        costs[f"memory{end}"] = costs[f"peak_rss_bytes{end}"] / GIB
    predicted = predicted.copy()
    for end in ("", "_low", "_high"):
        predicted[f"memory{end}"] = predicted[f"peak_rss_bytes{end}"] / GIB
    key = ["place", "dim", "pipeline", "size"]
    wanted = {
        "curve": (
            quality,
            [*key, "metric", "mean", "low", "high", "repeats", "se", "total_s", "front"],
        ),
        "cost": (
            costs,
            [*key, "fit_s", "fit_s_min", "fit_s_max", "memory", "memory_min", "memory_max"],
        ),
        "predicted": (
            predicted,
            [*key, "fit_s", "fit_s_low", "fit_s_high", "memory", "memory_low", "memory_high"],
        ),
        "star": (charts.stars(marked), [*key, "metric", "against"]),
    }
    wanted |= {name: (frame, ["place", "pipeline", *own]) for name, (frame, own) in details.items()}
    place_of = {tuple(p[k] for k in PLACE): i for i, p in enumerate(places)}
    pipeline_of = {name: i for i, name in enumerate(styles)}
    metric_of = {name: i for i, name in enumerate(metrics)}
    made: dict[str, Any] = {
        "metrics": list(metrics),
        "styles": [vars(style) for style in styles.values()],
        "specs": dict(specifications),
        "places": [{"ground": p["ground"], "tuning": p["tuning"]} for p in places],
    }
    made |= _equal_cost_data(bought, places, metric_of)
    for name, (frame, columns) in wanted.items():
        where = [place_of[at] for at in frame[PLACE].itertuples(index=False, name=None)]
        frame = frame.assign(
            place=where, dim=frame["output_dim"], pipeline=frame["pipeline"].map(pipeline_of)
        )
        if "metric" in columns:
            frame = frame.assign(metric=frame["metric"].map(metric_of))
        if "front" in columns:
            frame = frame.assign(front=frame["front"].astype(int))
        made[name] = charts.columns(frame[columns])
    return made


def _where(v: Verdict) -> tuple[str, str, str, str, str]:
    return v.dataset, v.device, v.tuning, v.metric, v.deep


def _equal_cost_data(
    bought: Sequence[EqualCost], places: list[dict[str, Any]], metric_of: dict[str, int]
) -> dict[str, Any]:
    """Columns of the charts at equal cost. What money buys on any device stands at each of them."""
    made = {}
    grounds = pd.DataFrame(
        {(p["dataset"], p["task"], p["device"], p["ground"]) for p in places},
        columns=["dataset", "task", "own", "ground"],
    ).sort_values("ground")
    for name, frame in zip(("budget", "gain"), charts.at_budgets(bought), strict=True):
        frame = frame.assign(own=frame["device"].str.split(" + ", regex=False)).explode("own")
        frame = frame.merge(grounds, on=["dataset", "task", "own"])
        frame = frame.assign(dim=frame["output_dim"], metric=frame["metric"].map(metric_of))
        dropped = ["dataset", "task", "device", "own", "output_dim"]
        made[name] = charts.columns(frame.drop(columns=dropped))
    return made


def menus(panels: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The panels as the explorer's drop-downs need them."""
    return [
        {k: panel[k] for k in ("place", "ground", "dim", "sizes")}
        | {
            "metrics": [
                {"name": m.name, "title": m.title, "lower": m.direction == "min"}
                for m in panel["metrics"]
            ]
        }
        for panel in panels
    ]
