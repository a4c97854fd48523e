"""Pictures of cells as figures: what was kept is drawn, training cells all of them."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from demo import DATASETS, JUDGED, demo
from kept_cells import record
from omicsbench.errors import DataError
from omicsbench.records import store
from omicsbench.records.analysis import UNSTATED
from omicsbench.records.embeddings import MANY_CELLS
from omicsbench.reporting import figure_files, write_report
from omicsbench.reporting.figures import Figures
from omicsbench.reporting.material import gather
from scatter import CLASSES, clusters, hue_is_near

SIZE = MANY_CELLS + 1000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return store.open_folder(tmp_path / "results")


def test_pictures_are_of_the_cells_that_were_kept(tmp_path: Path) -> None:
    records = demo(tmp_path, {"blood_cells": DATASETS["blood_cells"]})
    every = Figures(gather(records, JUDGED), tmp_path)
    kept = [name for name in every if name.startswith("picture-")]
    assert len(kept) == sum(r.embedding is not None for r in records)
    figure = every["picture-blood_cells-deep_map-n_components-2-n1000"]
    run = next(
        r
        for r in records
        if r.embedding and (r.spec.pipeline, r.spec.size) == (figure.terms["pipeline"], 1000)
    )
    assert len(figure.table) == len(np.load(tmp_path / str(run.embedding)))
    assert {"type 0", "no label", "3 other classes"} <= set(figure.table["class"])
    drawn = figure._repr_svg_()
    assert len(re.findall(r'aria-roledescription="circle"', drawn)) == len(figure.table)
    assert "type 0" in drawn


def test_training_cells_are_one_image_with_their_classes_and_all_coordinates(folder: Path) -> None:
    Z, codes = clusters(SIZE)
    every = Figures(gather([record(folder, "many", SIZE, (Z, codes))], UNSTATED), folder)
    (name,) = [name for name in every if name.startswith("training-")]
    figure = every[name]
    assert name == f"training-cells-many-n{SIZE}"
    table = pd.read_csv(figure.save(folder / "cells.csv"))
    assert table[["x", "y"]].to_numpy() == pytest.approx(Z, rel=1e-5)
    assert table["class"].tolist() == [f"type {i}" for i in codes]
    drawn = figure._repr_svg_()
    assert all(f"type {i}" in drawn for i in range(CLASSES))
    png = figure.save(folder / "cells.png").read_bytes()
    own = figure.spec["layer"][1]["encoding"]["color"]["scale"]
    seen = [hue_is_near(png, colour).sum() for colour in own["range"]]
    assert min(seen) > 100, "the image is drawn, not its legend alone"


def test_training_cells_without_labels_have_no_classes(folder: Path) -> None:
    run = record(folder, "many", SIZE, (clusters(SIZE)[0], None))
    figure = Figures(gather([run], UNSTATED), folder)[f"training-cells-many-n{SIZE}"]
    assert list(figure.table) == ["x", "y"]
    picture = Image.open(figure.save(folder / "cells.png")).convert("L")
    assert np.asarray(picture).std() > 10


def test_a_damaged_file_of_training_cells_is_said(folder: Path) -> None:
    run = record(folder, "many", SIZE, clusters(SIZE - 1))
    every = Figures(gather([run], UNSTATED), folder)
    with pytest.raises(DataError, match="cannot be drawn; run the suite again"):
        every[f"training-cells-many-n{SIZE}"]


def test_the_page_holds_coordinates_while_there_is_room_and_else_says_the_command(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = [record(folder, "many", SIZE, clusters(SIZE)), record(folder, "few", 300, None)]
    names = {"picture cells few n300", f"picture cells many n{SIZE}"}
    training = f"training cells many n{SIZE}"
    held = figure_files.pictures_taken_out(runs, folder)
    assert held.keys() == {*names, training}
    assert held[training].count("\n") == SIZE + 1
    said = f"omicsbench figure training-cells-many-n{SIZE} FOLDER"
    page = write_report(runs, folder, folder / "a.html", command="").page
    assert said not in page.read_text(encoding="utf-8")
    monkeypatch.setattr(figure_files, "MOST_CELLS", SIZE)
    assert figure_files.pictures_taken_out(runs, folder).keys() == names
    page = write_report(runs, folder, folder / "b.html", command="").page
    assert re.search(re.escape(said), page.read_text(encoding="utf-8"))
