"""What the bar chooses is kept in the address, and the whole page follows it."""

from __future__ import annotations

from pathlib import Path

import pytest

from browser import Visit, until
from demo import DATASETS, Made
from omicsbench.records.spec import Status

ONE = "cohort(n=12000)"


def test_a_choice_is_kept_in_the_address_and_governs_every_part(visit: Visit, made: Made) -> None:
    page, wrong = visit(made[1], 1280)
    page.select_option("[name=dataset]", ONE)
    page.select_option("[name=metric]", "trustworthiness")
    page.select_option("[name=dim]", "2")
    for part in ("verdicts", "curves", "data-sets"):
        shown = page.locator(f"#{part} .place:visible, #{part} > details:visible")
        heads = shown.locator("h3").all_inner_texts()
        assert heads, part
        assert {head.split(" ")[0] for head in heads} == {ONE}, part
    assert page.locator("#overview tbody tr:visible").count() == 1
    assert page.locator("#explorer h3").inner_text() == f"{ONE} · 2-D"
    assert page.locator("#panel-name").inner_text() == f"{ONE} · 2-D"
    page.click("nav a[href='#verdicts']")
    until(page, "location.hash.startsWith('#verdicts?')")
    again, wrong_again = visit(made[1], 1280)
    again.goto(page.url)
    assert again.locator("[name=dataset]").input_value() == ONE
    assert again.locator("#explorer h3").inner_text() == f"{ONE} · 2-D"
    again.click("#reset")
    assert again.locator("[name=dataset]").input_value() == ""
    assert again.locator("#curves > details:visible").count() == len(DATASETS)
    assert not wrong + wrong_again


def test_contestants_that_are_hidden_stay_so_in_the_address(visit: Visit, made: Made) -> None:
    page, wrong = visit(made[1], 1280)
    page.click("[popovertarget=contestants]")
    page.locator("#contestants button", has_text="factors").click()
    again, _ = visit(made[1], 1280)
    again.goto(page.url)
    rows = again.locator("#heat tbody th").all_inner_texts()
    assert rows
    assert not any("factors" in row or "random_embedding" in row for row in rows)
    assert not wrong


@pytest.mark.parametrize("hash", ["#x?dataset=nobody&without=%7B", "#?size=-1", "#%"])
def test_an_address_that_is_not_ours_shows_everything(visit: Visit, made: Made, hash: str) -> None:
    page, wrong = visit(made[1], 1280)
    page.goto(made[1].as_uri() + hash)
    page.reload()
    assert page.locator("#curves > details:visible").count() == len(DATASETS)
    assert page.locator("#heat tbody tr").count() > 2
    assert not wrong


def test_the_heat_map_ranks_and_hatches(visit: Visit, made: Made) -> None:
    page, wrong = visit(made[1], 1280)
    page.select_option("[name=dataset]", "blood_cells")
    page.select_option("[name=metric]", "knn_recall")
    first = page.locator("#heat tbody tr").first
    assert "autoencoder" in first.locator("th").inner_text()
    assert first.locator(".rank").first.inner_text() == "1"
    failed = page.locator("#heat tr", has_text="variational").locator("td.failed").first
    assert failed.inner_text() == "5 timeout"
    page.select_option("[name=size]", "100")
    assert "autoencoder" not in page.locator("#heat tbody tr").first.locator("th").inner_text()
    assert not wrong


def test_a_point_opens_its_repeats_its_record_and_its_command(visit: Visit, made: Made) -> None:
    records, path = made
    page, wrong = visit(path, 1280)
    page.goto(path.as_uri() + "#ranks?dataset=blood_cells&metric=knn_recall&size=300")
    page.locator("#heat tr", has_text="factors").locator("td button").first.click()
    box = page.locator("#runs[open]")
    box.wait_for()
    own = [
        r
        for r in records
        if (r.spec.dataset, r.spec.size) == ("blood_cells", 300) and "factors" in r.spec.pipeline
    ]
    rows = [row.split("\t") for row in box.locator("tbody tr").all_inner_texts()]
    assert [(int(row[0]), row[1], row[-1]) for row in rows] == [
        (r.spec.repeat, r.status.value, r.key) for r in sorted(own, key=lambda r: r.spec.repeat)
    ]
    failed = next(r for r in own if r.status is not Status.OK)
    box.locator("button", has_text=failed.key).click()
    assert failed.reason
    assert failed.reason in box.locator(".record").inner_text()
    said = box.locator("code").inner_text()
    assert said.startswith("omicsbench run demo")
    for words in ("--dataset 'blood_cells'", "--method 'factors(n_components=10)'", "--sizes 300"):
        assert words in said
    page.keyboard.press("Escape")
    assert page.locator("#runs[open]").count() == 0
    assert not wrong


def test_a_marker_opens_its_runs(open_report: Visit, made: Made) -> None:
    page, wrong = open_report(made[1], 1280)
    page.locator("#explorer .chart:first-child .mark-symbol path").last.click(force=True)
    page.locator("#runs[open] tbody tr").first.wait_for()
    assert not wrong


def test_the_path_of_a_newcomer(visit: Visit, made: Made, tmp_path: Path) -> None:
    """Open, choose a data set, read, follow a link, open a record, take the figure away."""
    page, wrong = visit(made[1], 1280)
    lead = page.locator("#answer .lead").first.inner_text()
    assert "n" in lead
    assert lead.endswith(".")
    row = page.locator("#each article", has_text="blood_cells")
    said = row.locator("p").first.inner_text()
    assert said.startswith("Use ")
    assert said.endswith(".")
    row.locator("a").first.click()
    assert page.locator("[name=dataset]").input_value() == "blood_cells"
    page.click("nav a[href='#curves']")
    until(page, "location.hash === '#curves?dataset=blood_cells'")
    chart = page.locator("#explorer .chart").first
    chart.locator("[data-drawn] svg").wait_for()
    chart.locator(".mark-symbol path").last.click(force=True)
    box = page.locator("#runs[open]")
    box.locator("tbody button").last.click()
    assert box.locator(".record h3").inner_text().startswith("Record ")
    page.keyboard.press("Escape")
    with page.expect_download() as waiting:
        chart.locator(".take button", has_text="SVG").click()
    waiting.value.save_as(tmp_path / "figure.svg")
    assert (tmp_path / "figure.svg").read_text(encoding="utf-8").startswith("<svg")
    assert not wrong
