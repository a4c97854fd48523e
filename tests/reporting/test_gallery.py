"""Pictures of very many training cells: complete, small, independent of order, never in the way."""

from __future__ import annotations

import base64
import io
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from demo import DATASETS, demo
from kept_cells import record
from omicsbench.records import store
from omicsbench.records.spec import RunRecord, Status
from omicsbench.reporting import figure_files, gallery, write_report
from omicsbench.reporting.gallery import Gallery, galleries
from omicsbench.reporting.picture_cells import MISSING
from omicsbench.reporting.raster import MAX_BYTES
from scatter import CLASSES, clusters, hue_is_near


def train_file(folder: Path, run: RunRecord) -> Path:
    return folder / "embeddings" / f"{run.key}.train.npy"


def only(records: list[RunRecord], folder: Path) -> Gallery:
    (made,) = galleries(records, folder)
    return made


@pytest.fixture
def datashader() -> None:
    pytest.importorskip("datashader")


SIZE = gallery.MANY_CELLS + 1000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return store.open_folder(tmp_path / "results")


def test_only_large_runs_get_a_picture_and_the_largest_one(folder: Path) -> None:
    runs = [
        record(folder, "few", gallery.MANY_CELLS, clusters(gallery.MANY_CELLS)),
        record(folder, "many", SIZE, clusters(SIZE)),
        record(folder, "many", SIZE + 500, clusters(SIZE + 500)),
        record(folder, "no_train", SIZE, None),
    ]
    runs.append(
        runs[2].model_copy(
            update={
                "spec": runs[2].spec.model_copy(update={"size": 90_000}),
                "key": "late",
                "status": Status.TIMEOUT,
                "reason": "longer than 600 s",
                "embedding": None,
            }
        )
    )
    made = only(runs, folder)
    assert set(made.rows) == {"few", "many", "no_train"}
    shown = {p.pipeline: p for p in made.training}
    assert set(shown) == {"many", "no_train"}
    assert shown["many"].size == SIZE + 500
    assert shown["many"].picture is not None
    assert f"{SIZE + 500:,} training cells (in sample); real omics data" in shown["many"].words
    assert "n = 90,000: timeout" in shown["many"].words
    assert (shown["no_train"].picture, shown["no_train"].words) == (None, "not kept")
    assert only(runs[:1] + runs[3:4], folder).training == []


def test_simulated_data_and_missing_labels_are_said(folder: Path) -> None:
    run = record(folder, "many", SIZE, (clusters(SIZE)[0], None), kind="simulated")
    (shown,) = only([run], folder).training
    assert "simulated data" in shown.words
    assert "no labels" in shown.words
    assert shown.picture is not None


def test_cells_without_finite_coordinates_are_left_out_and_counted(folder: Path) -> None:
    Z, codes = clusters(SIZE)
    Z[:3] = [[np.nan, 0], [np.inf, 1], [0, -np.inf]]
    with_bad = only([record(folder, "many", SIZE, (Z, codes))], folder).training[0]
    assert "3 without finite coordinates are left out" in with_bad.words
    assert with_bad.picture is not None
    nothing = only([record(folder, "none", SIZE, (Z * np.nan, codes))], folder).training[0]
    assert nothing.picture is None
    assert f"{SIZE:,} without finite coordinates" in nothing.words


def damaged() -> dict[str, bytes]:
    """What may stand where an embedding should."""
    from numpy.lib.format import header_data_from_array_1_0, write_array_header_1_0

    files = {"empty": b"", "text": b"no array", "zip": b"PK\x03\x04 and no more"}
    huge = header_data_from_array_1_0(np.zeros((1, 2), np.float32))
    promised = io.BytesIO()
    write_array_header_1_0(promised, {**huge, "shape": (2**50, 2)})
    files["huge"] = promised.getvalue()
    arrays = {
        "words": np.array([["a", "b"]] * SIZE),
        "three": np.zeros((SIZE, 3)),
        "short": clusters(SIZE - 1)[0],
        "flat": np.zeros(SIZE),
        "pickle": np.array([{}] * SIZE),
    }
    for name, array in arrays.items():
        file = io.BytesIO()
        np.save(file, array, allow_pickle=True)
        files[name] = file.getvalue()
    file = io.BytesIO()
    np.save(file, clusters(SIZE)[0])
    return files | {"cut": file.getvalue()[:-100]}


@pytest.mark.parametrize("name", damaged())
def test_a_damaged_file_is_a_missing_one(folder: Path, name: str) -> None:
    run = record(folder, "many", SIZE, clusters(SIZE))
    train_file(folder, run).write_bytes(damaged()[name])
    (shown,) = only([run], folder).training
    assert (shown.picture, shown.words) == (None, "not kept")


@pytest.mark.parametrize("codes", [np.zeros(5, int), np.zeros(SIZE), np.full(SIZE, 2**40)])
def test_damaged_labels_are_missing_ones(folder: Path, codes: NDArray[Any]) -> None:
    run = record(folder, "many", SIZE, clusters(SIZE))
    np.save(train_file(folder, run).with_suffix("").with_suffix(".train.labels.npy"), codes)
    (shown,) = only([run], folder).training
    assert "no labels" in shown.words


def test_nothing_outside_the_folder_is_read(folder: Path, tmp_path: Path) -> None:
    run = record(folder, "many", SIZE, clusters(SIZE))
    secret = tmp_path / "secret.npy"
    train_file(folder, run).rename(secret)
    train_file(folder, run).symlink_to(secret)
    (shown,) = only([run], folder).training
    assert shown.picture is None


@pytest.mark.usefixtures("datashader")
def test_training_and_test_pictures_have_the_same_colours(folder: Path) -> None:
    """The training cells decide which class is frequent, and may have one no test cell is of."""
    Z, codes = clusters(SIZE)
    made = only([record(folder, "many", SIZE, (Z, np.where(codes == 0, -1, codes)))], folder)
    assert [name for name, _ in made.legend] != [f"type {i}" for i in range(CLASSES)]
    colours = dict(made.legend)
    assert colours["no label"] == MISSING
    assert len(colours) == CLASSES + 1
    assert len(set(colours.values())) == CLASSES + 1
    uri = made.training[0].picture
    assert uri is not None
    drawn = base64.b64decode(uri.partition(",")[2])
    for name, colour in made.legend:
        if name not in ("no label", "type 0"):
            assert hue_is_near(drawn, colour).any(), name


def test_a_report_bears_few_pictures_shared_by_its_data_sets(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gallery, "MANY_CELLS", 100)
    monkeypatch.setattr(gallery, "raster", lambda Z, which, palette: b"")
    runs = [
        record(folder, f"p{i}", 200, clusters(200), dataset=dataset)
        for dataset, pipelines in (("a", 9), ("b", 2), ("c", 5))
        for i in range(pipelines)
    ]
    made = galleries(runs, folder)
    assert [len(g.training) for g in made] == [3, 2, 3]
    assert [g.training_left_out for g in made] == [6, 0, 2]


def test_without_datashader_a_random_part_is_shown_and_said(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = record(folder, "many", SIZE, clusters(SIZE))
    monkeypatch.setitem(sys.modules, "datashader", None)
    (shown,) = only([run], folder).training
    assert shown.picture is not None
    assert not shown.complete
    assert "10,000 of these cells, drawn at random" in shown.words
    assert "omicsbench[pictures]" in shown.words
    page = write_report([run], folder, folder / "report.html", command="").page.read_text()
    assert "Every cell counts" not in page


def test_datashader_is_imported_only_where_it_is_needed(folder: Path) -> None:
    """In a process of its own: the other tests have imported it here."""
    run = record(folder, "few", 100, clusters(100))
    store.write_record(folder, run)
    code = (
        "import sys; from pathlib import Path; from omicsbench.records import store\n"
        "from omicsbench.reporting.gallery import galleries\n"
        "folder = Path(sys.argv[1]); made = galleries(store.read_records(folder), folder)\n"
        "assert made[0].rows; print('datashader' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, folder], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False"]


def test_the_page_says_what_it_shows_and_stays_small(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = write_report(
        [record(folder, "many", 300, None)], folder, folder / "a.html", command=""
    ).page.stat()
    run = record(folder, "many", SIZE, clusters(SIZE), kind="simulated")
    page = write_report([run], folder, folder / "b.html", command="").page
    monkeypatch.setattr(figure_files, "MOST_CELLS", 300)
    without = write_report([run], folder, folder / "c.html", command="").page.stat()
    assert without.st_size - small.st_size < 1.5 * MAX_BYTES
    assert page.stat().st_size - without.st_size < 12 * SIZE, "bytes of a cell's coordinates"
    text = page.read_text(encoding="utf-8")
    assert f"{SIZE:,} training cells (in sample); simulated data" in text
    images = re.findall(r'<img [^>]*src="data:[^>]*>', text)
    assert len(images) == 2
    for image in images:
        assert re.search(r'alt="[^"]{20,}"', image)
    assert any('alt="Training cells of cells embedded by many' in image for image in images)


def test_gallery_reads_only_its_own_folder(tmp_path: Path) -> None:
    folder = tmp_path / "results"
    records = demo(folder)
    shown = galleries(records, folder)
    assert [g.dataset for g in shown] == sorted(DATASETS)
    drawn = shown[0].rows["deep_map(n_components=2)"].values()
    assert all(p.picture and p.picture.startswith("data:image/png") for p in drawn)
    assert {p.run for p in drawn} <= {r.key for r in records}
    assert set(shown[-1].rows) == {"pca(n_components=10) > neighbour_map"}
    np.save(tmp_path / "secret.npy", np.zeros((5, 2), np.float32))
    outside = [r.model_copy(update={"embedding": "../secret.npy"}) for r in records if r.embedding]
    cells = {p for g in galleries(outside, folder) for row in g.rows.values() for p in row.values()}
    assert {p.picture for p in cells} == {None}
    assert {p.words for p in cells} <= {"not kept", "not run"}
