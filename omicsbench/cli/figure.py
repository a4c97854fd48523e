"""The command `figure`: one figure of a report, or the table for a paper, as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from omicsbench.errors import OmicsbenchError, unknown

TABLE = "table"


def figure(
    name: Annotated[
        str,
        typer.Argument(
            metavar="[NAME]", help="Name of the figure; table: the scores as a table for a paper."
        ),
    ],
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="FOLDER", help="Results folder; alone, its figures are listed."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="File to write: .svg, .png, .pdf, .csv (its numbers) or .json (Vega-Lite); of the "
            "table .tex, .md or .csv. By default NAME.svg, table.tex.",
        ),
    ] = None,
) -> None:
    """Write one figure of the report, or the table for a paper; list them with FOLDER alone."""
    from omicsbench import plot

    if folder is None:
        if out is not None:
            raise OmicsbenchError(f"Nothing to write to {out}: name a figure before the folder.")
        print(f"{TABLE}  (the scores as a table for a paper)")
        for known, title in plot.figures(name).titles().items():
            print(f"{known}  ({title})")
        return
    if name == TABLE:
        print(f"Wrote {plot.table(folder).save(out or Path(f'{TABLE}.tex'))}")
        return
    found = plot.figures(folder)
    if name not in found:
        raise OmicsbenchError(unknown("figure", name, [TABLE, *found]))
    print(f"Wrote {found[name].save(out or Path(f'{name}.svg'))}")
