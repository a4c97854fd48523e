"""The command `history`: adds results to the history file, tells what changed, draws the trends."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from omicsbench.cli.options import OUTPUT
from omicsbench.errors import OmicsbenchError

if TYPE_CHECKING:
    from rich.table import Table

    from omicsbench.tracking.trends import Trends

SHOWN = 40  # rows of the table
ADDED = "What is added"  # a panel of --help


def history(
    file: Annotated[Path, typer.Argument(help="History file (.jsonl), one line a revision.")],
    add: Annotated[
        list[Path] | None,
        typer.Option(
            "--add",
            help="Results folder to add; shards of one suite go together.",
            rich_help_panel=ADDED,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="HTML page of the trends (FILE.html).", rich_help_panel=OUTPUT
        ),
    ] = None,
    revision: Annotated[
        str | None,
        typer.Option(
            "--revision",
            help="Commit of what was measured, in place of the recorded.",
            rich_help_panel=ADDED,
        ),
    ] = None,
) -> None:
    """Keep one summary a revision, and show what changed, since when, and the trends."""
    from omicsbench import api

    if not file.name:
        raise OmicsbenchError(f"{file} is a folder; name the history file, such as history.jsonl.")
    page = out or file.with_suffix(".html")
    found = api.history(file, add=add or [], revision=revision, out=page)
    for entry in found.added:
        print(f"Added {entry.revision}, {entry.suite or 'no suite'}, {len(entry.cells)} cells.")
    if found.left_out:
        print(f"Left out {found.left_out} runs of code that no commit holds.")
    _print(found.trends)
    print(f"Page: {page}")


def _print(found: Trends) -> None:
    from rich.console import Console

    revisions = len(found.revisions)
    worse = sum(f.worse for f in found.findings)
    print(
        f"{revisions} revisions, {found.revisions[0].name} to {found.revisions[-1].name}: "
        f"{len(found.findings)} changes, {worse} for the worse."
    )
    if found.findings:
        Console(soft_wrap=False).print(_table(found))
    if len(found.findings) > SHOWN:
        print(f"The {SHOWN} worst of {len(found.findings)}; the page has all.")


def _table(found: Trends) -> Table:
    from rich.table import Table
    from rich.text import Text

    from omicsbench.reporting.history_page import between, commits, size, what

    table = Table(box=None, header_style="bold", pad_edge=False)
    for head in ("", "data set", "pipeline", "n", "what", "change", "between"):
        table.add_column(head, justify="right" if head == "n" else "left", overflow="fold")
    for f in found.findings[:SHOWN]:
        _, dataset, pipeline, n, _ = f.where
        mark = Text("worse", "red") if f.worse else Text("better", "green")
        where = " ".join(filter(None, (between(f, found.revisions), commits(f))))
        # Text, since a pipeline may hold what looks like markup.
        cells = (dataset, pipeline, f"{n:,}", what(f, found.metrics), size(f), where)
        table.add_row(mark, *(Text(cell) for cell in cells))
    return table
