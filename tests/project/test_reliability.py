"""The table of faults in docs/reliability.md was written by tests that are there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")


def test_every_row_names_a_test_that_exists() -> None:
    named = re.findall(r"\| `(tests/[^`]+)` \|$", PAGE, re.MULTILINE)
    for test in named:
        path, _, function = re.sub(r"\[.*\]$", "", test).partition("::")
        assert (ROOT / path).exists(), test
        if function:
            tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
            assert function in {n.name for n in tree.body if isinstance(n, ast.FunctionDef)}, test


def test_every_file_of_hostile_methods_has_its_row() -> None:
    for path in sorted((ROOT / "tests" / "plugins").glob("hostile_*.py")):
        group = path.stem.removeprefix("hostile_")
        of_its_own = {"metrics": "kinds_of_metrics", "datasets": "kinds_of_loaders"}
        assert of_its_own.get(group, f"kinds_of_methods[{group}]") in PAGE, path.name
