"""Data sets that are downloaded, on small files of the same layout."""

from __future__ import annotations

import gzip
import pickle
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from downloads import (
    DOWNLOADED,
    SMALL,
    accept,
    load,
    module,
    pickled,
    write_clusters,
    write_zeisel,
)
from omicsbench.contract.checks import check_dataset
from omicsbench.errors import DataError
from omicsbench.inputs.fetch import local_path
from omicsbench.reading import tenx
from omicsbench.registry.discover import discover
from omicsbench.stream import CellStream


@pytest.mark.parametrize("name", DOWNLOADED)
def test_the_checks_skip_what_is_not_downloaded_and_pass_what_is(
    name: str, downloads: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    entry = discover().dataset(name)
    for library in entry.info.needs:
        pytest.importorskip(library)
    checks = list(check_dataset(entry))
    assert len(checks) == 3
    assert [c for c in checks if c.problem or c.skipped] == []
    monkeypatch.setenv("OMICSBENCH_CACHE", str(tmp_path / "empty"))
    (check,) = check_dataset(entry)
    assert f"omicsbench fetch {name} downloads it" in (check.skipped or "")


def test_no_two_downloads_have_one_name() -> None:
    remotes = {remote for name in DOWNLOADED for remote in module(name).load.info.remote}
    assert len({remote.name for remote in remotes}) == len(remotes) > 5
    for remote in remotes:
        assert remote.url.startswith("https://")
        if remote.digest and remote.digest.startswith("md5"):
            assert "guess" in remote.note, "an unconfirmed checksum is said to be one"


@pytest.mark.usefixtures("downloads")
def test_neurons_come_as_a_stream_with_the_published_clusters(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tenx, "BLOCK_ROWS", 128)
    stream = load("neurons_1m")
    assert isinstance(stream, CellStream)
    assert [block.shape[0] for block in stream.blocks()] == [128, 128, 44]
    assert stream.label_names == ("1", "6", "11"), "in the order of numbers, not of texts"
    assert stream.labels is not None
    codes = stream.labels()
    np.testing.assert_array_equal(codes, np.arange(SMALL) % 3, "matched by barcode, not by place")
    assert module("neurons_1m").load.info.provenance == "computed"
    assert load("neurons_20k").labels is None


def test_a_cell_in_no_cluster_has_no_label(downloads: Path) -> None:
    analysis = local_path(module("neurons_1m").ANALYSIS)
    analysis.with_name(f"{analysis.name}.sha256").unlink(missing_ok=True)
    write_clusters(analysis, {f"{i:016d}-1": str(i % 2) for i in range(SMALL + 9) if i != 5})
    codes = load("neurons_1m").labels()
    assert codes[5] == -1
    assert (np.delete(codes, 5) == np.delete(np.arange(SMALL) % 2, 5)).all()
    assert len(codes) == SMALL


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda path: write_clusters(path, {"AAAC-1": "1"}), "of other samples"),
        (lambda path: path.write_bytes(path.read_bytes()[:200]), "cannot be read"),
        (lambda path: path.write_bytes(b"no archive"), "cannot be read"),
        (lambda path: tarfile.open(path, "w:gz").close(), "holds no clustering/graphclust"),
    ],
)
def test_a_broken_archive_of_clusters_is_refused(
    downloads: Path, spoil: Callable[[Path], Any], says: str
) -> None:
    spoil(local_path(module("neurons_1m").ANALYSIS))
    with pytest.raises(DataError, match=says):
        load("neurons_1m").labels()


def test_zeisel_is_read_as_the_authors_wrote_it(downloads: Path) -> None:
    path = local_path(module("zeisel").TABLE)
    counts = write_zeisel(path)
    adata = load("zeisel")
    np.testing.assert_array_equal(adata.X.toarray(), counts)
    assert list(adata.var_names[:2]) == ["Gene0", "Gene1"]
    assert list(adata.obs_names[:2]) == ["1772071015_C0", "1772071015_C1"]
    assert list(adata.obs["level1class"][:2]) == ["level1class 0", "level1class 1"]
    assert "level2class" in adata.obs


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda text: text[: len(text) - 400], "Line 51"),
        (lambda text: text.replace("level1class", "level9class"), "not the table"),
        (lambda text: "", "not the table"),
        (lambda text: "<html>\n<body>gone</body>\n", "Line 1 "),
    ],
)
def test_a_broken_table_is_refused(downloads: Path, spoil: Callable[[str], str], says: str) -> None:
    path = local_path(module("zeisel").TABLE)
    path.write_text(spoil(path.read_text()))
    with pytest.raises(DataError, match=says):
        load("zeisel")


class Harmful:
    """Pickles to a call that creates a file when read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self.path,)


def test_a_pickle_is_not_read_before_its_checksum_holds(downloads: Path, tmp_path: Path) -> None:
    stated = module("macosko_pcs").PICKLE
    local_path(stated).write_bytes(pickled(Harmful(tmp_path / "harm")))
    accept(local_path(stated))
    with pytest.raises(DataError, match="sha256"):
        load("macosko_pcs")
    assert not (tmp_path / "harm").exists()


def test_a_pickle_of_anything_but_arrays_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for content in (Harmful(tmp_path / "harm"), {"pca_50": np.zeros((3, 2))}, [1, 2]):
        (tmp_path / "a.pkl.gz").write_bytes(pickled(content))
        with pytest.raises(DataError, match="cannot be read"):
            module("macosko_pcs")._read(tmp_path / "a.pkl.gz")
    assert not (tmp_path / "harm").exists()


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("old", [False, True])
def test_arrays_pickled_by_any_numpy_are_read(tmp_path: Path, protocol: int, old: bool) -> None:
    kinds = np.array(["rods", "cones", "rods"], dtype=object)
    content = {"pca_50": np.arange(6.0).reshape(3, 2), "CellType1": kinds, "CellType2": kinds}
    made = pickle.dumps(content, protocol)
    if old and protocol < 4:  # with names by line; later protocols put their length before them
        made = made.replace(b"cnumpy._core.", b"cnumpy.core.")
    (tmp_path / "a.pkl.gz").write_bytes(gzip.compress(made))
    adata = module("macosko_pcs")._read(tmp_path / "a.pkl.gz")
    np.testing.assert_array_equal(adata.X, content["pca_50"])
    assert list(adata.obs["CellType2"]) == list(kinds)
