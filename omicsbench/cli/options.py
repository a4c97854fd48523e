"""What several commands share: options, how --help groups them, and what is printed at the end."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from omicsbench.cli import complete
from omicsbench.cli.examples import EXAMPLES, FIRST
from omicsbench.errors import OmicsbenchError

if TYPE_CHECKING:
    from omicsbench.cli.progress import Said
    from omicsbench.reporting import Report
    from omicsbench.tracking.compare import Comparison

WHAT = "What runs"  # a panel of --help
Plugins = Annotated[
    list[Path] | None,
    typer.Option(
        "--plugins", help="Folder of your own methods, data sets and metrics.", rich_help_panel=WHAT
    ),
]
SUITE = typer.Argument(
    help="Suite, by name or path of a TOML file.", autocompletion=complete.suites
)
OUTPUT = "Output"
MARKDOWN = typer.Option(
    "--markdown",
    help="Write Markdown, for a pull request or a CI summary.",
    rich_help_panel=OUTPUT,
)
HTML = typer.Option("--html", help="Write a page that opens offline.", rich_help_panel=OUTPUT)
JSON = typer.Option("--json", help="Write everything as JSON.", rich_help_panel=OUTPUT)
JUNIT = typer.Option("--junit", help="Write JUnit XML.", rich_help_panel=OUTPUT)
AsJson = Annotated[
    bool, typer.Option("--json", help="Print everything as JSON.", rich_help_panel=OUTPUT)
]


Quiet = Annotated[
    bool,
    typer.Option(
        "--quiet", "-q", help="Say nothing while it runs; log.txt has it.", rich_help_panel=OUTPUT
    ),
]
Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", help="A line for each run.", rich_help_panel=OUTPUT)
]
LONGEST_LINE = 200  # of a command's summary, which wraps rather than being cut


class Grouped(TyperCommand):
    """A command whose --help shows its options by their panel, and examples of its use."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write arguments and options, each panel under its name, in the order of the first."""
        panels: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            if record := param.get_help_record(ctx):
                other = "Arguments" if param.param_type_name == "argument" else "Other"
                panel = getattr(param, "rich_help_panel", None) or other
                panels.setdefault(panel, []).append(record)
        _write(panels, formatter)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write examples, one a line as they are typed, then what there is to say at the end."""
        _write_examples(EXAMPLES.get(self.name or "", ()), formatter)
        super().format_epilog(ctx, formatter)


class ByPurpose(TyperGroup):
    """The commands by what they are for."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write each panel of commands under its name, summaries whole."""
        panels: dict[str, list[tuple[str, str]]] = {}
        for name, command in self.commands.items():
            panel = getattr(command, "rich_help_panel", None) or "Other"
            said = command.get_short_help_str(LONGEST_LINE)
            panels.setdefault(str(panel), []).append((name, said))
        _write(panels, formatter)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write examples of what to begin with."""
        _write_examples(FIRST, formatter)
        super().format_epilog(ctx, formatter)


def _write(panels: dict[str, list[tuple[str, str]]], formatter: Any) -> None:
    for panel, records in panels.items():
        with formatter.section(panel):
            formatter.write_dl(records)


def _write_examples(examples: Iterable[tuple[str, str]], formatter: Any) -> None:
    with formatter.section("Examples"):
        for line, what in examples:
            formatter.write(f"  $ {line}\n")
            formatter.write(f"      {what}\n")


def how_much(quiet: bool, verbose: bool) -> Said:
    """What is said while a suite runs. Raises OmicsbenchError for both at once."""
    from omicsbench.cli.progress import Said

    if quiet and verbose:
        raise OmicsbenchError("--quiet and --verbose are opposites: give one.")
    return Said.QUIET if quiet else Said.VERBOSE if verbose else Said.USUAL


def print_report(report: Report) -> None:
    """Print what a report says in plain words, what to use first, and where it is."""
    for sentence in report.use:
        print(sentence)
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
