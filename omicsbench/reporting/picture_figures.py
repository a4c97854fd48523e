"""Pictures of cells as figures: test cells point by point, training cells as a raster of all."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from omicsbench.records.spec import RunRecord
from omicsbench.reporting.figure_spec import LEGEND
from omicsbench.reporting.gallery import (
    LARGE_SAMPLE,
    SHOWN_CELLS,
    Kept,
    cells_of,
    kept,
    rastered,
)
from omicsbench.reporting.more_figures import Drawn, OtherFigure, SpecPart, standing_alone
from omicsbench.reporting.picture_cells import PictureCells
from omicsbench.reporting.raster import data_uri

SIDE = 360
SIZE = {"width": SIDE, "height": SIDE}
BESIDE = LEGEND | {"orient": "right", "columns": 1}


PARTS = {"picture": ("test", "Test cells"), "training": ("train", "Training cells")}


def pictures(records: list[RunRecord], folder: Path) -> Iterator[OtherFigure]:
    """Cells in two dimensions, of each run whose embedding was kept."""
    for (kind, (part, cells)), draw in zip(PARTS.items(), (_picture, _training), strict=True):
        for one in kept(records, folder, part):
            s = one.run.spec
            title = f"{cells} embedded by {s.pipeline}, trained on n = {s.size:,}"
            terms = {"dataset": s.dataset, "task": s.task, "pipeline": s.pipeline, "size": s.size}
            yield OtherFigure(kind, one.words, title, terms, partial(draw, one, title))


def cell_table(cells: PictureCells) -> pd.DataFrame:
    """Coordinates, and the class of each where there are any."""
    classes = {"class": cells.classes} if cells.colours.legend else {}
    return pd.DataFrame({"x": cells.at[:, 0], "y": cells.at[:, 1]} | classes)


def _colour(cells: PictureCells) -> SpecPart:
    if not cells.colours.legend:
        return {"value": cells.colours.palette[-1]}
    names, colours = zip(*cells.colours.legend, strict=True)
    scale = {"domain": names, "range": colours}
    return {"field": "group", "type": "nominal", "scale": scale, "legend": BESIDE}


def _under(name: str, cells: PictureCells, drawn: int) -> str:
    """What stands under the title: of which data, and how many of the cells are not in it."""
    words, every = [name], len(cells.at)
    if drawn < every:
        words.append(f"{drawn:,} of {every:,} cells, drawn at random")
    if cells.left_out:
        words.append(f"{cells.left_out:,} without finite coordinates left out")
    return " · ".join(words)


def _picture(one: Kept, title: str) -> Drawn:
    cells = cells_of(one)
    table = cell_table(cells)
    groups = {"group": cells.groups} if cells.colours.legend else {}
    order = np.random.default_rng(0).permutation(len(table))[:SHOWN_CELLS]
    shown = table.assign(**groups).iloc[order]
    bare = {"type": "quantitative", "axis": None, "scale": {"zero": False}}
    encoding: dict[str, Any] = {axis: bare | {"field": axis} for axis in ("x", "y")}
    encoding["color"] = _colour(cells)
    mark = {"type": "circle", "size": float(np.clip(12_000 / max(len(shown), 1), 4, 40))}
    layers = [{"mark": mark | {"opacity": 1}, "encoding": encoding}]
    under = _under(one.among.name, cells, len(shown))
    return table, standing_alone(shown, layers, title, under, SIZE)


def _training(one: Kept, title: str) -> Drawn:
    """So many cells are one image; unseen marks give it the legend of its classes."""
    cells = cells_of(one)
    colours = cells.colours
    png, complete = rastered(cells.at, cells.which if colours.legend else None, colours.palette)
    middle: SpecPart = {"x": {"value": SIDE / 2}, "y": {"value": SIDE / 2}}
    layers: list[SpecPart] = [
        {
            "data": {"values": [{"url": data_uri(png)}]},
            "mark": {"type": "image", **SIZE},
            "encoding": middle | {"url": {"field": "url"}},
        },
        {
            "mark": {"type": "point", "filled": True, "opacity": 0},
            "encoding": middle | {"color": _colour(cells)},
        },
    ]
    key = pd.DataFrame({"group": [name for name, _ in colours.legend]})
    under = _under(one.among.name, cells, len(cells.at) if complete else LARGE_SAMPLE)
    return cell_table(cells), standing_alone(key, layers, title, under, SIZE)
