"""Every point of the page opens its repeats, their records and the command that makes them."""

from __future__ import annotations

import shlex
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import builders
import kept_cells
from browser import Visit
from demo import Made
from omicsbench.records.embeddings import MANY_CELLS
from omicsbench.records.spec import RunRecord, Status
from omicsbench.records.table import base_name
from omicsbench.reporting import write_report
from omicsbench.reporting.again import base_of
from scatter import clusters
from tests.helpers.answer_runs import base, of_donors

OF_SCORES = ("curve", "pareto", "budget", "gain", "fit", "memory")
OF_PREDICTIONS = ("reliability", "coverage", "posterior", "uncertainty")
BARS = ("posterior", "uncertainty")
LARGEST = """all => {
  const boxes = all.map((mark) => mark.getBoundingClientRect());
  const areas = boxes.map(({ width, height }) => width * height);
  return areas.indexOf(Math.max(...areas));
}"""
STATIC = ("#each .forests td:nth-child(2) .point", "#each .spark", "#how-many .point")


def told_of(page: Any, records: list[RunRecord]) -> list[RunRecord]:
    """The runs in the dialog, which are those that it names; and its command asks for them."""
    box = page.locator("#runs[open]")
    box.locator("tbody tr").first.wait_for()
    by_key = {r.key: r for r in records}
    shown = [by_key[key] for key in box.locator("tbody button").all_inner_texts()]
    heading, places = box.locator("h2").inner_text(), box.locator(".meta").inner_text().split("; ")
    assert {f"{r.spec.pipeline}, n = {r.spec.size:,}" for r in shown} == set(heading.split(" and "))
    assert {r.spec.dataset for r in shown} == {place.split(" · ")[0] for place in places}
    of = {(r.spec.dataset, r.spec.pipeline, r.spec.size) for r in shown}
    every = [r for r in records if (r.spec.dataset, r.spec.pipeline, r.spec.size) in of]
    assert {r.key for r in shown} == {r.key for r in every}, "all repeats, and no others"
    asked = set()
    for line in box.locator("code").inner_text().splitlines():
        words = shlex.split(line)
        assert words[:3] == ["omicsbench", "run", "demo"]
        assert "--only" in words
        given = [(a, b) for a, b in pairwise(words) if a in ("--method", "--sizes", "--dataset")]
        size, dataset = (
            next(b for a, b in given if a == name) for name in ("--sizes", "--dataset")
        )
        asked |= {(dataset, b, int(size)) for a, b in given if a == "--method"}
    assert asked == {(base_name(dataset), pipeline, size) for dataset, pipeline, size in of}
    box.locator("tbody button").last.click()
    assert box.locator(".record h3").inner_text() == f"Record {shown[-1].key}"
    return shown


def press(page: Any, kind: str) -> None:
    """A point, or the largest bar, of the first chart of a kind."""
    chart = page.locator(f".chart[data-kind={kind}]").first
    chart.evaluate("chart => chart.closest('details')?.setAttribute('open', '')")
    chart.scroll_into_view_if_needed()
    chart.locator("[data-drawn] svg").wait_for()
    marks = chart.locator(f".mark-{'rect' if kind in BARS else 'symbol'} path")
    marks.nth(marks.evaluate_all(LARGEST)).click(force=True)


@pytest.mark.parametrize("kind", OF_SCORES)
def test_points_of_scores_and_costs(visit: Visit, made: Made, kind: str) -> None:
    page, wrong = visit(made[1], 1280)
    press(page, kind)
    sides = {r.family for r in told_of(page, made[0])}
    assert sides == {"deep", "simple"} if kind == "gain" else len(sides) == 1
    assert not wrong


@pytest.mark.usefixtures("known_metrics")
@pytest.mark.parametrize("kind", OF_PREDICTIONS)
def test_points_of_predictions(visit: Visit, prediction: Made, kind: str) -> None:
    page, wrong = visit(prediction[1], 1280)
    press(page, kind)
    assert told_of(page, prediction[0])
    assert not wrong


@pytest.mark.parametrize("where", STATIC)
def test_points_that_are_drawn_without_a_library(visit: Visit, made: Made, where: str) -> None:
    page, wrong = visit(made[1], 1280)
    page.evaluate("document.querySelector('#how-many details').open = true")
    page.locator(f"{where}:visible").first.focus()
    page.keyboard.press("Enter")
    shown = told_of(page, made[0])
    assert {r.spec.size for r in shown} == {10_000} or where.startswith("#how-many")
    assert not wrong


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A page of test cells, of very many training cells, and of runs that left no cells."""
    folder = tmp_path_factory.mktemp("pictures")
    records = [
        kept_cells.record(folder, pipeline, MANY_CELLS + 1_000, train)
        for pipeline, train in (("few", None), ("many", clusters(MANY_CELLS + 1_000)))
    ]
    failed = records[1].spec.model_copy(update={"size": MANY_CELLS + 2_000})
    records.append(builders.record(failed, status=Status.TIMEOUT, reason="more than 9 s"))
    command = "omicsbench run demo"
    return records, write_report(records, folder, folder / "page.html", command=command).page


@pytest.mark.parametrize(
    "where", [".gallery img", ".gallery .point .note", ".rasters img", ".rasters .note .point"]
)
def test_a_picture_and_what_stands_for_one_open_the_runs(
    visit: Visit, pictures: Made, where: str
) -> None:
    page, wrong = visit(pictures[1], 1280)
    shown = page.locator(f"#pictures {where}:visible").first
    key = shown.evaluate("one => one.closest('[data-run]').dataset.run")
    shown.click()
    assert key in {r.key for r in told_of(page, pictures[0])}
    assert not wrong


def test_a_curve_against_n_opens_the_nearest(visit: Visit, made: Made) -> None:
    page, wrong = visit(made[1], 1280)
    spark = page.locator("#each .spark:visible").first
    for across, size in ((9, 100), (50, 1000), (87, 10_000)):
        spark.click(position={"x": across, "y": 15})
        assert {r.spec.size for r in told_of(page, made[0])} == {size}
        page.keyboard.press("Escape")
    assert not wrong


def test_a_dumbbell_opens_both_splits(visit: Visit, tmp_path: Path) -> None:
    runs = [r for r in base() if r.spec.dataset == "scmark_immune (hold-out)"]
    records = [*runs, *(of_donors(r, 0.2) for r in runs if r.spec.size < 1_000)]
    made = write_report(records, tmp_path, tmp_path / "a.html", command="omicsbench run demo")
    page, wrong = visit(made.page, 1280)
    page.evaluate("document.getElementById('unfold').click()")
    page.locator("#new-units .point:visible").first.click()
    shown = told_of(page, records)
    assert {r.dataset_info.new_units for r in shown} == {False, True}
    assert not wrong


@pytest.mark.parametrize(
    ("command", "left"),
    [
        ("omicsbench run quick", "omicsbench run quick"),
        ("omicsbench run a -m pca -m 'pca(50) > umap' -d x --sizes 5 --jobs 2", "a --jobs 2"),
        ("omicsbench run --data 'my file.h5ad' --first-look -o r", "--data 'my file.h5ad'"),
        ("omicsbench run a --method=pca -mumap --shard 1/3 --repeats=4 --only --out x", "a"),
        ("omicsbench.run('quick', out='r')", None),
        ("omicsbench run a -m b && omicsbench run c -m d", None),
        ("omicsbench run 'a", None),
    ],
)
def test_what_a_command_chose_is_left_out(command: str, left: str | None) -> None:
    asked = left if left is None or left.startswith("omicsbench") else f"omicsbench run {left}"
    assert base_of(command) == (asked or command)
