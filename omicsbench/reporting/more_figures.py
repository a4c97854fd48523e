"""Figures that the page draws without a chart library: what they share, and forest plots."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import pandas as pd

from omicsbench.reporting.figure_spec import FONT, WIDTH, values_of
from omicsbench.reporting.matrix import WORDS, Column, headline, ordered
from omicsbench.reporting.style import INK
from omicsbench.reporting.vega import plate
from omicsbench.verdict.pairs import SizeDifference
from omicsbench.verdict.verdict import Standing, Verdict

# What tells figures of a kind apart.
OTHERS = {
    "forest": ["dataset", "task", "device", "output_dim", "tuning"],
    "difference": ["dataset", "task", "device", "output_dim", "tuning"],
    "ranks": ["dataset", "task", "device", "tuning", "output_dim", "size"],
    "picture": ["dataset", "task", "pipeline", "size"],
    "training": ["dataset", "task", "pipeline", "size"],
    "samples": ["dataset", "task", "device", "tuning", "output_dim"],
    "new_units": ["dataset", "task", "device", "tuning", "unit"],
    "variance": ["dataset", "task", "device", "tuning", "output_dim"],
    "modalities": ["dataset", "task", "device", "tuning"],
}
OUTCOMES: dict[Standing, str] = {
    "ahead": "#a8410a",
    "behind": "#0a4380",
    "equal": "#33475b",
    "open": "#9aa3b0",
}
ROW = 26  # of a forest plot
LEGEND = {"title": None, "labelLimit": 0, "symbolOpacity": 1}
LONGEST = 150  # letters of a name, which has to do as that of a file
NOT_A_WORD = re.compile(r"[^\w.]+")
SpecPart = dict[str, Any]  # of a specification
Drawn = tuple[pd.DataFrame, SpecPart]  # a table and its specification


@dataclass(frozen=True)
class OtherFigure:
    """A figure that is drawn when it is asked for; ``words`` are those of its name."""

    kind: str
    words: str
    title: str
    terms: Mapping[str, Any]
    draw: Callable[[], Drawn]

    @property
    def name(self) -> str:
        """Letters, digits and hyphens."""
        return named(f"{self.kind} {self.words}")


def named(words: str) -> str:
    """Words as one name."""
    return NOT_A_WORD.sub("-", words).strip("-")[:LONGEST]


def compared(verdicts: list[Verdict]) -> Iterator[tuple[Column, str, list[Verdict]]]:
    """Each set of equal terms, what tells it apart in words, and its verdicts that count."""
    groups: dict[Column, list[Verdict]] = defaultdict(list)
    for v in headline(verdicts):
        if v.margin > 0 and v.last.mean is not None:
            groups[Column.of(v)].append(v)
    several = [len({getattr(c, name) for c in groups}) > 1 for name in ("task", "device")]
    for column, own in groups.items():
        told = [column.task if several[0] else "", column.device if several[1] else ""]
        dim = f"{column.output_dim}-D" if column.output_dim else ""
        words = " ".join(filter(None, [column.dataset, *told, column.tuning, dim]))
        place = {m.name: i for i, m in enumerate(ordered(v.scored_by for v in own))}
        yield column, words, sorted(own, key=lambda v: place[v.metric])


def forests(verdicts: list[Verdict]) -> Iterator[OtherFigure]:
    """Deep against simple by every metric that counts, one figure for each set of equal terms."""
    title = "Deep minus simple at the largest n, in margins"
    for column, words, own in compared(verdicts):
        yield OtherFigure("forest", words, title, vars(column), partial(_forest, own, title, words))


def in_margins(at: SizeDifference, margin: float) -> dict[str, float | None]:
    """A difference and its interval, as they are and in units of the margin."""
    numbers = {"difference": at.mean, "low": at.low, "high": at.high}
    return numbers | {
        f"{name}_in_margins": None if value is None else value / margin
        for name, value in numbers.items()
    }


def _forest(own: list[Verdict], title: str, under: str) -> Drawn:
    rows = []
    for v in own:
        numbers = in_margins(v.last, v.margin)
        terms = vars(Column.of(v)) | {"metric": v.metric, "title": v.scored_by.title}
        told = {"size": v.largest, "margin": v.margin, "outcome": WORDS[v.standing]}
        rows.append(terms | told | numbers)
    table = pd.DataFrame(rows)
    table["output_dim"] = table["output_dim"].astype("Int64")
    axis = {"labelLimit": 0, "grid": False, "ticks": False, "domain": False}
    y: SpecPart = {"field": "title", "type": "nominal", "sort": None, "title": None, "axis": axis}
    colour: SpecPart = {
        "field": "outcome",
        "type": "nominal",
        "scale": {
            "domain": [WORDS[standing] for standing in OUTCOMES],
            "range": list(OUTCOMES.values()),
        },
        "legend": LEGEND | {"orient": "bottom"},
    }
    x: SpecPart = {"type": "quantitative", "title": "margins; right of 0 deep is better"}
    once: SpecPart = {"data": {"values": [{}]}}
    margin = once | {"mark": {"type": "rect", "color": "#e4e8ee"}}
    zero = once | {"mark": {"type": "rule", "color": INK, "strokeDash": [2, 2]}}
    layers: list[SpecPart] = [
        margin | {"encoding": {"x": {"datum": -1}, "x2": {"datum": 1}}},
        zero | {"encoding": {"x": {"datum": 0}}},
        {
            "transform": [{"filter": "isValid(datum.low_in_margins)"}],
            "mark": {"type": "rule", "strokeWidth": 2},
            "encoding": {
                "x": x | {"field": "low_in_margins"},
                "x2": {"field": "high_in_margins"},
                "y": y,
                "color": colour,
            },
        },
        {
            "mark": {"type": "point", "filled": True, "opacity": 1, "size": 60},
            "encoding": {"x": x | {"field": "difference_in_margins"}, "y": y, "color": colour},
        },
    ]
    return table, standing_alone(table, layers, title, under, {"height": {"step": ROW}})


def bare(layers: list[Any], size: Mapping[str, Any]) -> dict[str, Any]:
    """A specification without rows and title, with the look of all charts."""
    spec = plate() | {"width": WIDTH, **size, "layer": layers, "background": "white"}
    del spec["autosize"]
    spec["config"]["font"] = FONT
    return spec


def standing_alone(
    table: pd.DataFrame, layers: list[Any], title: str, under: str, size: Mapping[str, Any]
) -> dict[str, Any]:
    """A whole specification, with the look of all charts."""
    spec = bare(layers, size)
    spec["title"] = {"text": title, "subtitle": under, "anchor": "start", "fontWeight": "normal"}
    return spec | {"data": {"values": values_of(table)}}
