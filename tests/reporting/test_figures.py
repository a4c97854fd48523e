"""Figures one by one: their names, their rows, and that they can be drawn by themselves."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from demo import DATASETS, EVIL, JUDGED, PIPELINES, SIZES, demo
from demo_tasks import predicted
from omicsbench.errors import OmicsbenchError
from omicsbench.records.analysis import UNSTATED
from omicsbench.reporting.figures import KINDS, Figures
from omicsbench.reporting.material import Material, gather
from omicsbench.reporting.matrix import headline
from omicsbench.reporting.more_figures import OTHERS

CURVE = "curve-blood_cells-10-D-knn_recall"


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Material:
    folder = tmp_path_factory.mktemp("figures")
    return gather(demo(folder, {"blood_cells": DATASETS["blood_cells"]}), JUDGED)


@pytest.fixture(scope="module")
def figures(material: Material) -> Figures:
    return Figures(material)


@pytest.fixture(scope="module")
def of_predictions(known_metrics: None) -> Figures:
    return Figures(gather(predicted(held_out="Monocytes"), UNSTATED))


def test_every_kind_of_chart_is_among_the_figures(
    figures: Figures, of_predictions: Figures
) -> None:
    kinds = {name.partition("-")[0] for name in [*figures, *of_predictions]}
    # Profiles take three data sets, the others what this one has not.
    without = {"profile", "picture", "training", "new_units", "modalities"}
    assert kinds == {*KINDS, *OTHERS} - without
    assert len(figures.titles()) == len(figures)


def test_a_curve_holds_the_scores_of_all_contestants(figures: Figures, material: Material) -> None:
    found = figures[CURVE].table
    contestants = {
        name for name, (of, dim, *_) in PIPELINES.items() if of != "control" and dim == 10
    }
    assert set(found["pipeline"]) == contestants
    assert set(found["size"]) == set(SIZES)
    scores = material.scores.merge(found[["pipeline", "size"]], on=["pipeline", "size"])
    scores = scores[scores["metric"] == "knn_recall"]
    assert np.allclose(sorted(scores["mean"]), sorted(found["mean"]), rtol=0, atol=0)


def test_a_figure_stands_by_itself(figures: Figures) -> None:
    figure = figures[CURVE]
    spec = figure.spec
    assert spec["title"] == spec["title"] | {"text": figure.title}
    assert len(spec["data"]["values"]) == len(figure.table)
    legends = re.findall(r'"domain": (\[[^]]*\])', json.dumps(spec))
    assert {tuple(json.loads(names)) for names in legends} == {
        (
            "factors(n_components=10)",
            "pca(n_components=10)",
            "autoencoder(n_components=10, depth=8)",
            "variational(n_components=10)",
        )
    }


def test_svg_shows_marks_names_and_title(figures: Figures, tmp_path: Path) -> None:
    path = figures[CURVE].save(tmp_path / "curve.svg")
    text = path.read_text(encoding="utf-8")
    ElementTree.fromstring(text)
    for word in (figures[CURVE].title, "autoencoder(n_components=10, depth=8)", "n* "):
        assert word in text
    symbols = re.findall(r'class="mark-symbol role-mark layer_\d+_marks"(.*?)</g>', text, re.DOTALL)
    assert sum(marks.count("<path") for marks in symbols) == len(figures[CURVE].table)
    assert figures[CURVE]._repr_svg_() == text


@pytest.mark.parametrize("kind", sorted(KINDS.keys() - {"profile"}))
def test_every_kind_is_drawn(figures: Figures, of_predictions: Figures, kind: str) -> None:
    every = figures if any(name.startswith(f"{kind}-") for name in figures) else of_predictions
    name = next(name for name in every if name.startswith(f"{kind}-"))
    drawn = every[name]._repr_svg_()
    assert re.search(r"<path[^>]* (fill|stroke)=\"#[0-9a-f]{6}\"", drawn)
    assert "NaN" not in drawn


def test_png_pdf_csv_and_json(figures: Figures, tmp_path: Path) -> None:
    figure = figures[CURVE]
    picture = Image.open(io.BytesIO(figure.save(tmp_path / "a.png").read_bytes()))
    assert picture.width > 800
    assert np.asarray(picture.convert("L")).std() > 10
    assert figure.save(tmp_path / "a.pdf").read_bytes().startswith(b"%PDF")
    read = pd.read_csv(figure.save(tmp_path / "a.csv"), float_precision="round_trip")
    assert list(read) == list(figure.table)
    assert list(read["mean"]) == list(figure.table["mean"])
    assert json.loads(figure.save(tmp_path / "a.json").read_text()) == figure.spec


def test_another_kind_of_file_is_refused(figures: Figures, tmp_path: Path) -> None:
    with pytest.raises(OmicsbenchError, match=r"end in \.svg, \.png, \.pdf, \.csv, \.json"):
        figures[CURVE].save(tmp_path / "a.gif")
    assert list(tmp_path.iterdir()) == []


def test_names_can_be_typed_and_are_told_apart(tmp_path: Path) -> None:
    info = DATASETS["blood_cells"]
    both = demo(tmp_path, {f"a{EVIL}": info, f"a{EVIL.replace('(', '[')}": info})
    every = Figures(gather(both, JUDGED))
    assert all(re.fullmatch(r"[\w.-]{1,155}", name) for name in every)
    name = next(name for name in every if name.startswith("curve-"))
    assert {figure.terms["dataset"] for figure in (every[name], every[f"{name}-2"])} == {
        r.spec.dataset for r in both
    }
    assert "<script" not in every[name]._repr_svg_()


def test_a_forest_holds_the_counted_differences_in_margins(
    figures: Figures, material: Material
) -> None:
    figure = figures["forest-blood_cells-10-D"]
    counted = [v for v in headline(material.verdicts) if v.output_dim == 10]
    table = figure.table.set_index("metric")
    assert set(table.index) == {v.metric for v in counted}
    for v in counted:
        row = table.loc[v.metric]
        assert (row["difference"], row["low"], row["high"]) == (
            v.last.mean,
            v.last.low,
            v.last.high,
        )
        assert row["difference_in_margins"] == (v.last.mean or 0) / v.margin
    drawn = figure._repr_svg_()
    assert all(v.scored_by.title in drawn for v in counted)
    assert len(re.findall(r'aria-roledescription="point"', drawn)) == len(counted)
    assert "NaN" not in drawn
