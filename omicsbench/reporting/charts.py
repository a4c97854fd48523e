"""Charts of scores and costs: the data they share, and their Vega-Lite specifications.

The page holds the data once, as columns; ``report.js`` picks the rows of each chart and puts
them into a copy of its specification.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from omicsbench.metrics import METRICS, Metric
from omicsbench.reporting.places import OF_RUN
from omicsbench.reporting.style import FAMILIES, INK
from omicsbench.reporting.vega import band, line, lone, plate, tip
from omicsbench.stats.budgets import pareto
from omicsbench.verdict.choose import sign
from omicsbench.verdict.equal_cost import EqualCost
from omicsbench.verdict.verdict import Verdict

X_AXES = {  # title, format of its numbers, what a line belongs to
    "size": ("training samples n", ",", "pipeline"),
    "time_s": ("median time of one run, s", ",~g", "pipeline"),
    "budget": ("budget", ",~g", "side"),
}


def columns(frame: pd.DataFrame) -> dict[str, Any]:
    """A frame as JSON-able columns: missing values as None, numbers to five digits.

    A column of texts names each once: ``{"of": texts, "at": places}``.
    """
    made: dict[str, Any] = {}
    for name in frame:
        values = [_json(value) for value in frame[name]]
        if any(isinstance(value, str) for value in values):
            of = list(dict.fromkeys(values))
            place = {value: i for i, value in enumerate(of)}
            made[str(name)] = {"of": of, "at": [place[value] for value in values]}
        else:
            made[str(name)] = values
    return made


def stars(verdicts: Iterable[Verdict]) -> pd.DataFrame:
    """The crossovers to mark, one row per ahead verdict, with the ends of their intervals.

    ``low`` is missing where n* may lie at or below the smallest size, ``high`` where it may lie
    above the largest.
    """
    names = [
        "dataset",
        "task",
        "device",
        "tuning",
        "output_dim",
        "metric",
        "pipeline",
        "against",
        "size",
        "low",
        "high",
        "interval",
    ]
    rows = [
        (
            *(v.dataset, v.task, v.device, v.tuning, v.output_dim, v.metric, v.deep, v.against),
            v.n_star,
            v.interval[0] if v.interval[0] != v.smallest else None,
            v.interval[1],
            " to ".join(v.ends),
        )
        for v in verdicts
        if v.outcome.ahead
    ]
    return pd.DataFrame(rows, columns=names)


def quality_time(
    scores: pd.DataFrame, costs: pd.DataFrame, metrics: Mapping[str, Metric] = METRICS
) -> pd.DataFrame:
    """Scores with median seconds of a run; ``front`` where no other is faster and better.

    ``time_s`` is CPU time where all of a (data set, output dimension, metric, size) know theirs
    (``by_cpu``), else wall time. The front is drawn per such group, as written and tuned
    together; controls stay outside, and embeddings whose time is not known.
    """
    found = scores.merge(costs[[*OF_RUN, "total_s", "total_cpu_s"]], on=OF_RUN)
    by = ["dataset", "task", "device", "output_dim", "metric", "size"]
    whole = found.assign(output_dim=found["output_dim"].fillna(0))
    # What is not timed at all decides nothing.
    whole["known"] = whole["total_cpu_s"].notna() | whole["total_s"].isna()
    found["by_cpu"] = whole.groupby(by)["known"].transform("all")
    found["time_s"] = found["total_cpu_s"].where(found["by_cpu"], found["total_s"])
    shown = found[(found["family"] != "control") & found["time_s"].notna()]
    time, mean = shown["time_s"].to_numpy(), shown["mean"].to_numpy()
    front = np.zeros(len(shown), dtype=bool)
    groups: dict[Any, Any] = whole.loc[shown.index].groupby(by).indices
    for (*_, metric, _), rows in groups.items():
        front[rows] = pareto(time[rows], sign(metrics[metric]) * mean[rows])
    return found.assign(front=found.index.isin(shown.index[front]))


def at_budgets(found: Iterable[EqualCost]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What each side reaches at every budget, and the paired differences, for the charts."""
    sides, gains = [], []
    where = ["dataset", "task", "device", "output_dim", "metric", "currency", "budget"]
    for b in found:
        at = (b.dataset, b.task, b.device, b.output_dim, b.metric, b.currency, b.at.budget)
        words = []
        for side, choice, score in zip(
            FAMILIES, (b.at.simple, b.at.deep), b.scores[::-1], strict=False
        ):
            if choice is not None:
                told = (choice.pipeline, choice.size, choice.cost, choice.wall_s, score)
                sides.append((*at, side, *told))
            words.append(f"{choice.pipeline}, n = {choice.size:,}" if choice else "")
        if b.at.mean is not None:
            gains.append((*at, b.at.mean, b.at.low, b.at.high, b.at.pairs, *words))
    return (
        pd.DataFrame(
            sides, columns=[*where, "side", "pipeline", "size", "cost", "wall_s", "score"]
        ),
        pd.DataFrame(gains, columns=[*where, "mean", "low", "high", "pairs", "simple", "deep"]),
    )


def specifications() -> dict[str, Any]:
    """Vega-Lite specifications by kind of chart, without data and axis titles."""
    return {
        "curve": _chart(
            band("low", "high"),
            lone("low", "high", "pipeline"),
            line("mean"),
            _points(
                "mean",
                [
                    tip("mean", "mean"),
                    *_INTERVAL,
                    tip("repeats", "repeats"),
                    tip("se", "standard error over test cells"),
                ],
            ),
            *_crossover(),
            _names(),
            y="linear",
        ),
        "fit": _chart(
            band("fit_s_min", "fit_s_max"),
            lone("fit_s_min", "fit_s_max", "pipeline"),
            line("fit_s"),
            _points("fit_s", [tip("fit_s", "median fit, s", ".3~s")]),
            _hollow("fit_s", "predicted fit, s", ".3~s"),
            y="log",
            title="one fit, s",
        ),
        "memory": _chart(
            band("memory_min", "memory_max"),
            lone("memory_min", "memory_max", "pipeline"),
            line("memory"),
            _points("memory", [tip("memory", "median peak, GiB", ".3~f")]),
            _hollow("memory", "predicted peak, GiB", ".3~f"),
            y="log",
            title="peak memory, GiB",
        ),
        "pareto": _chart(
            {
                "transform": [{"filter": "datum.front"}],
                "mark": {"type": "line", "color": INK, "strokeWidth": 1, "opacity": 0.6},
                "encoding": {
                    "y": {"field": "mean", "type": "quantitative"},
                    "color": {"value": INK},
                    "detail": {"field": "front"},
                },
            },
            _points(
                "mean",
                [
                    tip("tuning", "tuning"),
                    tip("mean", "mean"),
                    tip("time_s", "median search, fit and transform, s", ".3~s"),
                    tip("total_s", "the same by wall time, s", ".3~s"),
                    tip("front", "on the Pareto front (1: yes)"),
                ],
                size=110,
                hollow=True,
            ),
            x="time_s",
            y="linear",
        ),
        "budget": _chart(
            line("score"),
            _points(
                "score",
                [
                    tip("score", "mean test score", ".4~f"),
                    tip("budget", "budget", ".3~s"),
                    tip("cost", "its cost", ".3~s"),
                    tip("wall_s", "its wall time, s", ".3~s"),
                ],
            ),
            x="budget",
            y="linear",
        ),
        "gain": _chart(
            band("low", "high"),
            lone("low", "high", "side"),
            {
                "mark": {"type": "rule", "color": INK, "strokeDash": [2, 2]},
                "encoding": {
                    "x": {"value": 0},
                    "x2": {"value": "width"},
                    "y": {"datum": 0},
                    "color": {"value": INK},
                },
            },
            {
                "mark": {"type": "line", "strokeWidth": 1.8},
                "encoding": {"y": {"field": "mean", "type": "quantitative"}},
            },
            _points(
                "mean",
                [
                    tip("budget", "budget", ".3~s"),
                    tip("mean", "deep minus simple"),
                    *_INTERVAL,
                    tip("pairs", "repeats"),
                    tip("deep", "deep"),
                    tip("simple", "simple"),
                ],
                shape=False,
            ),
            x="budget",
            y="linear",
            title="deep minus simple",
        ),
    }


def _chart(
    *layers: dict[str, Any], y: str, x: str = "size", title: str | None = None
) -> dict[str, Any]:
    """``title`` is that of the y axis; where it is a metric's, the page knows it."""
    x_title, number, shown = X_AXES[x]
    return plate() | {
        "encoding": {
            "x": {
                "field": x,
                "type": "quantitative",
                "scale": {"type": "log", "nice": False, "padding": 12},
                "axis": {
                    "title": x_title,
                    "format": number,
                    "labelOverlap": "greedy",
                    "grid": False,
                    "tickCount": 5,
                },
            },
            "color": {"field": "color", "type": "nominal", "scale": None},
            "detail": {"field": shown},
        },
        "layer": [_with_y(layer, y, title) for layer in layers],
    }


def _with_y(layer: dict[str, Any], kind: str, title: str | None) -> dict[str, Any]:
    if "field" not in layer["encoding"].get("y", {}):
        return layer
    axis = {"format": ",~g" if kind == "log" else ".3~f", "tickCount": 5, "title": title}
    own = {"type": "log", "nice": False} if kind == "log" else {"zero": False, "nice": True}
    scale = own | {"padding": 10}
    layer["encoding"]["y"] |= {"scale": scale, "axis": axis}
    return layer


def _points(
    field: str,
    tips: Sequence[dict[str, Any]],
    size: int = 42,
    shape: bool = True,
    hollow: bool = False,
) -> dict[str, Any]:
    """Markers; ``shape`` and pipeline in the tooltip where a row is that of one pipeline.

    ``hollow`` where it was tuned.
    """
    common = [tip("pipeline", "pipeline"), tip("size", "n", ",")]
    encoding: dict[str, Any] = {
        "y": {"field": field, "type": "quantitative"},
        "tooltip": [*common, *tips] if shape else list(tips),
    }
    if shape:
        encoding["shape"] = {"field": "shape", "type": "nominal", "scale": None}
    if hollow:
        encoding["fillOpacity"] = {"condition": {"test": "datum.tuning", "value": 0}, "value": 1}
        encoding["stroke"] = {"field": "color", "type": "nominal", "scale": None}
    return {
        "mark": {"type": "point", "filled": True, "opacity": 1, "size": size, "cursor": "pointer"},
        "encoding": encoding,
    }


def _hollow(field: str, title: str, number: str) -> dict[str, Any]:
    """Predicted costs of what was not run; the rows come as the data set ``predicted``."""
    tips = [
        tip(field, title, number),
        tip(f"{field}_low", "95 % interval from", number),
        tip(f"{field}_high", "to", number),
    ]
    layer = _points(field, tips, size=60)
    layer["mark"] |= {"filled": False, "strokeWidth": 1.5}
    return layer | {"data": {"name": "predicted"}}


def _crossover() -> list[dict[str, Any]]:
    """n* as a bracket from end to end of its interval; its rows come as the data set ``stars``."""
    y = {"field": "at", "type": "quantitative"}
    tips = [
        tip("pipeline", "pipeline"),
        tip("size", "n*", ","),
        tip("interval", "95 % interval"),
        tip("against", "against"),
    ]

    def at(field: str) -> dict[str, Any]:
        return {"x": {"field": field, "type": "quantitative"}, "y": dict(y), "tooltip": tips}

    def sign(field: str) -> dict[str, Any]:
        mark = {"type": "text", "fontSize": 11, "fontWeight": "bold"}
        return {"mark": mark, "encoding": at(field) | {"text": {"field": text[field]}}}

    text = {"from": "left", "to": "right", "size": "star"}
    rule = {
        "mark": {"type": "rule", "strokeWidth": 1.4},
        "encoding": at("from") | {"x2": {"field": "to"}},
    }
    label = {
        "mark": {"type": "text", "dy": -8, "fontSize": 10},
        "encoding": at("size") | {"text": {"field": "label"}},
    }
    return [layer | {"data": {"name": "stars"}} for layer in (rule, *map(sign, text), label)]


def _names() -> dict[str, Any]:
    """Names beside the ends of the lines; they come, spread out, as the data set ``labels``."""
    return {
        "data": {"name": "labels"},
        "mark": {"type": "text", "align": "left", "dx": 7, "fontSize": 10.5},
        "encoding": {
            "x": {"value": "width"},
            "y": {"field": "at", "type": "quantitative"},
            "text": {"field": "name"},
        },
    }


_INTERVAL = (tip("low", "95 % interval from"), tip("high", "to"))


def _json(value: Any) -> Any:
    if value is None or pd.isna(value):
        return None
    if isinstance(value, float):
        return float(f"{value:.5g}")
    return value.item() if hasattr(value, "item") else value
