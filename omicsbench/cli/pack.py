"""The command `pack`: results as they are committed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def pack(
    folders: Annotated[list[Path], typer.Argument(help="Results folders.")],
) -> None:
    """Pack a results folder for keeping: records.jsonl in place of one file a run."""
    from omicsbench import api

    for folder in folders:
        done = api.pack(folder)
        print(f"{folder}: {done.runs} runs packed; {done.removed} loose files went into it.")
