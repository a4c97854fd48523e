"""Pictures of predictions: Vega-Lite specifications, their data, and what stands beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from omicsbench.reporting.at_largest import pipelines_of
from omicsbench.reporting.page_data import ChartTable
from omicsbench.reporting.places import NamedPlace, Place, of_place
from omicsbench.reporting.predictions import axis_ends, histograms, mean_predictions
from omicsbench.reporting.style import INK
from omicsbench.reporting.vega import band, line, plate, tip

KNOWN = "#9aa0a8"  # the grey of controls: cells of classes seen in training
SHARE = ".0%"
PICTURED = ("reliability", "coverage", "posterior", "uncertainty")


def specifications() -> dict[str, Any]:
    """Specifications by kind of chart, without data."""
    return {
        "reliability": _chart(
            {
                "data": {"values": [{"x": 0}, {"x": 1}]},
                "mark": {"type": "line", "strokeWidth": 1, "strokeDash": [2, 2]},
                "encoding": {
                    "x": _axis("x", "confidence"),
                    "y": _axis("x", "accuracy"),
                    "color": {"value": INK},
                },
            },
            {
                "mark": {"type": "rule", "strokeWidth": 1, "opacity": 0.55},
                "encoding": {
                    "y": _axis("accuracy_min", "accuracy"),
                    "y2": {"field": "accuracy_max"},
                },
            },
            {
                "mark": {"type": "point", "filled": True, "opacity": 0.9, "cursor": "pointer"},
                "encoding": {
                    "y": _axis("accuracy", "accuracy"),
                    "size": {
                        "field": "rows",
                        "type": "quantitative",
                        "legend": None,
                        "scale": {"range": [12, 170], "zero": True},
                    },
                    "tooltip": [
                        tip("pipeline", "pipeline"),
                        tip("confidence", "confidence", ".3f"),
                        tip("accuracy", "accuracy", ".3f"),
                        tip("accuracy_min", "lowest of the repeats", ".3f"),
                        tip("accuracy_max", "highest", ".3f"),
                        tip("rows", "predictions", ","),
                    ],
                },
            },
            x=_axis("confidence", "confidence"),
            height=160,
        ),
        "coverage": _chart(
            band("low", "high"),
            _y(line("mean"), _free("mean", "accuracy")),
            {
                "mark": {
                    "type": "point",
                    "filled": True,
                    "opacity": 1,
                    "size": 22,
                    "cursor": "pointer",
                },
                "encoding": {
                    "y": _free("mean", "accuracy"),
                    "shape": {"field": "shape", "type": "nominal", "scale": None},
                    "tooltip": [
                        tip("pipeline", "pipeline"),
                        tip("coverage", "coverage", SHARE),
                        tip("mean", "accuracy"),
                        tip("low", "95 % interval from"),
                        tip("high", "to"),
                        tip("repeats", "repeats"),
                    ],
                },
            },
            x=_axis("coverage", "coverage: the surest share of the test rows", SHARE, 6),
            height=260,
        ),
        "posterior": _chart(
            {
                "mark": {"type": "rect", "opacity": 0.75, "cursor": "pointer"},
                "encoding": {
                    "x2": {"field": "end"},
                    "y": _free("share", "share of samples", SHARE, zero=True),
                    "y2": {"datum": 0},
                    "tooltip": [
                        tip("pipeline", "pipeline"),
                        tip("start", "from", ".3f"),
                        tip("end", "to", ".3f"),
                        tip("samples", "samples", ","),
                    ],
                },
            },
            *_marks(),
            x=_free("start", "balanced accuracy"),
            height=160,
        ),
        "uncertainty": _chart(
            _bars("known", "known classes", {"value": KNOWN}),
            _bars(
                "held_out", "held-out class", {"field": "color", "type": "nominal", "scale": None}
            ),
            x=_axis("start", "entropy, 0 to 1"),
            height=160,
        ),
    }


def _chart(*layers: dict[str, Any], x: dict[str, Any], height: int) -> dict[str, Any]:
    look = {"field": "color", "type": "nominal", "scale": None}
    shared = {"x": x, "color": look, "detail": {"field": "pipeline"}}
    return plate(height) | {"encoding": shared, "layer": list(layers)}


def _axis(field: str, title: str, number: str = ".1f", ticks: int = 3) -> dict[str, Any]:
    """An axis of shares, 0 to 1."""
    return {
        "field": field,
        "type": "quantitative",
        "scale": {"domain": [0, 1]},
        "axis": {"title": title, "format": number, "tickCount": ticks, "grid": False},
    }


def _free(field: str, title: str, number: str = ".2~f", zero: bool = False) -> dict[str, Any]:
    return {
        "field": field,
        "type": "quantitative",
        "stack": None,
        "scale": {"zero": zero, "nice": zero},
        "axis": {"title": title, "format": number, "tickCount": 4, "labelOverlap": "greedy"},
    }


def _y(layer: dict[str, Any], axis: dict[str, Any]) -> dict[str, Any]:
    layer["encoding"]["y"] = axis
    return layer


def _marks() -> list[dict[str, Any]]:
    """The mean prediction: a line for the mean of the repeats, a tick for each of them."""
    x = {"field": "mean_prediction", "type": "quantitative"}
    tips = [tip("pipeline", "pipeline"), tip("mean_prediction", "mean prediction", ".3f")]
    rule = {
        "mark": {"type": "rule", "strokeWidth": 1.6},
        "encoding": {"x": x | {"aggregate": "mean"}, "color": {"value": INK}},
    }
    tick = {
        "mark": {"type": "tick", "orient": "vertical", "size": 9, "thickness": 1.2},
        "encoding": {"x": x, "y": {"value": 5}, "color": {"value": INK}, "tooltip": tips},
    }
    return [layer | {"data": {"name": "marks"}} for layer in (rule, tick)]


def _bars(field: str, title: str, colour: dict[str, Any]) -> dict[str, Any]:
    tips = [
        tip("pipeline", "pipeline"),
        tip(field, title, ".1%"),
        tip(f"{field}_min", "lowest of the repeats", ".1%"),
        tip(f"{field}_max", "highest", ".1%"),
    ]
    return {
        "mark": {"type": "rect", "opacity": 0.55, "cursor": "pointer"},
        "encoding": {
            "x2": {"field": "end"},
            "y": _free(field, "share of rows", SHARE, zero=True),
            "y2": {"datum": 0},
            "color": colour,
            "tooltip": tips,
        },
    }


def chart_tables(tables: Mapping[str, pd.DataFrame]) -> list[ChartTable]:
    """What the pictures of predictions draw, of the tables by the name of their file."""
    entropy = tables["uncertainty"]
    half = _half(entropy["entropy"])
    entropy = entropy.assign(start=entropy["entropy"] - half, end=entropy["entropy"] + half)
    samples = tables["posterior"]
    ends = [f"{share}{end}" for end in ("", "_min", "_max") for share in ("known", "held_out")]
    wanted = {
        "reliability": (
            tables["reliability"],
            ["confidence", "accuracy", "rows", "accuracy_min", "accuracy_max"],
        ),
        "coverage": (tables["coverage"], ["coverage", "mean", "low", "high", "repeats"]),
        "posterior": (histograms(samples), ["start", "end", "share", "samples"]),
        "marks": (mean_predictions(samples), ["mean_prediction"]),
        "uncertainty": (entropy, ["start", "end", *ends]),
    }
    return [
        ChartTable(name, table, ["place", "pipeline", "size", *columns])
        for name, (table, columns) in wanted.items()
    ]


def _half(centres: pd.Series[Any]) -> float:
    """Half the width of bins with these centres."""
    steps = pd.Series(sorted(set(centres))).diff().dropna()
    return float(steps.min()) / 2 if len(steps) else 0.5


def prediction_view(
    tables: Mapping[str, pd.DataFrame],
    places: Sequence[NamedPlace],
    held_out: Mapping[str, str],
    missing: Mapping[Place, str],
) -> list[dict[str, Any]]:
    """What the page shows of each place: its pictures, by kind, and who is in them."""
    made = []
    for at in places:
        own = {name: of_place(tables[name], at.place) for name in PICTURED}
        if all(table.empty for table in own.values()):
            continue
        made.append(
            {
                "place": at,
                "size": max(int(table["size"].max()) for table in own.values() if len(table)),
                "pipelines": {name: pipelines_of(table) for name, table in own.items()},
                "calibration": _calibration(own["reliability"]),
                "spread": _spread(own["posterior"]),
                "domain": axis_ends(own["posterior"]) if len(own["posterior"]) else (),
                "entropy": _entropy(own["uncertainty"]),
                "surest": _surest(own["coverage"]),
                "held_out": held_out.get(at.place.dataset, ""),
                "missing": missing.get(at.place, ""),
            }
        )
    return made


def _calibration(table: pd.DataFrame) -> dict[str, tuple[float, float, int]]:
    """Mean confidence, accuracy and number of a pipeline's predictions."""
    found = {}
    for pipeline, own in table.groupby("pipeline"):
        rows = own["rows"]
        sure, right = ((own[name] * rows).sum() / rows.sum() for name in ("confidence", "accuracy"))
        found[str(pipeline)] = (float(sure), float(right), int(rows.sum()))
    return found


def _spread(table: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """The middle 95 % of a pipeline's samples, their number, and its mean prediction's accuracy."""
    found = {}
    for pipeline, own in table.groupby("pipeline"):
        low, high = own["accuracy"].astype(float).quantile([0.025, 0.975])
        mean = mean_predictions(own)["mean_prediction"].astype(float).mean()
        found[str(pipeline)] = {
            "low": low,
            "high": high,
            "samples": len(own),
            "mean": None if pd.isna(mean) else mean,
        }
    return found


def _entropy(table: pd.DataFrame) -> dict[str, tuple[float, float]]:
    """Mean entropy of the rows of known classes and of the class held out, by pipeline."""
    found = {}
    for pipeline, own in table.groupby("pipeline"):
        known, held = (
            (own["entropy"] * own[name]).sum() / own[name].sum() for name in ("known", "held_out")
        )
        found[str(pipeline)] = (float(known), float(held))
    return found


def _surest(table: pd.DataFrame) -> str:
    """Accuracy at the smallest and the whole coverage, in words, for those who see no chart."""
    words = []
    for pipeline, own in table.sort_values("coverage").groupby("pipeline"):
        first, last = own.iloc[0], own.iloc[-1]
        words.append(
            f"{pipeline} {first['mean']:.3g} at coverage {first['coverage']:.0%}, "
            f"{last['mean']:.3g} at {last['coverage']:.0%}"
        )
    return "; ".join(words)
