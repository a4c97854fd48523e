"""Printed, pages of compare, of history and of a site hold all that they tell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from browser import Visit
from command import inside
from histories import at, digits_runs, worsen
from omicsbench.records.spec import RunRecord
from omicsbench.reporting import comparison_page
from omicsbench.reporting.history_page import write_history
from omicsbench.tracking.compare import compare_records
from omicsbench.tracking.history import entries, joined
from omicsbench.tracking.trends import trends
from result_sets import STRENGTH, made, runs

SHEET = {"width": 710, "height": 1000}  # A4 without its margins
HIDDEN = """
[...document.querySelectorAll('h1, h2, h3, p, li, table, td, figure svg, details, summary')]
  .filter((e) => !e.closest('nav, .filters, .search, .take, noscript') && !e.checkVisibility({
    contentVisibilityAuto: true }) && e.textContent.trim())
  .map((e) => e.tagName + ' ' + e.textContent.trim().slice(0, 40))
"""
CUT = """
[...document.querySelectorAll('.scroll, figure')].filter((e) => e.scrollWidth > e.clientWidth + 1)
  .map((e) => e.getAttribute('aria-label') || e.textContent.slice(0, 60))
"""


@pytest.fixture(scope="module")
def real() -> list[RunRecord]:
    return digits_runs()


def printed(page: Any) -> None:
    """Nothing that the page tells is hidden or cut on paper."""
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    page.set_viewport_size(SHEET)
    assert page.evaluate(HIDDEN) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= SHEET["width"]
    assert page.evaluate(CUT) == []


def test_a_printed_comparison_holds_its_tables(
    visit: Visit, tmp_path: Path, real: list[RunRecord]
) -> None:
    base, head = at(real, 1), worsen(worsen(at(real, 2), "mlp", score=0.2), "class_prior", memory=2)
    head = worsen(head, "logistic_regression", crash=True)
    found = compare_records(base, head)
    assert found.lost
    assert found.regressions
    (tmp_path / "compare.html").write_text(comparison_page.page(found), encoding="utf-8")
    page, wrong = visit(tmp_path / "compare.html", 1280)
    printed(page)
    assert page.locator(".cause table").count() >= 2
    assert page.locator("figure svg").count() >= 1
    assert not wrong


def test_a_printed_history_holds_its_changes(
    visit: Visit, tmp_path: Path, real: list[RunRecord]
) -> None:
    slow = worsen(real, "mlp", memory=1.5)
    both = worsen(slow, "logistic_regression", memory=1.5)
    kept = [
        entry
        for place in range(12)
        for entry in entries(at(real if place < 4 else slow if place < 8 else both, place))[0]
    ]
    page, wrong = visit(write_history(trends(joined(kept)), tmp_path / "history.html"), 1280)
    printed(page)
    assert page.locator(".cause table").count() >= 2
    page.locator("#charts [data-drawn] svg").first.wait_for()
    assert not wrong


def test_a_printed_site_holds_its_tables(visit: Visit, tmp_path: Path) -> None:
    made(tmp_path / "set", runs(STRENGTH))
    assert inside("site", tmp_path / "set", "-o", tmp_path / "out").returncode == 0
    for name in ("index", "task-embed", "method-pca", "dataset-data0", "sets"):
        page, wrong = visit(tmp_path / "out" / f"{name}.html", 1280)
        printed(page)
        assert not wrong
