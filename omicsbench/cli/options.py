"""What several commands share: options, how --help groups them, and what is printed at the end."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

WHAT = "What runs"  # a panel of --help
Plugins = Annotated[
    list[Path] | None,
    typer.Option(
        "--plugins", help="Folder of your own methods, data sets and metrics.", rich_help_panel=WHAT
    ),
]


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


def print_answer(folder: Path) -> None:
    """Print the verdicts of a results folder in plain words."""
    from omicsbench import api

    for sentence in api.answer(folder):
        print(f"- {sentence}")
