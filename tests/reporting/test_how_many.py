"""How many samples, and contestants over data sets: what the page shows is in the tables."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from omicsbench.reporting import write_report
from tests.helpers.simulated_curves import REAL, curves

MEANS = {"net": [0.1, 0.3, 0.6, 0.6], "good": [0.2, 0.5, 0.5, 0.5], "fallen": [0.4, 0.4, 0.4, 0.2]}


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("how_many")
    runs = [r for i, n in enumerate("abc") for r in curves(MEANS, of={"dataset": n}, seed=i)]
    return write_report(runs, folder, folder / "index.html", command="x").page


def test_the_tables_hold_what_each_needs(page: Path) -> None:
    table = pd.read_csv(page.parent / "saturation.csv").set_index(["dataset", "pipeline"])
    assert table.loc[("a", "net"), "needs"] == 400
    assert table.loc[("a", "good"), ["needs_low", "needs_high"]].tolist() == [200, 200]
    assert table.loc[("a", "fallen"), "shape"] == "ends lower"
    assert table["falls_q"].between(0, 1).all()


def test_the_page_says_it(page: Path) -> None:
    text = page.read_text()
    section = text[text.index('id="how-many"') : text.index('id="standings"')]
    assert "ends lower: worse at 800" in section
    assert "none: it falls" in section
    assert "better in 100%" in section
    assert '<a href="#how-many">' in text


def test_each_deep_contestant_stands_against_every_simple_one(page: Path) -> None:
    table = pd.read_csv(page.parent / "against_each.csv")
    assert set(table["deep"]) == {"net"}
    assert set(table["against"]) == {"fallen; good"}
    assert table["times_as_many"].between(2, 4).all()


def test_standings_over_three_data_sets(page: Path) -> None:
    ranks = pd.read_csv(page.parent / "ranks.csv")
    assert ranks["pipeline"].tolist() == ["net", "good", "fallen"]
    wins = pd.read_csv(page.parent / "win_rates.csv")
    assert set(wins.loc[wins["pipeline"] == "net", "win_rate"]) == {1.0}
    profiles = pd.read_csv(page.parent / "profiles.csv")
    assert profiles.loc[profiles["pipeline"] == "net", "share"].eq(1).all()
    text = page.read_text()
    assert "it takes 7 on which they agree" in text
    assert re.search(
        r'data-kind="profile" data-place="0" data-dim="10" data-metric="knn_recall"', text
    )


def test_the_same_data_split_by_units_count_apart(tmp_path: Path) -> None:
    new = REAL.model_copy(update={"unit": "donor", "new_units": True})
    runs = [r for n in "ab" for r in curves(MEANS, of={"dataset": n})]
    more = [r for n in "ab" for r in curves(MEANS, of={"dataset": f"{n} (new donor)"}, info=new)]
    write_report([*runs, *more], tmp_path, tmp_path / "index.html", command="x")
    assert not (tmp_path / "ranks.csv").exists()  # two of each kind


def test_two_data_sets_get_no_standings(tmp_path: Path) -> None:
    runs = [r for n in "ab" for r in curves(MEANS, of={"dataset": n})]
    page = write_report(runs, tmp_path, tmp_path / "index.html", command="x").page
    assert 'id="standings"' not in page.read_text()
    assert not (tmp_path / "ranks.csv").exists()
