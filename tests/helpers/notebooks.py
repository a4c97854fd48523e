"""Notebooks, run as a reader runs them: cell by cell, each result shown."""

from __future__ import annotations

import ast
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SHOWS = ("_repr_html_", "_repr_svg_", "_repr_markdown_")


@dataclass(frozen=True)
class Shown:
    """What a cell shows of its last expression, by which method; plain text by ``repr``."""

    of: str
    by: str
    text: str


def code_cells(path: Path) -> list[dict[str, Any]]:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


def run_notebook(path: Path) -> list[Shown]:
    """Run all cells in the current folder, and show the last expression of each."""
    names: dict[str, object] = {}
    shown = []
    for number, cell in enumerate(code_cells(path)):
        tree = ast.parse("".join(cell["source"]))
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        where = f"{path.name}, cell {number}"
        exec(compile(tree, where, "exec"), names)
        if last is not None:
            value = eval(compile(ast.Expression(last.value), where, "eval"), names)
            if value is not None:
                shown.append(_shown(value))
    return shown


def _shown(value: object) -> Shown:
    kind = type(value).__name__
    for name in SHOWS:
        if method := getattr(value, name, None):
            return Shown(kind, name, str(method()))
    return Shown(kind, "__repr__", repr(value))
