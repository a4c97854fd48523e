"""New cells beside new donors: what the page shows is the difference of the two means."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from omicsbench.reporting import write_report
from tests.helpers.answer_runs import base, of_donors


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    runs = [r for r in base() if r.spec.dataset == "scmark_immune (hold-out)"]
    new = [of_donors(r, 0.2) for r in runs if r.spec.size < 1_000]
    folder = tmp_path_factory.mktemp("units")
    return write_report([*runs, *new], folder, folder / "index.html", command="x").page


def test_the_table_holds_the_drop_of_every_pipeline_and_size(page: Path) -> None:
    table = pd.read_csv(page.parent / "new_units.csv")
    assert set(table["dataset"]) == {"scmark_immune (hold-out)"}
    assert set(table["unit"]) == {"donor"}
    assert table["drop"].to_numpy() == pytest.approx(0.2)
    assert table["size"].max() < 1_000
    assert set(table["pipeline"]) == {r.spec.pipeline for r in base()}


def test_the_page_names_both_scores_and_the_drop(page: Path) -> None:
    text = page.read_text()
    table = pd.read_csv(page.parent / "new_units.csv")
    last = table[table["size"] == table["size"].max()]
    row = last[(last["pipeline"] == "pca(10)") & (last["metric"] == "knn_recall")].iloc[0]
    assert f"{row['cells']:.3f} \u2192 {row['units']:.3f}" in text
    assert "from new cells to a new donor: " in text
    assert "the best deep pipeline on new cells, goes from" in text


def test_without_new_units_there_is_no_such_section(tmp_path: Path) -> None:
    runs = [r for r in base() if r.spec.dataset == "digits (hold-out)"]
    page = write_report(runs, tmp_path, tmp_path / "index.html", command="x").page
    assert 'id="new-units"' not in page.read_text()
    assert not (tmp_path / "new_units.csv").exists()
