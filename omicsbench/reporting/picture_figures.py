"""Pictures of cells as figures: test cells point by point, training cells as a raster of all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from omicsbench.records.spec import RunRecord
from omicsbench.reporting.figure_spec import LEGEND
from omicsbench.reporting.gallery import (
    SHOWN_CELLS,
    PictureCells,
    cells_of,
    pictured,
    rastered,
    trained,
)
from omicsbench.reporting.more_figures import Drawn, OtherFigure, SpecPart, standing_alone
from omicsbench.reporting.raster import data_uri

SIDE = 360
SIZE = {"width": SIDE, "height": SIDE}
BESIDE = LEGEND | {"orient": "right", "columns": 1}


def pictures(records: list[RunRecord], folder: Path) -> Iterator[OtherFigure]:
    """Cells in two dimensions, of each run whose embedding was kept."""
    for run in pictured(records, folder):
        s = run.spec
        title = f"Test cells embedded by {s.pipeline}, trained on n = {s.size:,}"
        yield _of_run("picture", run, title, partial(_picture, run, folder, title))
    for run in trained(records, folder):
        s = run.spec
        title = f"The {s.size:,} training cells embedded by {s.pipeline}"
        yield _of_run("training", run, title, partial(_training, run, folder, title))


def _of_run(kind: str, run: RunRecord, title: str, draw: Callable[[], Drawn]) -> OtherFigure:
    s = run.spec
    terms = {"dataset": s.dataset, "task": s.task, "pipeline": s.pipeline, "size": s.size}
    return OtherFigure(kind, picture_words(run), title, terms, draw)


def picture_words(run: RunRecord) -> str:
    """What tells the picture of a run from others."""
    return f"{run.spec.dataset} {run.spec.pipeline} n{run.spec.size}"


def cell_table(cells: PictureCells) -> pd.DataFrame:
    """Coordinates, and the class of each where there are any."""
    classes = {"class": cells.classes} if cells.legend else {}
    return pd.DataFrame({"x": cells.at[:, 0], "y": cells.at[:, 1]} | classes)


def _colour(cells: PictureCells) -> SpecPart:
    if not cells.legend:
        return {"value": cells.palette[-1]}
    names, colours = zip(*cells.legend, strict=True)
    scale = {"domain": names, "range": colours}
    return {"field": "class", "type": "nominal", "scale": scale, "legend": BESIDE}


def _picture(run: RunRecord, folder: Path, title: str) -> Drawn:
    cells = cells_of(run, folder)
    table = cell_table(cells)
    shown = np.random.default_rng(0).permutation(len(table))[:SHOWN_CELLS]
    bare = {"type": "quantitative", "axis": None, "scale": {"zero": False}}
    encoding: dict[str, Any] = {axis: bare | {"field": axis} for axis in ("x", "y")}
    encoding["color"] = _colour(cells)
    mark = {"type": "circle", "size": float(np.clip(12_000 / max(len(shown), 1), 4, 40))}
    layers = [{"mark": mark | {"opacity": 1}, "encoding": encoding}]
    return table, standing_alone(table.iloc[shown], layers, title, run.spec.dataset, SIZE)


def _training(run: RunRecord, folder: Path, title: str) -> Drawn:
    """So many cells are one image; unseen marks give it the legend of its classes."""
    cells = cells_of(run, folder, "train")
    png, _ = rastered(cells.at, cells.which if cells.legend else None, cells.palette)
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
    key = pd.DataFrame({"class": [name for name, _ in cells.legend]})
    return cell_table(cells), standing_alone(key, layers, title, run.spec.dataset, SIZE)
