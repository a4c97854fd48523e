"""AnnData of every version and packing: .h5ad, .h5ad.gz, zarr; more than fits is refused."""

from __future__ import annotations

import gzip
import shutil
from collections import namedtuple
from pathlib import Path
from typing import Any

import anndata
import h5py
import numpy as np
import pandas as pd
import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from old_anndata import LAYOUTS
from omicsbench.errors import DataError
from omicsbench.reading import anndata_files
from omicsbench.reading.formats import content_digest, format_of
from omicsbench.reading.notes import notes_of
from omicsbench.reading.own import OwnData
from omicsbench.reading.readers import read
from omicsbench.validation.check import check

N, P = 30, 8
COUNTS = np.random.default_rng(0).poisson(1, (N, P)).astype(np.float32)
CELLS, GENES = [f"c{i}" for i in range(N)], [f"g{j}" for j in range(P)]
KINDS = ["B", "NK", "T"] * 10
FORMS = {"csr": sparse.csr_matrix, "csc": sparse.csc_matrix, "dense": np.asarray}


def adata() -> anndata.AnnData:
    obs = pd.DataFrame({"kind": KINDS}, index=CELLS)
    return anndata.AnnData(sparse.csr_matrix(COUNTS), obs, pd.DataFrame(index=GENES))


def refused(path: Path, **options: Any) -> str:
    with pytest.raises(DataError) as caught:
        read(OwnData(path, **options))
    sentence = str(caught.value)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    return sentence


def dense(X: Any) -> Any:
    return X.toarray() if sparse.issparse(X) else np.asarray(X)


@given(
    layout=st.sampled_from([*LAYOUTS]),
    form=st.sampled_from([*FORMS]),
    kinds=st.lists(st.sampled_from("ABCD"), min_size=N, max_size=N),
    dtype=st.sampled_from(["f4", "f8", "i4"]),
)
@settings(max_examples=30, deadline=None)
def test_files_of_former_versions_are_read(
    tmp_path_factory: pytest.TempPathFactory, layout: str, form: str, kinds: list[str], dtype: str
) -> None:
    X = FORMS[form](COUNTS.astype(dtype))
    path = LAYOUTS[layout](tmp_path_factory.mktemp("old") / "a.h5ad", X, CELLS, GENES, kinds)
    found = read(OwnData(path, label="kind"))
    np.testing.assert_array_equal(dense(found.X), COUNTS)
    assert list(found.obs_names) == CELLS
    assert list(found.var_names) == GENES
    assert list(found.obs["kind"]) == kinds
    assert check(found, None).values == "counts"
    assert notes_of(found) == []


def test_the_raw_values_of_a_former_version_are_there(tmp_path: Path) -> None:
    for layout, write in LAYOUTS.items():
        if layout == "0.8":
            continue
        found = read(OwnData(write(tmp_path / "a.h5ad", COUNTS, CELLS, GENES, KINDS)))
        assert (dense(found.raw.X) > dense(found.X)).any()


def test_a_part_that_nobody_needs_may_be_unreadable(tmp_path: Path) -> None:
    """Such as entries of uns of a later version of anndata, or ragged arrays without awkward."""
    given = adata()
    given.layers["counts"], given.raw, given.uns["log1p"] = given.X, given, {"base": 2.0}
    given.write_h5ad(tmp_path / "a.h5ad")
    with h5py.File(tmp_path / "a.h5ad", "a") as file:
        file["uns/odd"] = np.arange(3)
        file["uns/odd"].attrs.update({"encoding-type": "of-tomorrow", "encoding-version": "9"})
    found = read(OwnData(tmp_path / "a.h5ad", label="kind"))
    np.testing.assert_array_equal(dense(found.X), COUNTS)
    assert list(found.obs["kind"]) == KINDS
    assert (found.uns["log1p"]["base"], [*found.layers]) == (2.0, ["counts"])
    np.testing.assert_array_equal(dense(read(OwnData(tmp_path / "a.h5ad", layer="raw")).X), COUNTS)
    with h5py.File(tmp_path / "a.h5ad", "a") as file:
        file["obs/kind"].attrs["encoding-type"] = "of-tomorrow"
    assert "of-tomorrow" in refused(tmp_path / "a.h5ad")


def test_what_is_no_anndata_is_refused_by_what_it_holds(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5ad", "w") as file:
        file["_X"], file["_obs"] = COUNTS, np.arange(N)
    assert "it has _X, _obs" in refused(tmp_path / "a.h5ad")
    with h5py.File(tmp_path / "b.h5ad", "w") as file:
        file["matrix"] = COUNTS
    assert "rename it to .h5 or .loom" in refused(tmp_path / "b.h5ad")


def test_compressed_files_are_read_whatever_their_name(tmp_path: Path) -> None:
    adata().write_h5ad(tmp_path / "a.h5ad")
    packed = gzip.compress((tmp_path / "a.h5ad").read_bytes())
    for name in ("b.h5ad.gz", "c.h5ad"):
        (tmp_path / name).write_bytes(packed)
        found = read(OwnData(tmp_path / name, label="kind"))
        np.testing.assert_array_equal(dense(found.X), COUNTS)
    (tmp_path / "d.h5ad.gz").write_bytes(packed[: len(packed) // 2])
    assert "cannot be read as AnnData, compressed" in refused(tmp_path / "d.h5ad.gz")


def test_a_bomb_fills_no_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.h5ad.gz"
    path.write_bytes(gzip.compress(bytes(1 << 22)))
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(1 << 23, 0, 1 << 20))
    monkeypatch.setattr(anndata_files, "BLOCK", 1 << 16)
    assert "half of what is free" in refused(path)


def test_more_than_the_memory_is_refused(tmp_path: Path) -> None:
    """A matrix of 4 TB, declared and not there: it would be handed out, and kill the process."""
    with h5py.File(LAYOUTS["0.8"](tmp_path / "a.h5ad", COUNTS, CELLS, GENES, KINDS), "a") as file:
        del file["X"]
        file.create_dataset("X", (1_000_000, 1_000_000), "f4", chunks=(1_000, 1_000))
    sentence = refused(tmp_path / "a.h5ad")
    assert "it unpacks to 4000.0 GB" in sentence


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("version", [2, 3])
def test_zarr_stores_are_read(tmp_path: Path, version: int) -> None:
    for name in ("a.zarr", "b"):
        with anndata.settings.override(zarr_write_format=version):
            adata().write_zarr(tmp_path / name)
        found = read(OwnData(tmp_path / name, label="kind"))
        np.testing.assert_array_equal(dense(found.X), COUNTS)
        assert list(found.obs["kind"]) == KINDS


@pytest.mark.filterwarnings("ignore")
def test_a_store_of_something_else_is_refused(tmp_path: Path) -> None:
    import zarr

    zarr.open_group(tmp_path / "a.zarr", mode="w").create_group("images")
    assert "it holds images" in refused(tmp_path / "a.zarr")
    spatial = zarr.open_group(tmp_path / "b.zarr", mode="w")
    spatial.create_group("tables/table")
    assert "b.zarr/tables/table." in refused(tmp_path / "b.zarr")
    adata().write_zarr(tmp_path / "c.zarr")
    for file in (tmp_path / "c.zarr" / "X").rglob("*"):
        if file.is_file() and file.name not in ("zarr.json", ".zarray", ".zattrs", ".zgroup"):
            file.write_bytes(b"no chunk")
    assert "damaged" in refused(tmp_path / "c.zarr")


@pytest.mark.filterwarnings("ignore")
def test_without_zarr_it_is_said_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_zarr(_: Path) -> None:
        import omicsbench.no_such_library  # noqa: F401

    adata().write_zarr(tmp_path / "a.zarr")
    monkeypatch.setattr(anndata, "read_zarr", read_zarr)
    assert "pip install zarr" in refused(tmp_path / "a.zarr")


@pytest.mark.filterwarnings("ignore")
def test_the_identity_of_a_store_is_its_content(tmp_path: Path) -> None:
    adata().write_zarr(tmp_path / "a.zarr")
    shutil.copytree(tmp_path / "a.zarr", tmp_path / "b.zarr")
    a, b = tmp_path / "a.zarr", tmp_path / "b.zarr"
    assert format_of(a) == ".zarr"
    before = content_digest(a)
    assert content_digest(b) == before
    changed = adata()
    changed.X[0, 0] += 1
    shutil.rmtree(b)
    changed.write_zarr(b)
    assert content_digest(b) != before


def test_no_file_is_left_open(tmp_path: Path) -> None:
    path = LAYOUTS["0.6"](tmp_path / "a.h5ad", COUNTS, CELLS, GENES, KINDS)
    (tmp_path / "b.h5ad.gz").write_bytes(gzip.compress(path.read_bytes()))
    with h5py.File(tmp_path / "c.loom", "w") as file:
        file["matrix"] = COUNTS
    before = opened()
    for name in ("a.h5ad", "b.h5ad.gz", "c.loom"):
        read(OwnData(tmp_path / name))
    with pytest.raises(DataError):
        read(OwnData(path, layer="none"))
    assert opened() == before


def opened() -> list[str]:
    """What this process holds open below a folder of pytest's."""
    return sorted(held.path for held in psutil.Process().open_files() if "pytest" in held.path)
