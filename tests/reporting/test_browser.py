"""The report in a browser: drawn without errors, offline, within its width."""

from __future__ import annotations

from pathlib import Path

import pytest

from browser import Visit
from demo import (
    DATASETS,
    Made,
)
from omicsbench.reporting import write_report


def test_browser_draws_predicted_costs_hollow(open_report: Visit, censored: Made) -> None:
    page, wrong = open_report(censored[1], 1280)
    assert not wrong
    for kind in ("fit", "memory"):
        marks = page.locator(f".chart[data-kind={kind}] .mark-symbol path[fill=transparent]")
        assert marks.count() == 2, "one per data set on which a pipeline was left out"
    assert page.locator(".chart[data-kind=curve] .mark-symbol path[fill=transparent]").count() == 0


def test_browser_shows_the_interval_of_a_point_that_is_alone(
    open_report: Visit, made: Made, tmp_path: Path
) -> None:
    """A page of one size, as a first look's: there a band between points has no width."""
    records = [r for r in made[0] if r.spec.size == 1_000]
    written = write_report(records, tmp_path, tmp_path / "page.html", command="omicsbench run demo")
    page, wrong = open_report(written.page, 1280)
    chart = page.locator(".chart[data-kind=curve]").first
    chart.locator("svg").wait_for()
    bars = chart.locator(".mark-rule.role-mark line")
    lengths = bars.evaluate_all("all => all.map((bar) => bar.getBoundingClientRect().height)")
    points = chart.locator(".mark-symbol path").count()
    assert len([length for length in lengths if length > 2]) == points > 2
    assert not wrong


@pytest.mark.parametrize("width", [1280, 390])
def test_browser_shows_the_matrix_in_its_own_box(
    open_report: Visit, tuned: Made, width: int
) -> None:
    page, wrong = open_report(tuned[1], width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    cells = page.locator("table.overview .stand")
    assert cells.count() > 20
    words = {" ".join(text.split()[1:3]) for text in cells.all_inner_texts()}
    shown = {"deep ahead", "simple ahead", "shown equal"}
    assert {w for w in words if not w.startswith("open")} <= shown
    heads = page.locator("table.overview thead th").count()
    assert page.locator("table.overview tbody tr").first.locator("td").count() == heads - 1
    offered = page.locator("[name=currency] option").all_inner_texts()
    assert offered == ["wall time, s", "price of machine time"], "CPU time of searches is unknown"
    for option in ("price", "seconds"):
        page.select_option("[name=currency]", option)
        axis = {"price": "price of machine time", "seconds": "wall time, s"}[option]
        page.wait_for_function(
            "text => document.querySelector('.chart[data-kind=gain]').textContent.includes(text)",
            arg=f"budget: {axis}",
        )
    assert page.locator(".chart[data-kind=budget] .mark-line path").count() == 2
    assert not wrong


@pytest.mark.parametrize("width", [1280, 390])
def test_browser_draws_everything_offline(open_report: Visit, made: Made, width: int) -> None:
    page, wrong = open_report(made[1], width)
    assert not wrong
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    # Two in the explorer, two costs per data set, one per headline metric and output dimension.
    assert page.locator(".chart svg").count() > 2 + 2 * len(DATASETS) + 20
    assert page.locator("text=n* ").count() > 0
    assert page.locator("[name=currency] option").first.inner_text() == "CPU time, s"
    page.wait_for_function(
        "document.querySelector('.chart[data-kind=pareto]').textContent.includes('median CPU time')"
    )
    said = page.locator(".plot").evaluate_all("all => all.map((p) => p.getAttribute('aria-label'))")
    assert all(said)
    assert not [words for words in said if "Vega" in words]


def test_browser_interaction(open_report: Visit, made: Made) -> None:
    page, wrong = open_report(made[1], 1280)
    marks = "document.querySelectorAll('#explorer .chart:first-child .mark-line path').length"
    before = page.evaluate(marks)
    page.click("[popovertarget=contestants]")
    button = page.locator("#contestants button", has_text="factors").first
    button.click()
    assert button.get_attribute("aria-pressed") == "false"
    page.wait_for_function(f"{marks} === {before - 1}")
    page.keyboard.press("Escape")
    page.select_option("[name=dataset]", "linear_control(n=12000)")
    page.select_option("[name=metric]", "reconstruction_mse")
    assert "lower is better" in page.locator("#explorer figcaption").first.inner_text()
    page.select_option("[name=metric]", "")
    page.select_option("[name=dataset]", "blood_cells")
    page.locator("details.inner:visible > summary", has_text="with their numbers").first.click()
    table = page.locator("table.verdicts:visible").first
    table.wait_for()
    every = table.locator("tbody tr:visible").count()
    page.locator(".filter-secondary:visible").first.check()
    assert table.locator("tbody tr:visible").count() > every
    page.locator(".filter-outcome:visible").first.select_option("ahead")
    shown = table.locator("tbody tr:visible")
    assert set(shown.evaluate_all("rows => rows.map((r) => r.dataset.outcome)")) == {"ahead"}
    heading = table.locator("th button", has_text="Difference")
    heading.click()
    values = shown.evaluate_all("rows => rows.map((row) => Number(row.cells[5].dataset.value))")
    assert values == sorted(values)
    assert not wrong


def test_browser_runs_no_text_of_a_record(open_report: Visit, hostile: Path) -> None:
    page, wrong = open_report(hostile, 390)
    assert not wrong
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
