"""A chart's specification made whole: with its rows, a title and a legend, to stand by itself.

In the page the title is text, the legend is shared by all charts, and `report.js` fills in the
rows; `export.js` completes what is taken out of there as this module does.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, TypeAlias

import pandas as pd

from omicsbench.reporting.brackets import brackets, ends
from omicsbench.reporting.style import Style

WIDTH, HEIGHT = 460, 240  # of the plot itself
FONT = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"
CURRENCIES = {
    "cpu_seconds": "CPU time, s",
    "seconds": "wall time, s",
    "price": "price of machine time",
    "joules": "energy, J",
}
LOOKS = ("color", "dash", "shape")  # fields of a specification that the rows of a page hold
LEGEND = {
    "title": None,
    "orient": "bottom",
    "columns": 2,
    "labelLimit": 0,
    "symbolSize": 60,
    "symbolOpacity": 1,  # of bands as well, which are faint
}

Layer: TypeAlias = Mapping[str, Any]
Rows: TypeAlias = list[dict[str, Any]]


@dataclass(frozen=True)
class Look:
    """What a chart gets besides its rows."""

    titles: tuple[str, str]
    styles: Mapping[str, Style]  # by pipeline
    legend: str  # the column that the legend names; empty where there is none
    currency: str
    domain: tuple[float, float] | None  # of the x axis, where it is shared
    y: str = ""  # title of the y axis, where it is a metric's
    brackets: bool = False  # whether n* is drawn above


def complete(
    specification: Mapping[str, Any],
    table: pd.DataFrame,
    beside: Mapping[str, pd.DataFrame],
    look: Look,
) -> dict[str, Any]:
    """A copy of the specification that stands by itself.

    ``table`` are the rows it draws, ``beside`` those of the named data sets of single layers;
    layers of which there are none are left out.
    """
    spec: dict[str, Any] = copy.deepcopy(dict(specification))
    named = {name: values_of(rows) for name, rows in beside.items()}
    named["labels"] = []  # names at the ends of lines: here a legend has them
    if look.brackets:
        axis = ends(table, len(named["stars"]))
        sizes = table["size"].tolist()
        named["stars"] = brackets(named["stars"], sizes, axis)
        scale = {"domainMin": axis[0], "domainMax": axis[1], "nice": False, "padding": 0}
        _set_y(spec["layer"], scale, "scale")
    if look.y:
        _set_y(spec["layer"], {"title": look.y}, "axis")
    spec["layer"] = [layer for layer in spec["layer"] if _has_rows(layer, table, named)]
    spec["datasets"] = {
        layer["data"]["name"]: _drawable(layer, named)
        for layer in spec["layer"]
        if "name" in layer.get("data", {})
    }
    spec["data"] = {"values": values_of(table)}
    rows = chain(spec["data"]["values"], *spec["datasets"].values())
    _set_x(spec["encoding"]["x"], list(rows), look)
    _name_looks(spec, _who(table, look), look.legend)
    title, under = look.titles
    spec["title"] = {"text": title, "subtitle": under, "anchor": "start", "fontWeight": "normal"}
    spec |= {"width": WIDTH, "height": HEIGHT, "background": "white"}
    del spec["autosize"]
    spec["config"]["font"] = FONT
    return spec


def values_of(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table as a specification holds them."""
    rows: list[dict[str, Any]] = json.loads(table.to_json(orient="records", double_precision=15))
    return rows


def _has_rows(layer: Layer, table: pd.DataFrame, named: Mapping[str, Rows]) -> bool:
    """Whether a layer has anything to draw; intervals may have no ends."""
    if "name" in layer.get("data", {}):
        return bool(_drawable(layer, named))
    if "field" not in layer["encoding"].get("y2", {}):
        return True
    valid = table[table[layer["encoding"]["y"]["field"]].notna()]
    for of in (step["groupby"][0] for step in layer.get("transform", ()) if "groupby" in step):
        return bool((valid.groupby(of).size() == 1).any() if of in valid else len(valid) == 1)
    return len(valid) > 0


def _drawable(layer: Layer, named: Mapping[str, Rows]) -> Rows:
    """The rows of a layer's own data set; on logarithmic axes those that have a height."""
    name, field = layer["data"]["name"], layer["encoding"].get("y", {}).get("field")
    if name != "predicted":
        return named[name]
    return [row for row in named[name] if (row[field] or 0) > 0]


def _set_y(layers: Iterable[dict[str, Any]], what: Mapping[str, Any], part: str) -> None:
    """Set what all layers say of their y axis or scale."""
    for layer in layers:
        y = layer["encoding"].get("y", {})
        if part in y:
            y[part] = {**y[part], **what}


def _set_x(x: dict[str, Any], rows: Rows, look: Look) -> None:
    if look.currency:
        x["axis"]["title"] = f"budget: {CURRENCIES[look.currency]}"
    if x["field"] == "time_s":
        x["axis"]["title"] = f"median {'CPU' if rows[0]['by_cpu'] else 'wall'} time of one run, s"
    if x["field"] == "size":
        x["axis"]["values"] = sorted({row["size"] for row in rows})
    if look.domain:
        x["scale"]["domain"] = list(look.domain)


def _who(table: pd.DataFrame, look: Look) -> dict[str, Style]:
    """The look of everything that the legend names, in its order."""
    first = {style.family: style for style in reversed(list(look.styles.values()))}
    if look.legend == "pipeline":
        drawn = set(table["pipeline"])
        return {name: style for name, style in look.styles.items() if name in drawn}
    drawn = set(table[look.legend]) if look.legend else {"deep"}
    return {family: style for family, style in first.items() if family in drawn}


def _name_looks(part: Any, who: Mapping[str, Style], legend: str) -> None:
    """Channels that take their look from the rows take it from a scale over names instead."""
    if isinstance(part, list):
        for one in part:
            _name_looks(one, who, legend)
    elif isinstance(part, dict):
        for channel, of in part.items():
            if isinstance(of, dict) and of.get("field") in LOOKS and "scale" in of:
                part[channel] = _channel(of["field"], who, legend)
            else:
                _name_looks(of, who, legend)


def _channel(look: str, who: Mapping[str, Style], legend: str) -> dict[str, Any]:
    values = [getattr(style, look) for style in who.values()]
    if len(values) == 1:
        return {"value": values[0]}
    return {
        "field": legend,
        "type": "nominal",
        "scale": {"domain": list(who), "range": values},
        "legend": LEGEND,
    }
