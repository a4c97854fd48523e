"""The report's section on a GPU against the processor, from made-up records of both."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

import builders
from browser import Visit
from experiments import experiment
from omicsbench.records import store
from omicsbench.records.merging import merge
from omicsbench.records.planned import write_plan
from omicsbench.records.spec import RunRecord
from omicsbench.reporting import write_report

SIZES = {100: (1.0, 2.0), 1_000: (4.0, 2.0)}


def runs() -> list[RunRecord]:
    return [
        builders.record(
            builders.spec(pipeline=pipeline, size=n, repeat=r, device=device),
            family=family,
            phases={"fit_s": wall[device == "cuda"] * (1 + 0.01 * r)},
            peak_rss_bytes=10**8,
            peak_vram_bytes=None if device == "cpu" else 3 * 2**30,
            environment={"gpu": "A card", "tf32": True} if device == "cuda" else {},
        )
        for pipeline, family in (("autoencoder(10)", "deep"), ("pca(10)", "simple"))
        for n, wall in SIZES.items()
        for r in range(3)
        for device in ("cpu", "cuda")
    ]


def test_the_page_says_from_which_n_the_device_pays(visit: Visit, tmp_path: Path) -> None:
    write_report(runs(), tmp_path, tmp_path / "report.html", command="x")
    table = pd.read_csv(tmp_path / "devices.csv")
    assert len(table) == 2 * len(SIZES)
    assert set(table["pays_from"]) == {1_000}
    assert table["ratio"].tolist() == pytest.approx([0.5, 2, 0.5, 2])
    page, wrong = visit(tmp_path / "report.html", 1280)
    page.click("nav a[href='#devices']")
    page.evaluate("document.getElementById('unfold').click()")
    words = page.locator("#devices tbody tr").first.inner_text()
    assert "pays by wall time from n = 1,000" in words
    assert "2 (2 to 2)" in words
    assert "A card, TF32 allowed" in (tmp_path / "report.html").read_text()
    costs = page.locator("#costs table").first
    heads = costs.locator("th").all_inner_texts()
    at = heads.index("Peak memory of the GPU, GiB")
    shown = [row.locator("td").nth(at).inner_text() for row in costs.locator("tbody tr").all()]
    assert sorted(set(shown)) == ["", "3.00"]
    assert not wrong


def test_without_a_second_device_there_is_no_section(tmp_path: Path) -> None:
    alone = [r for r in runs() if r.spec.device == "cpu"]
    write_report(alone, tmp_path, tmp_path / "report.html", command="x")
    text = (tmp_path / "report.html").read_text()
    assert 'id="devices"' not in text
    assert "Peak memory of the GPU" not in text
    assert not (tmp_path / "devices.csv").exists()


def test_results_of_both_devices_are_merged_into_the_table_of_the_docs(tmp_path: Path) -> None:
    folders = [tmp_path / "cpu", tmp_path / "cuda"]
    for folder in folders:
        own = [r for r in runs() if r.spec.device == folder.name]
        store.open_folder(folder)
        for record in own:
            store.write_record(folder, record)
        suite = {"name": "gpu", "pipelines": ["pca"], "device": folder.name, "analysis": {}}
        write_plan(folder, json.dumps(suite), [r.key for r in own], "omicsbench run gpu")
    merge(folders, tmp_path / "both")
    said = experiment("gpu_page").table(tmp_path / "both")
    assert (
        "| `pca(10)` | cuda, against 1 threads | wall time | 0.5 (0.5 to 0.5) | 2 (2 to 2) |"
        in said
    )
    assert experiment("gpu_page").table(folders[0]) == "Not measured."
