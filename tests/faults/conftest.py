"""What tests of faults share: how many, and the table of what was done and what came of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

Tell = Callable[[str, str, str], None]
BEGIN, END = "<!-- table of faults: begin -->", "<!-- table of faults: end -->"
HEAD = "| what was done | how often | what was found | by |\n|---|---|---|---|\n"
DOWNLOADS = "tests/inputs"
rows: dict[str, str] = {}  # by the test that tells
downloads: set[str] = set()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("faults")
    group.addoption("--kills", type=int, help="random kills (20)")
    group.addoption("--soak", type=int, help="runs in one driver (500)")
    group.addoption("--keep", type=Path, help="folder in which stopped kills go on")
    group.addoption("--table", type=Path, help="document whose table is written")


@pytest.fixture
def tell(request: pytest.FixtureRequest) -> Tell:
    """Put into the table what was done, how often, and what was found."""

    def add(done: str, times: str, found: str) -> None:
        _add(request.node.nodeid, done, times, found)

    return add


def _add(test: str, done: str, times: str, found: str) -> None:
    rows[test] = f"| {done} | {times} | {found} | `{test}` |"


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.nodeid.startswith(DOWNLOADS) and report.when == "call" and report.passed:
        downloads.add(report.nodeid)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the rows of tests that passed; those of others stay as they are."""
    page = session.config.getoption("--table", None)
    if page is None:
        return
    if downloads and not session.testsfailed:
        done = "a server that breaks off, lies about what it sends, dawdles, or never ends"
        found = "whole files or one sentence; what has come is kept"
        _add(DOWNLOADS, done, f"{len(downloads)} tests", found)
    text = page.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    table, after = rest.split(END)
    known = {m[1]: m[0] for m in re.finditer(r"^\|.*\| `(tests/.*)` \|$", table, re.MULTILINE)}
    known |= rows
    lines = "\n".join(known[test] for test in sorted(known))
    page.write_text(f"{before}{BEGIN}\n{HEAD}{lines}\n{END}{after}", encoding="utf-8")
