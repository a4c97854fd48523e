"""A figure as a file: SVG, PNG or PDF to look at, its numbers as CSV, its specification as JSON."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from omicsbench.errors import DataError, OmicsbenchError
from omicsbench.records import disk
from omicsbench.records.spec import RunRecord
from omicsbench.reporting.figures import Figure
from omicsbench.reporting.gallery import cells_of, kept
from omicsbench.reporting.more_figures import OtherFigure
from omicsbench.reporting.picture_figures import PARTS, cell_table

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


@dataclass(frozen=True)
class HandedOut:
    """Figures that a page hands out: ``data`` for its script, and the place of each in it."""

    data: dict[str, Any]
    places: Mapping[tuple[str, frozenset[Any]], int]

    def place(self, kind: str, **terms: Any) -> int | None:
        """Of the figure of a kind with these terms; None where there is none."""
        return self.places.get((kind, frozenset(terms.items())))


def handed_out(figures: Iterable[OtherFigure]) -> HandedOut:
    """Their names, titles and rows; a specification that several share is there once."""
    specs: list[dict[str, Any]] = []
    made: list[dict[str, Any]] = []
    places: dict[tuple[str, frozenset[Any]], int] = {}
    for one in figures:
        _, spec = one.draw()
        title, rows = spec.pop("title"), spec.pop("data")["values"]
        if spec not in specs:
            specs.append(spec)
        places[one.kind, frozenset(one.terms.items())] = len(made)
        own = {"title": title, "rows": rows, "spec": specs.index(spec)}
        made.append({"name": f"{one.kind} {one.words}"} | own)
    return HandedOut({"specs": specs, "figures": made}, places)


def pictures_taken_out(records: list[RunRecord], folder: Path) -> dict[str, str]:
    """The coordinates of each picture on a page as CSV, by the words that name the picture.

    None of a picture for which the page has no room left, and of one whose file is damaged.
    """
    made: dict[str, str] = {}
    room = MOST_CELLS
    for kind, (part, _) in PARTS.items():
        for one in kept(records, folder, part, on_page=True):
            if part == "train" and one.run.spec.size > room:
                continue  # unread: there may be a million
            with contextlib.suppress(DataError):
                table = cell_table(cells_of(one))
                if len(table) <= room:
                    room -= len(table)
                    csv = table.to_csv(index=False, float_format="%.4g")
                    made[f"{kind} {one.words}"] = csv
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
