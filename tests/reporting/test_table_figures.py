"""Drawings within tables as figures: the numbers of the tables, all of them drawn."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from demo import JUDGED, demo
from demo_tasks import joint
from omicsbench.records.analysis import UNSTATED
from omicsbench.reporting.figures import Figure, Figures
from omicsbench.reporting.material import Material, gather
from tests.helpers.answer_runs import base, of_donors


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Material:
    return gather(demo(tmp_path_factory.mktemp("demo")), JUDGED)


def first(figures: Figures, kind: str) -> Figure:
    return figures[next(name for name in figures if name.startswith(f"{kind}-"))]


def at(table: pd.DataFrame, figure: Figure) -> pd.DataFrame:
    """The rows of a table that have a figure's terms."""
    terms = {name: value for name, value in figure.terms.items() if value is not None}
    return table[(table[list(terms)] == pd.Series(terms)).all(axis=1)]


def marks(drawn: str, kind: str) -> int:
    return len(re.findall(rf'aria-roledescription="{kind}"', drawn))


def test_samples_that_are_enough(material: Material) -> None:
    figure = first(Figures(material), "samples")
    known = at(material.details["saturation"], figure)
    found = figure.table
    assert len(found) == len(known) > 3
    on = ["metric", "pipeline"]
    both = found.merge(known, on=on, suffixes=("", "_known"))
    assert both["needs"].astype(float).fillna(0).tolist() == both["needs_known"].fillna(0).tolist()
    drawn = figure._repr_svg_()
    assert marks(drawn, "point") == len(found), "a dot or a ring for each"
    assert all(title in drawn for title in set(found["title"]))
    assert "NaN" not in drawn


def test_a_curve_that_falls_has_no_ring(material: Material) -> None:
    known = first(Figures(material), "samples")
    name, falling = known.name, known.table["pipeline"].iloc[0]
    table = material.details["saturation"].copy()
    own = table["pipeline"] == falling
    table.loc[own, ["needs", "needs_low", "needs_high"]] = None
    table.loc[own, "open_above"] = True
    figure = Figures(replace(material, details={**material.details, "saturation": table}))[name]
    falls = figure.table["needs"].isna().sum()
    assert 0 < falls < len(figure.table)
    drawn = figure._repr_svg_()
    assert marks(drawn, "point") == len(figure.table) - falls
    assert drawn.count("none: it falls") >= falls
    rules = re.findall(r'class="mark-rule role-mark [^"]*"(.*?)</g>', drawn, re.DOTALL)
    assert sum(rule.count("<line") for rule in rules) == len(figure.table)
    assert "NaN" not in drawn


def test_parts_of_the_scatter(material: Material) -> None:
    figure = first(Figures(material), "variance")
    assert figure.table["variance"].sum() == pytest.approx(
        at(material.details["scatter"], figure)["variance"].sum()
    )
    drawn = figure._repr_svg_()
    assert marks(drawn, "bar") == len(figure.table)
    assert all(part in drawn for part in set(figure.table["part"]))


def test_new_units_are_drawn_beside_new_cells() -> None:
    runs = [r for r in base() if r.spec.dataset == "scmark_immune (hold-out)"]
    new = [of_donors(r, 0.2) for r in runs if r.spec.size < 1_000]
    figure = first(Figures(gather([*runs, *new], UNSTATED)), "new_units")
    assert figure.terms["unit"] == "donor"
    assert figure.name == "new_units-scmark_immune-hold-out-donor"
    assert figure.table["drop"].to_numpy() == pytest.approx(0.2)
    assert figure.table["size"].nunique() == 1
    assert "control" not in set(figure.table["family"])
    assert marks(figure._repr_svg_(), "point") == 2 * len(figure.table)


def test_shares_of_modalities_fill_their_bars(known_metrics: None, tmp_path: Path) -> None:
    records = joint()
    figure = first(Figures(gather(records, UNSTATED)), "modalities")
    order = figure.spec["encoding"]["color"]["scale"]["domain"]
    assert order == list(records[0].dataset_info.modalities)
    drawn = figure._repr_svg_()
    assert marks(drawn, "bar") == len(figure.table)
    assert all(name in drawn for name in order)
    table = pd.read_csv(figure.save(tmp_path / "shares.csv"))
    assert set(table["modality"]) == set(order)
