"""What tests of faults share: how many, and the table of what was done and what came of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

Tell = Callable[[str, str, str], None]
BEGIN, END = "<!-- table of faults: begin -->", "<!-- table of faults: end -->"
rows: dict[str, tuple[str, str]] = {}


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("faults")
    group.addoption("--kills", type=int, help="random kills (20)")
    group.addoption("--soak", type=int, help="runs in one driver (500)")
    group.addoption("--keep", type=Path, help="folder in which a stopped matrix goes on")
    group.addoption("--table", type=Path, help="document whose table is written")


@pytest.fixture
def tell() -> Tell:
    """Add a row to the table: what was done, how often, and what was found; of tests that pass."""

    def add(fault: str, times: str, found: str) -> None:
        rows[fault] = (times, found)

    return add


def pytest_sessionfinish(session: pytest.Session) -> None:
    page = session.config.getoption("--table", None)
    if page is None or not rows or session.testsfailed:
        return
    lines = ["| what was done | how often | what was found |", "|---|---|---|"]
    lines += [f"| {fault} | {times} | {found} |" for fault, (times, found) in rows.items()]
    text = page.read_text(encoding="utf-8")
    table = f"{BEGIN}\n" + "\n".join(lines) + f"\n{END}"
    page.write_text(re.sub(f"{BEGIN}.*?{END}", lambda _: table, text, flags=re.DOTALL))
