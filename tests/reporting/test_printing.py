"""Printed, nothing of the page is cut."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from browser import Visit
from demo import DATASETS, JUDGED, PIPELINES, demo
from omicsbench.records.spec import RunRecord
from omicsbench.reporting import write_report

METRICS = 12
NO_PICTURES = {name for name, (_, dim, *_) in PIPELINES.items() if dim == 10}
SHEET = re.compile(rb"/Type\s*/Page[^s]")


def few_metrics(records: list[RunRecord], number: int = METRICS) -> list[RunRecord]:
    return [r.model_copy(update={"scores": dict(list(r.scores.items())[:number])}) for r in records]


def test_what_to_use_and_the_chosen_data_set_stand_on_two_sheets(
    visit: Visit, tmp_path: Path
) -> None:
    shown = {name: DATASETS[name] for name in ("blood_cells", "cohort(n=12000)", "digits")}
    records = few_metrics([r for r in demo(tmp_path, shown) if r.spec.pipeline in NO_PICTURES])
    made = write_report(records, tmp_path, tmp_path / "a.html", command="x", analysis=JUDGED).page
    page, wrong = visit(made, 1280)
    assert len(SHEET.findall(page.pdf(format="A4"))) == 2
    page.emulate_media(media="print")
    bars = "[...document.querySelectorAll('#each svg path.bar')].map((e) => e.checkVisibility())"
    seen = page.evaluate(bars)
    assert len(seen) > 3
    assert all(seen), "the intervals are printed too"
    narrow = "[...document.querySelectorAll('.forests tbody th')].filter((e) => e.clientWidth < 60)"
    assert page.evaluate(f"{narrow}.length") == 0
    assert not wrong


def test_nothing_is_cut_in_print(visit: Visit, tmp_path: Path) -> None:
    records = few_metrics(demo(tmp_path, {"blood_cells": DATASETS["blood_cells"]}))
    made = write_report(records, tmp_path, tmp_path / "a.html", command="x", analysis=JUDGED).page
    page, wrong = visit(made, 1280)
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.locator("#explorer [data-drawn] svg").first.wait_for()
    assert len(SHEET.findall(page.pdf(format="A4"))) <= 2
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 710, "height": 1000})  # A4 without its margins
    assert page.evaluate("document.documentElement.scrollWidth") <= 710
    cut = page.evaluate(
        "[...document.querySelectorAll('.scroll, figure')].filter((e) => e.checkVisibility()"
        " && e.scrollWidth > e.clientWidth + 1).map((e) => e.className)"
    )
    assert cut == []
    assert not wrong


@pytest.mark.parametrize("metrics", [4, METRICS])
def test_many_data_sets_stand_on_two_sheets_too(visit: Visit, tmp_path: Path, metrics: int) -> None:
    shown = {f"set {i}": DATASETS["blood_cells"] for i in range(13)}
    runs = [r for r in demo(tmp_path, shown) if r.spec.pipeline in NO_PICTURES]
    made = write_report(
        few_metrics(runs, metrics), tmp_path, tmp_path / "a.html", command="x", analysis=JUDGED
    )
    page, wrong = visit(made.page, 1280)
    assert page.locator("#each article:visible").count() == 13
    assert not page.locator("#more-rows").is_visible()
    assert len(SHEET.findall(page.pdf(format="A4"))) == 2
    page.emulate_media(media="print")
    printed = page.locator("#each article:visible").count()
    assert 1 < printed < 13
    said = page.locator("#more-rows:visible").inner_text()
    assert said.startswith(f"{13 - printed} more of 13 data sets")
    page.select_option("[name=dataset]", "set 12", force=True)
    assert page.locator("#each article:visible").count() == 1, "what is chosen is printed"
    assert page.locator("#more-rows:visible").count() == 0
    assert not wrong
