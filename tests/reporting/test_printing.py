"""Printed, nothing of the page is cut."""

from __future__ import annotations

from pathlib import Path

from browser import Visit
from demo import DATASETS, JUDGED, demo
from omicsbench.reporting import write_report

METRICS = 12


def test_nothing_is_cut_in_print(visit: Visit, tmp_path: Path) -> None:
    records = [
        r.model_copy(update={"scores": dict(list(r.scores.items())[:METRICS])})
        for r in demo(tmp_path, {"blood_cells": DATASETS["blood_cells"]})
    ]
    made = write_report(records, tmp_path, tmp_path / "a.html", command="x", analysis=JUDGED).page
    page, wrong = visit(made, 1280)
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.locator("#explorer [data-drawn] svg").first.wait_for()
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 710, "height": 1000})  # A4 without its margins
    assert page.evaluate("document.documentElement.scrollWidth") <= 710
    cut = page.evaluate(
        "[...document.querySelectorAll('.scroll, figure')].filter((e) => e.checkVisibility()"
        " && e.scrollWidth > e.clientWidth + 1).map((e) => e.className)"
    )
    assert cut == []
    assert not wrong
