"""Pictures of cells as figures: what was kept is drawn, training cells all of them."""

from __future__ import annotations

import re
import sys
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
from omicsbench.reporting import figure_files, gallery, picture_figures, write_report
from omicsbench.reporting.figures import Figure, Figures
from omicsbench.reporting.gallery import galleries
from omicsbench.reporting.material import gather
from omicsbench.reporting.more_figures import named
from omicsbench.reporting.picture_cells import MISSING
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
    stored = tmp_path / str(run.embedding)
    assert len(figure.table) == len(np.load(stored))
    codes = np.load(stored.with_suffix(".labels.npy"))
    names = [*run.dataset_info.label_names, "no label"]
    assert figure.table["class"].tolist() == [names[i] for i in codes]
    drawn = figure._repr_svg_()
    assert "3 other classes" in drawn, "for so many there is no colour"
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


def colours(figure: Figure) -> dict[str, str]:
    scale = figure.spec["layer"][-1]["encoding"]["color"]["scale"]
    return dict(zip(scale["domain"], scale["range"], strict=True))


def test_classes_have_the_colours_of_the_page(folder: Path) -> None:
    """Test and training cells choose them together; the labels of one run may lack a class."""
    Z, codes = clusters(SIZE)
    runs = [
        record(folder, "many", SIZE, (Z, codes // 2 + 6)),
        record(folder, "few", 300, None),
    ]
    last = max(runs, key=lambda r: r.key)
    labels = (folder / str(last.embedding)).with_suffix(".labels.npy")
    np.save(labels, np.maximum(np.load(labels), 1) - 2)
    every = Figures(gather(runs, UNSTATED), folder)
    (page,) = galleries(runs, folder)
    assert colours(every[f"training-cells-many-n{SIZE}"]) == dict(page.legend)
    figure = every[f"picture-cells-{last.spec.pipeline}-n{last.spec.size}"]
    assert colours(figure) == dict(page.legend) | {"no label": MISSING}
    assert "no label" not in dict(page.legend)
    assert "no label" in set(figure.table["class"])


def test_a_picture_says_how_many_of_the_cells_it_holds(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Z, codes = clusters(SIZE)
    Z[:3, 0] = np.nan
    every = Figures(gather([record(folder, "many", SIZE, (Z, codes))], UNSTATED), folder)
    training, test = (f"{kind}-cells-many-n{SIZE}" for kind in ("training", "picture"))

    def under(name: str) -> str:
        return str(every[name].spec["title"]["subtitle"])

    assert under(test) == "cells"
    monkeypatch.setattr(picture_figures, "SHOWN_CELLS", 100)
    assert under(test) == "cells · 100 of 300 cells, drawn at random"
    monkeypatch.setitem(sys.modules, "datashader", None)
    assert under(training) == (
        f"cells · 10,000 of {SIZE - 3:,} cells, drawn at random"
        " · 3 without finite coordinates left out"
    )


def test_two_tasks_of_one_data_set_have_pictures_of_their_own(folder: Path) -> None:
    runs = [record(folder, "few", 300, None, task=task) for task in ("embed", "integrate")]
    np.save(folder / str(runs[1].embedding), -clusters(300)[0])
    names = ["picture cells embed few n300", "picture cells integrate few n300"]
    held = figure_files.pictures_taken_out(runs, folder)
    assert list(held) == names
    assert held[names[0]] != held[names[1]]
    page = write_report(runs, folder, folder / "a.html", command="").page
    assert re.findall('data-name="([^"]+)"', page.read_text(encoding="utf-8")) == names
    every = Figures(gather(runs, UNSTATED), folder)
    assert [name for name in every if name.startswith("picture")] == [*map(named, names)]


def test_room_on_the_page_is_for_pictures_that_are_on_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = [record(folder, "few", size, None) for size in (200, 300)]
    monkeypatch.setattr(gallery, "MAX_PICTURES", 1)
    monkeypatch.setattr(figure_files, "MOST_CELLS", 300)
    assert list(figure_files.pictures_taken_out(runs, folder)) == ["picture cells few n300"]
