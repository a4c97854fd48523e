"""The ranked table of contestants by metric, as a figure; `heat.js` makes the same of a page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import pandas as pd

from omicsbench.metrics import Metric
from omicsbench.reporting.matrix import ordered
from omicsbench.reporting.more_figures import Drawn, OtherFigure, bare, standing_alone
from omicsbench.reporting.places import PLACE, NamedPlace, of_place
from omicsbench.reporting.style import INK
from omicsbench.reporting.vega import tip

STEP = {"width": {"step": 58}, "height": {"step": 24}}
COLUMNS = [*PLACE, "output_dim", "pipeline", "size", "metric", "title"]
COLUMNS += ["mean", "low", "high", "repeats", "rank", "said"]
NEAR, FAR = "#8fbcf0", "#f4f7fb"  # the first rank, and the last


def layers() -> list[dict[str, Any]]:
    """A cell by rank, its mean, and what became of runs that have none."""
    x = {"field": "title", "type": "nominal", "sort": None}
    y = {"field": "pipeline", "type": "nominal", "sort": None}
    at: dict[str, Any] = {
        "x": x | {"axis": {"title": None, "labelAngle": -40, "labelLimit": 0}},
        "y": y | {"axis": {"title": None, "labelLimit": 0}},
    }
    scale = {"range": [NEAR, FAR]}
    rank = {"field": "rank", "type": "quantitative", "scale": scale, "legend": {"tickMinStep": 1}}
    tips = [tip("pipeline", "pipeline"), tip("title", "metric"), tip("mean", "mean")]
    tips += [tip("low", "95 % interval from"), tip("high", "to"), tip("rank", "rank")]
    mean = {"field": "mean", "type": "quantitative", "format": ".3~g"}
    return [
        {
            "transform": [{"filter": "isValid(datum.rank)"}],
            "mark": {"type": "rect"},
            "encoding": at | {"color": rank, "tooltip": tips},
        },
        {
            "transform": [{"filter": "isValid(datum.mean)"}],
            "mark": {"type": "text", "fontSize": 10, "color": INK},
            "encoding": at | {"text": mean},
        },
        {
            "transform": [{"filter": "!isValid(datum.mean)"}],
            "mark": {"type": "text", "fontSize": 8, "color": INK, "limit": 56},
            "encoding": at | {"text": {"field": "said"}},
        },
    ]


def specification() -> dict[str, Any]:
    """The figure without rows and title, for the page."""
    return bare(layers(), STEP)


def title_of(size: int) -> str:
    """What the figure is called."""
    return f"Contestants by metric at n = {size:,}: mean, darker the better its rank"


def ranks(
    curve: pd.DataFrame,
    failed: pd.DataFrame,
    places: Sequence[NamedPlace],
    metrics: Mapping[str, Metric],
) -> Iterator[OtherFigure]:
    """One figure for each place, output dimension and size; ``dim`` is 0 without a space."""
    shown = [m for m in ordered(metrics.values()) if not m.secondary]
    curve = curve[curve["metric"].isin([m.name for m in shown])]
    for named in places:
        here, gone = of_place(curve, named.place), of_place(failed, named.place)
        for dim, size in sorted({*zip(here["dim"], here["size"], strict=True)}, reverse=True):
            own = here[(here["dim"] == dim) & (here["size"] == size)]
            lost = gone[(gone["size"] == size) & (gone["output_dim"].isna() | (gone["dim"] == dim))]
            words = " ".join(filter(None, [named.name, f"{dim}-D" if dim else "", f"n{size}"]))
            terms = named.place._asdict() | {"output_dim": dim or None, "size": size}
            draw = partial(_draw, own, lost, shown, named.name, size)
            yield OtherFigure("ranks", words, title_of(size), terms, draw)


def _draw(
    own: pd.DataFrame, lost: pd.DataFrame, shown: Sequence[Metric], under: str, size: int
) -> Drawn:
    place = {m.name: i for i, m in enumerate(shown) if m.name in set(own["metric"])}
    title = {m.name: m.title for m in shown}
    mean_rank = own.groupby("pipeline")["rank"].mean()
    table = own.merge(lost[["pipeline", "said"]], on="pipeline", how="left")
    without = [
        row | {"metric": metric}
        for row in lost.to_dict("records")
        for metric in place
        if not ((own["pipeline"] == row["pipeline"]) & (own["metric"] == metric)).any()
    ]
    if without:
        table = pd.concat([table, pd.DataFrame(without)], ignore_index=True)
    table = table.assign(
        title=table["metric"].map(title),
        at=table["metric"].map(place),
        first=table["pipeline"].map(mean_rank).fillna(float("inf")),
        said=table["said"].fillna(""),
    ).sort_values(["first", "pipeline", "at"], ignore_index=True)
    table = table[COLUMNS]
    return table, standing_alone(table, layers(), title_of(size), under, STEP)
