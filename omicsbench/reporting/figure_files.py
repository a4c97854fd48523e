"""A figure as a file: SVG, PNG or PDF to look at, its numbers as CSV, its specification as JSON."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from omicsbench.errors import DataError, OmicsbenchError
from omicsbench.records import disk
from omicsbench.records.spec import RunRecord
from omicsbench.reporting.difference_figure import differences
from omicsbench.reporting.figures import Figure
from omicsbench.reporting.gallery import cells_of, pictured, trained
from omicsbench.reporting.matrix import Column
from omicsbench.reporting.more_figures import forests
from omicsbench.reporting.picture_figures import cell_table, picture_words
from omicsbench.verdict.verdict import Verdict

MOST_CELLS = 60_000  # of all pictures, whose coordinates a page can hold
SCALE = 2  # pixels of a PNG per unit of its specification


def svg(spec: dict[str, Any]) -> str:
    """Draw a Vega-Lite specification, without a browser and without a request."""
    import vl_convert

    drawn: str = vl_convert.vegalite_to_svg(spec)
    return drawn


def _png(spec: dict[str, Any]) -> bytes:
    import vl_convert

    drawn: bytes = vl_convert.vegalite_to_png(spec, scale=SCALE)
    return drawn


def _pdf(spec: dict[str, Any]) -> bytes:
    import vl_convert

    drawn: bytes = vl_convert.vegalite_to_pdf(spec)
    return drawn


def _csv(table: pd.DataFrame) -> str:
    return table.to_csv(index=False)


FORMS: dict[str, Callable[[Figure], bytes]] = {
    ".svg": lambda figure: svg(figure.spec).encode(),
    ".png": lambda figure: _png(figure.spec),
    ".pdf": lambda figure: _pdf(figure.spec),
    ".csv": lambda figure: _csv(figure.table).encode(),
    ".json": lambda figure: json.dumps(figure.spec, indent=1).encode(),
}


def forests_taken_out(verdicts: list[Verdict]) -> dict[Column, list[dict[str, Any]]]:
    """Of each forest plot, and of the curves beside it, what the page hands out.

    That is its name, its numbers as CSV and its specification.
    """
    made: dict[Column, list[dict[str, Any]]] = {}
    for one in (*forests(verdicts), *differences(verdicts)):
        table, spec = one.draw()
        of = {"name": one.name, "csv": _csv(table), "spec": spec}
        made.setdefault(Column(**one.terms), []).append(of)
    return made


def pictures_taken_out(records: list[RunRecord], folder: Path) -> dict[str, str]:
    """The coordinates of each picture of cells as CSV, by the words that name the picture.

    None of a picture for which a page has no room left, and of one whose file is damaged.
    """
    runs = [("picture", "test", run) for run in pictured(records, folder)]
    runs += [("training", "train", run) for run in trained(records, folder)]
    made: dict[str, str] = {}
    room = MOST_CELLS
    for kind, part, run in runs:
        if part == "train" and run.spec.size > room:
            continue  # unread: there may be a million
        with contextlib.suppress(DataError):
            table = cell_table(cells_of(run, folder, part))
            if len(table) <= room:
                room -= len(table)
                name = f"{kind} {picture_words(run)}"
                made[name] = table.to_csv(index=False, float_format="%.4g")
    return made


def write_figure(figure: Figure, path: Path) -> Path:
    """Write a figure in the form that the file's name asks for; returns the path.

    Raises OmicsbenchError for a name that asks for none.
    """
    make = FORMS.get(path.suffix)
    if make is None:
        raise OmicsbenchError(f"Cannot write {path}: its name must end in {', '.join(FORMS)}.")
    with disk.whole(path) as temporary:
        temporary.write_bytes(make(figure))
    return path
