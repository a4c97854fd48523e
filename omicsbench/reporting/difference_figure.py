"""Deep minus simple against n by every metric that counts: the small curves of the first screen."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import pandas as pd

from omicsbench.reporting.matrix import Column
from omicsbench.reporting.more_figures import (
    Drawn,
    OtherFigure,
    compared,
    in_margins,
    standing_alone,
)
from omicsbench.reporting.style import INK
from omicsbench.reporting.vega import tip
from omicsbench.verdict.verdict import Verdict

TITLE = "Deep minus simple against n, in margins"
PANEL = {"width": 280, "height": 54}


def differences(verdicts: list[Verdict]) -> Iterator[OtherFigure]:
    """One figure for each set of equal terms, with a panel by metric."""
    for column, words, own in compared(verdicts):
        yield OtherFigure("difference", words, TITLE, vars(column), partial(_draw, own, words))


def _draw(own: list[Verdict], under: str) -> Drawn:
    rows = []
    for v in own:
        low, high = v.interval
        terms = vars(Column.of(v)) | {"metric": v.metric, "title": v.scored_by.title}
        star = {"n_star": v.n_star, "n_star_low": low, "n_star_high": high} if v.n_star else {}
        for d in v.differences:
            if d.mean is not None:
                at = {"size": d.size, "margin": v.margin}
                rows.append(terms | at | in_margins(d, v.margin) | star)
    table = pd.DataFrame(rows)
    whole = ("output_dim", "n_star", "n_star_low", "n_star_high")
    table = table.astype({name: "Int64" for name in whole if name in table})
    sizes = sorted(set(table["size"]))
    x = {
        "field": "size",
        "type": "quantitative",
        "scale": {"type": "log", "nice": False, "padding": 12},
        "axis": {"title": "training samples n", "format": ",", "values": sizes, "grid": False},
    }
    panel = PANEL | {"layer": _layers(x)}
    spec = standing_alone(table, [], TITLE, under, {})
    del spec["layer"], spec["width"], spec["height"]
    header = {"labelAngle": 0, "labelAlign": "left", "labelLimit": 0}
    order = list(dict.fromkeys(table["title"]))
    row = {"field": "title", "type": "nominal", "title": None, "sort": order, "header": header}
    spec["facet"] = {"row": row}
    return table, spec | {"spec": panel, "resolve": {"scale": {"y": "independent"}}}


def _layers(x: dict[str, Any]) -> list[dict[str, Any]]:
    """The margin, zero, intervals, the differences, and n* where deep is ahead."""
    once: dict[str, Any] = {"data": {"values": [{}]}}

    def y(field: str) -> dict[str, Any]:
        axis = {"title": None, "tickCount": 3, "grid": False}
        return {"field": field, "type": "quantitative", "axis": axis}

    known = {"transform": [{"filter": "isValid(datum.low_in_margins)"}]}
    ends = {"x": x, "y": y("low_in_margins"), "y2": {"field": "high_in_margins"}}
    at = {"x": x, "y": y("difference_in_margins")}
    tips = [tip("size", "n", ","), tip("difference", "deep minus simple", ".4~f")]
    tips += [tip("low", "interval from"), tip("high", "to")]
    return [
        once
        | {
            "mark": {"type": "rect", "color": "#e4e8ee"},
            "encoding": {"y": {"datum": -1, "type": "quantitative"}, "y2": {"datum": 1}},
        },
        once
        | {
            "mark": {"type": "rule", "color": INK, "strokeDash": [2, 2]},
            "encoding": {"y": {"datum": 0, "type": "quantitative"}},
        },
        known | {"mark": {"type": "rule", "color": "#7b8492"}, "encoding": ends},
        {"mark": {"type": "line", "color": INK, "strokeWidth": 1.4}, "encoding": at},
        {
            "mark": {"type": "point", "filled": True, "color": INK, "opacity": 1, "size": 30},
            "encoding": at | {"tooltip": tips},
        },
        {
            "transform": [{"filter": "datum.size === datum.n_star"}],
            "mark": {"type": "rule", "color": "#b8420a", "strokeWidth": 1.6},
            "encoding": {"x": x},
        },
    ]
