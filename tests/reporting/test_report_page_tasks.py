"""The report of predictions and of joint embeddings: what is drawn, what is said, what is left."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from browser import Visit
from demo import EVIL, Made
from demo_tasks import (
    JOINT,
    drawn,
    embedded,
    joint,
    predicted,
    read,
    rows,
)
from omicsbench.metrics.base import METRICS
from omicsbench.reporting import answer, write_report
from omicsbench.verdict.judge import verdicts

pytestmark = pytest.mark.usefixtures("known_metrics")


DETAILS = ("reliability", "coverage", "posterior", "uncertainty", "modalities")


def test_what_there_is_not_is_not_shown(
    tmp_path: Path, prediction: Made, integration: Made
) -> None:
    plain = write_report(embedded(), tmp_path, tmp_path / "a.html", command="").page
    assert not {"predictions", "modalities"} & read(plain).ids
    assert not any((tmp_path / f"{name}.csv").exists() for name in DETAILS)
    assert "modalities" not in read(prediction[1]).ids
    assert "predictions" not in read(integration[1]).ids
    for page, names in ((prediction[1], DETAILS[:4]), (integration[1], DETAILS[4:])):
        written = {path.stem for path in page.parent.glob("*.csv")} & set(DETAILS)
        assert written == set(names)
        assert all(f"{name}.csv" in read(page).shown for name in names)
    bare = [r.model_copy(update={"curves": {}}) for r in predicted()]
    assert (
        "predictions"
        not in read(write_report(bare, tmp_path, tmp_path / "b" / "b.html", command="").page).ids
    )


def test_tasks_are_never_counted_together(mixed: Made) -> None:
    records, page = mixed
    found = verdicts(records)
    words = answer(found, records)
    assert {sentence.partition(": ")[0] for sentence in words} == {
        "Embedding",
        "Prediction",
        "Integration",
    }
    for task, head in (("predict", "Prediction"), ("integrate", "Integration")):
        alone = [r for r in records if r.spec.task == task]
        said = answer(verdicts(alone), alone)
        assert [w.removeprefix(f"{head}: ") for w in words if w.startswith(head)] == said
        assert all(sentence in read(page).shown for sentence in said)
    text = (page.parent / "verdicts.md").read_text(encoding="utf-8")
    for head in ("embedding", "prediction", "integration"):
        assert f"## Deep against simple: {head}\n" in text
    matrices = page.read_text(encoding="utf-8").partition('id="overview"')[2]
    first = matrices.partition("</table>")[0]
    assert METRICS["knn_recall"].title in first
    assert METRICS["log_loss"].title not in first
    assert "rna: counts" in read(page).shown, "told by one task of a data set that serves two"


def test_the_order_of_records_does_not_matter(mixed: Made, tmp_path: Path) -> None:
    records, page = mixed
    again = write_report(records[::-1], page.parent, tmp_path / "report.html", command="").page
    assert again.read_bytes() == page.read_bytes()


def test_one_repeat_has_no_interval(tmp_path: Path) -> None:
    records = [r for r in predicted() + joint() if r.spec.repeat == 0]
    page = write_report(records, tmp_path, tmp_path / "report.html", command="").page
    assert set(drawn(page)["coverage"]["low"]) == {None}
    assert not re.search(r"\bnan\b", read(page).shown)


def test_no_name_becomes_markup(hostile_tasks: Path) -> None:
    text = hostile_tasks.read_text(encoding="utf-8")
    assert "<script>alert(1)" not in text
    assert EVIL in read(hostile_tasks).shown


@pytest.mark.parametrize("width", [1280, 390])
def test_browser_draws_all_tasks_within_its_width(
    open_report: Visit, mixed: Made, width: int
) -> None:
    page, wrong = open_report(mixed[1], width)
    assert not wrong
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    charts_of = page.locator("#predictions .chart[data-kind=reliability]:not([hidden])")
    assert charts_of.count() == 2 * 5, "all but the control and what timed out, on two data sets"
    points = charts_of.first.locator(".mark-symbol path").count()
    name = charts_of.first.get_attribute("data-pipeline")
    assert points == len(rows(mixed[1], "reliability", pipeline=name, dataset="blood_cells"))
    lines = page.locator("#predictions .chart[data-kind=coverage]").first
    assert lines.locator(".mark-line path").count() == 5
    bars = page.locator("#modalities .stack")
    assert bars.count() == len(JOINT)
    widths = bars.first.evaluate("bar => [...bar.children].map((part) => part.offsetWidth)")
    share = rows(mixed[1], "modalities", metric="modality_balance", modality="rna")
    first = share[share["pipeline"] == "factor_model(n_components=10)"]["mean"].item()
    assert widths[0] / sum(widths) == pytest.approx(first, abs=0.02)


def test_browser_shows_a_held_out_class_and_samples(open_report: Visit, prediction: Made) -> None:
    page, wrong = open_report(prediction[1], 390)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.locator(".chart[data-kind=posterior] .mark-rule.role-mark line").count() == 4
    chart = page.locator(".chart[data-kind=uncertainty]:not([hidden])").first
    assert chart.locator(".mark-rect path").count() > 20
    control = page.locator(".chart[data-pipeline=majority_class][data-kind=reliability]").first
    assert control.is_hidden()
    page.locator("#predictions .legend button", has_text="majority_class").click()
    control.scroll_into_view_if_needed()
    control.locator("svg.marks").wait_for()
    assert not wrong


def test_browser_runs_no_name(open_report: Visit, hostile_tasks: Path) -> None:
    page, wrong = open_report(hostile_tasks, 390)
    assert not wrong
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
