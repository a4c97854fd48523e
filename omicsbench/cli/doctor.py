"""The command `doctor`: what this machine has, and what will be left out on it."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Annotated

import typer

from omicsbench.cli.options import OUTPUT, AsJson, Plugins

if TYPE_CHECKING:
    from omicsbench.planning.health import Health

WIDTH = 100  # characters


def doctor(
    results: Annotated[
        Path,
        typer.Option("--results", help="Where results will lie.", rich_help_panel=OUTPUT),
    ] = Path("results"),
    plugins: Plugins = None,
    as_json: AsJson = False,
) -> None:
    """Tell what this machine has: threads, BLAS, GPU, disk, and what will be skipped and why."""
    from omicsbench.planning.health import health
    from omicsbench.registry.discover import discover

    found = health(discover(plugins or []), results, os.environ)
    if as_json:
        content = asdict(found) | {"environment": found.environment.model_dump(mode="json")}
        print(json.dumps(content, indent=1, ensure_ascii=False))
    else:
        print("\n".join(_lines(found)))


def _lines(found: Health) -> list[str]:
    wide = max(map(len, found.facts))
    said = [f"{name.ljust(wide)}  {fact}" for name, fact in found.facts.items()]
    said.append("")
    if found.skipped:
        said.append("Skipped here:")
        said += [f"  {what} {reason}" for what, reason in found.skipped.items()]
    else:
        said.append("Nothing is skipped: every method and data set can be used here.")
    if found.not_downloaded:
        names = ", ".join(found.not_downloaded)
        said.append(
            fill(
                f"Not downloaded yet (omicsbench fetch NAME): {names}",
                WIDTH,
                subsequent_indent="  ",
            )
        )
    said += [f"Cannot be read: {path}: {reason}" for path, reason in found.broken.items()]
    said += [_filled(f"! {text}") for text in found.warnings]
    return said


def _filled(text: str) -> str:
    return fill(text, WIDTH, subsequent_indent="  ", break_long_words=False)
