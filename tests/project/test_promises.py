"""Each promise of the docs has its test, each slow test of promises/ a sentence that it keeps."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "promises.md"
ROW = re.compile(
    r"^\| (?P<said>.+?) \| \[\w+\]\((?P<file>[^)]+)\) \| (?P<tests>`tests/.+`) \|$", re.M
)
ROWS = [m.groupdict() for m in ROW.finditer(PAGE.read_text(encoding="utf-8"))]


def _functions(path: Path) -> dict[str, bool]:
    """Tests of a file by name, and whether each is marked as slow."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {
        node.name: any("mark.slow" in ast.unparse(d) for d in node.decorator_list)
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def _named() -> set[str]:
    return {test for row in ROWS for test in re.findall(r"`([^`]+)`", row["tests"])}


def test_every_row_of_the_page_is_read() -> None:
    table = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line[:2] == "| "]
    assert len(ROWS) == len(table) - 1 > 10  # but for the heading


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["said"][:40])
def test_the_sentence_stands_where_the_page_says(row: dict[str, str]) -> None:
    text = (PAGE.parent / row["file"]).read_text(encoding="utf-8")
    assert " ".join(row["said"].split()) in " ".join(text.split())


@pytest.mark.parametrize("name", sorted(_named()))
def test_the_tests_that_keep_it_exist(name: str) -> None:
    path, _, function = name.partition("::")
    assert function in _functions(ROOT / path)
    marked = "mark.promise" in (ROOT / path).read_text(encoding="utf-8")
    assert path.startswith("tests/promises/") or marked, "make promises would not run it"


def test_no_slow_promise_stands_behind_nothing() -> None:
    slow = {
        f"{path.relative_to(ROOT).as_posix()}::{name}"
        for path in (ROOT / "tests" / "promises").glob("test_*.py")
        for name, is_slow in _functions(path).items()
        if is_slow
    }
    assert len(slow) > 8
    assert slow <= _named()
