"""Figures of the pages of compare and history are taken out as SVG, PNG and CSV."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from browser import Visit, until
from histories import at, digits_runs, worsen
from omicsbench.records.spec import RunRecord
from omicsbench.reporting import comparison_page
from omicsbench.reporting.history_page import write_history
from omicsbench.tracking.compare import compare_records
from omicsbench.tracking.history import entries, joined
from omicsbench.tracking.trends import trends


@pytest.fixture(scope="module")
def real() -> list[RunRecord]:
    return digits_runs()


def taken(page: Any, figure: Any, place: Path) -> list[dict[str, str]]:
    """The rows of the CSV; SVG and PNG are looked at too."""
    files = {}
    for form in ("svg", "png", "csv"):
        with page.expect_download() as waiting:
            figure.locator(".take button", has_text=form.upper()).click()
        files[form] = place / f"figure.{form}"
        assert waiting.value.suggested_filename.endswith(f".{form}")
        waiting.value.save_as(files[form])
    assert files["svg"].read_text(encoding="utf-8").startswith("<svg")
    assert files["png"].read_bytes().startswith(b"\x89PNG")
    assert files["png"].stat().st_size > 2_000
    with files["csv"].open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_comparison(visit: Visit, real: list[RunRecord], tmp_path: Path) -> None:
    found = compare_records(at(real, 1), worsen(at(real, 2), "mlp", score=0.2))
    path = tmp_path / "compare.html"
    path.write_text(comparison_page.page(found), encoding="utf-8")
    page, wrong = visit(path, 1280)
    figure = page.locator("figure").first
    rows = taken(page, figure, tmp_path)
    assert rows
    assert {row["pipeline"] for row in rows} == {change.pipeline for change in found.changes}
    assert not wrong


def test_a_history(visit: Visit, real: list[RunRecord], tmp_path: Path) -> None:
    kept = [entry for place in range(4) for entry in entries(at(real, place))[0]]
    path = write_history(trends(joined(kept)), tmp_path / "h.html")
    page, wrong = visit(path, 1280)
    until(page, "Boolean(document.querySelector('#charts figure .take'))")
    rows = taken(page, page.locator("#charts figure").first, tmp_path)
    assert len(rows) == 4
    assert {"revision", "date", "mean", "sd"} <= rows[0].keys()
    assert not wrong
