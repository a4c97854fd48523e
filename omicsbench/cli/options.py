"""What several commands share: options, how --help groups them, and what is printed at the end."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

if TYPE_CHECKING:
    from omicsbench.reporting import Report
    from omicsbench.tracking.compare import Comparison

WHAT = "What runs"  # a panel of --help
Plugins = Annotated[
    list[Path] | None,
    typer.Option(
        "--plugins", help="Folder of your own methods, data sets and metrics.", rich_help_panel=WHAT
    ),
]
MARKDOWN = typer.Option("--markdown", help="Write Markdown, for a pull request or a CI summary.")
HTML = typer.Option("--html", help="Write a page that opens offline.")
JSON = typer.Option("--json", help="Write everything as JSON.")
JUNIT = typer.Option("--junit", help="Write JUnit XML.")


class Grouped(TyperCommand):
    """A command whose --help shows its options by their panel, in the order of the first ones."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write arguments and options, each panel under its name."""
        panels: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            if record := param.get_help_record(ctx):
                other = "Arguments" if param.param_type_name == "argument" else "Other"
                panel = getattr(param, "rich_help_panel", None) or other
                panels.setdefault(panel, []).append(record)
        for panel, records in panels.items():
            with formatter.section(panel):
                formatter.write_dl(records)


def print_report(report: Report) -> None:
    """Print what a report says in plain words, and where it is."""
    for sentence in report.answer:
        print(f"- {sentence}")
    print(f"Report: {report.page}")


def tell(
    found: Comparison,
    *,
    markdown: Path | None = None,
    html: Path | None = None,
    json: Path | None = None,
    junit: Path | None = None,
) -> None:
    """Print a comparison, and write it to the files that are named."""
    from rich.console import Console
    from rich.table import Table

    from omicsbench.cli.exit_codes import OF_ALARM
    from omicsbench.records.store import write_text
    from omicsbench.reporting import comparison_page as comparison

    wide = Console(width=None if sys.stdout.isatty() else 160, highlight=False)
    for title, heads, rows, more in comparison.parts(found):
        caption = f"and {more:,} more (--json has them all)" if more else None
        table = Table(*heads, title=title, title_justify="left", caption=caption)
        for cells in rows:
            table.add_row(*cells)
        wide.print(table)
    for said in comparison.sentences(found):
        print(f"- {said}")
    print(comparison.outcome_line(found))
    written: dict[Path | None, Callable[[Comparison], str]] = {
        markdown: comparison.markdown,
        json: partial(comparison.to_json, exit_code=OF_ALARM[found.alarm]),
        junit: comparison.junit,
        html: comparison.page,
    }
    for path, make in written.items():
        if path is not None:
            write_text(path, make(found))
