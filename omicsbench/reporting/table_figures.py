"""What tables of the page draw within their cells, as figures: dumbbells and stacked bars.

They are made from the tables that lie beside the page.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from itertools import cycle
from typing import Any

import pandas as pd

from omicsbench.metrics import Metric
from omicsbench.reporting.figure_spec import LEGEND
from omicsbench.reporting.how_many import part_colour
from omicsbench.reporting.material import Material
from omicsbench.reporting.matrix import ordered
from omicsbench.reporting.modalities import GREYS, SHARES, modality_view
from omicsbench.reporting.more_figures import Drawn, OtherFigure, SpecPart, standing_alone
from omicsbench.reporting.places import NamedPlace, Place, of_place
from omicsbench.reporting.style import INK

PANEL, ROW = 230, 22  # width of one metric, height of one contestant
SOFT = "#6b7280"
RULE: SpecPart = {"type": "rule", "strokeWidth": 2, "color": SOFT}
POINT: SpecPart = {"type": "point", "opacity": 1, "size": 60}
DOT = POINT | {"fill": INK, "stroke": None}
RING = POINT | {"fill": "white", "stroke": SOFT, "strokeWidth": 2}
WHOLE = ("output_dim", "needs", "needs_low", "needs_high")
PartsOf = Callable[[pd.DataFrame], tuple[str, SpecPart]]  # a title, and parts of a specification
BARE = {"title": None, "labelLimit": 0, "grid": False, "ticks": False, "domain": False}


def table_figures(
    material: Material, places: Sequence[NamedPlace], without: Collection[str] = ()
) -> Iterator[OtherFigure]:
    """What contestants need, on new units, whence scatter comes, shares of modalities; by place.

    ``without`` are contestants that are not drawn.
    """
    metrics = material.metrics

    def details(name: str) -> pd.DataFrame:
        table = material.details[name]
        return table[~table["pipeline"].isin(without)] if "pipeline" in table else table

    for at in places:
        for dim, own in _by_dim(details("saturation"), at.place):
            yield _figure("samples", at, {"output_dim": dim}, _titled(own, metrics), _samples)
    for at in places:
        for unit, own in _by_unit(details("new_units"), at.place, metrics):
            yield _figure("new_units", at, {"unit": unit}, _titled(own, metrics), _new_units)
    for at in places:
        for dim, own in _by_dim(details("scatter"), at.place):
            if own["variance"].sum() > 0:
                yield _figure("variance", at, {"output_dim": dim}, _titled(own, metrics), _variance)
    for view in modality_view(details("modalities"), material.records, places, {}):
        own = of_place(details("modalities"), view["place"].place)
        order = [name for name, _ in view["shares"]]
        if order:
            own = own[own["metric"] == SHARES]
            yield _figure("modalities", view["place"], {}, own, partial(_modalities, order))


def _by_dim(table: pd.DataFrame, place: Place) -> Iterator[tuple[int | None, pd.DataFrame]]:
    """The rows of a place by output dimension, None where there is no space."""
    if len(table):
        here = of_place(table, place)
        dims = here["output_dim"].astype("Int64").fillna(0).astype(int)
        for dim in sorted(set(dims), reverse=True):
            yield dim or None, here[dims == dim]


def _by_unit(
    table: pd.DataFrame, place: Place, metrics: Mapping[str, Metric]
) -> Iterator[tuple[str, pd.DataFrame]]:
    """The rows that the page shows: of metrics that count, at the largest size, as written."""
    counted = [name for name, metric in metrics.items() if not metric.secondary]
    here = of_place(table[table["metric"].isin(counted) & (table["tuning"] == "")], place)
    for unit, own in here.groupby("unit"):
        yield str(unit), own[own["size"] == own["size"].max()]


def _titled(table: pd.DataFrame, metrics: Mapping[str, Metric]) -> pd.DataFrame:
    """With the titles of metrics, in their order."""
    place = {m.name: i for i, m in enumerate(ordered(metrics[n] for n in set(table["metric"])))}
    rows = table.assign(title=[metrics[name].title for name in table["metric"]])
    return rows.sort_values("metric", key=lambda names: names.map(place), kind="stable")


def _figure(
    kind: str, at: NamedPlace, more: dict[str, Any], table: pd.DataFrame, parts_of: PartsOf
) -> OtherFigure:
    told = [f"{more['output_dim']}-D" if more.get("output_dim") else "", more.get("unit", "")]
    words = " ".join(filter(None, [at.name, *told]))
    title, parts = parts_of(table)
    table = table.astype({name: "Int64" for name in WHOLE if name in table})
    draw = partial(_draw, table, parts, title, words)
    return OtherFigure(kind, words, title, at.place._asdict() | more, draw)


def _draw(table: pd.DataFrame, parts: SpecPart, title: str, under: str) -> Drawn:
    spec = standing_alone(table, [], title, under, {})
    del spec["layer"]
    if "facet" in parts:  # whose panels have a width
        del spec["width"], spec["height"]
    return table, spec | parts


def _samples(table: pd.DataFrame) -> tuple[str, SpecPart]:
    n = {"title": "training samples n", "format": ",", "grid": False, "tickCount": 4}
    x: SpecPart = {"type": "quantitative", "scale": {"type": "log", "nice": False}, "axis": n}
    # A curve that has peaked and falls has no such n; its interval ends at the largest size.
    known: list[SpecPart] = [
        {"calculate": f"isValid(datum.{end}) ? datum.{end} : datum.largest", "as": f"{end}_at"}
        for end in ("needs_low", "needs_high")
    ]
    said: SpecPart = {"calculate": "isValid(datum.needs) ? '' : 'none: it falls'", "as": "said"}
    ends = {"x": x | {"field": "needs_low_at"}, "x2": {"field": "needs_high_at"}}
    fill = {"condition": {"test": "datum.open_above", "value": "white"}, "value": INK}
    none: SpecPart = {"type": "text", "align": "right", "dy": -6, "fontSize": 9}
    layers: list[SpecPart] = [
        {"mark": RULE, "encoding": ends},
        {
            "transform": [{"filter": "isValid(datum.needs)"}],
            "mark": RING,
            "encoding": {"x": x | {"field": "needs"}, "fill": fill},
        },
        {"mark": none, "encoding": {"x": x | {"field": "largest"}, "text": {"field": "said"}}},
    ]
    title = "Samples that are enough; a ring where more may be needed"
    return title, _by_metric(layers, [*known, said])


def _new_units(table: pd.DataFrame) -> tuple[str, SpecPart]:
    axis = {"title": None, "grid": False, "tickCount": 4}
    x: SpecPart = {"type": "quantitative", "scale": {"zero": False}, "axis": axis}
    cells, units = ({"x": x | {"field": side}} for side in ("cells", "units"))
    layers: list[SpecPart] = [
        {"mark": RULE, "encoding": cells | {"x2": {"field": "units"}}},
        {"mark": RING, "encoding": cells},
        {"mark": DOT, "encoding": units},
    ]
    unit, size = table["unit"].iloc[0], int(table["size"].max())
    title = f"Scores on new cells (rings) and on a new {unit} (dots), n = {size:,}"
    return title, _by_metric(layers, []) | {"resolve": {"scale": {"x": "independent"}}}


def _by_metric(layers: list[SpecPart], transform: list[SpecPart]) -> SpecPart:
    """A panel for each metric, with a row for each contestant."""
    y = {"field": "pipeline", "type": "nominal", "sort": None, "axis": BARE}
    header = {"labelLimit": 0, "labelAnchor": "start", "title": None}
    return {
        "transform": transform,
        "facet": {"field": "title", "type": "nominal", "sort": None, "header": header},
        "columns": 2,
        "spec": {"width": PANEL, "height": {"step": ROW}, "encoding": {"y": y}, "layer": layers},
    }


def _variance(table: pd.DataFrame) -> tuple[str, SpecPart]:
    size = int(table["size"].max())
    parts = {part: part_colour(part) for part in table["part"]}
    title = f"Where the scatter of a score comes from, n = {size:,}"
    return title, _stacked("title", "variance", "part", parts)


def _modalities(order: Sequence[str], table: pd.DataFrame) -> tuple[str, SpecPart]:
    size = int(table["size"].max())
    colours = dict(zip(order, cycle(GREYS), strict=False))
    title = f"Share of each modality in the joint neighbours, n = {size:,}"
    return title, _stacked("pipeline", "mean", "modality", colours)


def _stacked(row: str, value: str, part: str, colours: Mapping[str, str]) -> SpecPart:
    """A bar for each row, of which the parts are shares."""
    names = list(colours)
    axis = {"title": None, "format": ".0%", "tickCount": 5}
    scale = {"domain": names, "range": [*colours.values()]}
    return {
        "height": {"step": ROW},
        "transform": [{"calculate": f"indexof({json.dumps(names)}, datum.{part})", "as": "place"}],
        "mark": {"type": "bar", "stroke": SOFT, "strokeWidth": 0.4},
        "encoding": {
            "y": {"field": row, "type": "nominal", "sort": None, "axis": BARE},
            "x": {"field": value, "type": "quantitative", "stack": "normalize", "axis": axis},
            "color": {"field": part, "type": "nominal", "scale": scale, "legend": LEGEND},
            "order": {"field": "place", "type": "quantitative"},
        },
    }
