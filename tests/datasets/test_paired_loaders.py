"""Data sets of several modalities that are downloaded, on small files of the same layouts."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from omicsbench.inputs.fetch import local_path
from omicsbench.reading.pairing import pair
from paired_files import (
    CELLS,
    NAMES,
    PROTEINS,
    STAINS,
    dense,
    h5ad,
    module,
    place,
    place_all,
    place_cbmc,
    place_cite_5k,
    place_cite_10k,
    place_multiome,
    poisson,
    refused,
    spoil_rna,
    table,
    tenx,
)


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMICSBENCH_CACHE", str(tmp_path))


def test_antibodies_and_genes_of_a_10x_file_without_the_controls() -> None:
    counts = place_cite_5k()
    found = module("pbmc_cite_5k").load()
    np.testing.assert_array_equal(dense(found["rna"]), counts[:, :6])
    np.testing.assert_array_equal(found["protein"].X, counts[:, [6, 8]])
    assert list(found["protein"].var_names) == ["CD3_TotalSeqB", "CD19_TotalSeqB"]
    assert list(found["rna"].var_names) == ["G0", "G1", "G2", "G3", "G4", "G0-1"]
    assert list(found["rna"].var["id"])[:2] == ["id_G0", "id_G1"]
    assert found["rna"].obs_names[3] == "AAC003-1"


def test_a_10x_file_without_antibodies_is_refused() -> None:
    place(module("pbmc_cite_5k").COUNTS, tenx(["A", "B"], ["Gene Expression"] * 2, np.ones((9, 2))))
    assert "no Antibody Capture" in refused("pbmc_cite_5k")
    kinds = ["Gene Expression", "Antibody Capture"]
    place(module("pbmc_cite_5k").COUNTS, tenx(["A", "IgG1_x"], kinds, np.ones((9, 2))))
    assert "no antibodies but controls" in refused("pbmc_cite_5k")


def test_peaks_are_presence_and_genes_are_counts() -> None:
    counts = place_multiome()
    found = module("pbmc_multiome_10k").load()
    np.testing.assert_array_equal(dense(found["rna"]), counts[:, ::2])
    np.testing.assert_array_equal(dense(found["atac"]), counts[:, 1::2] > 0)
    assert counts[:, 1::2].max() > 1, "there was something to set to 1"
    assert found["atac"].var_names[0] == "chr1:100-150"


def test_proteins_lie_in_obsm_as_a_table_or_as_an_array_with_names(tmp_path: Path) -> None:
    counts = place_cite_10k(tmp_path)
    first = module("pbmc_cite_10k").load()
    h5ad(tmp_path, PROTEINS, counts, protein_names=np.array(STAINS, dtype=object))
    for found in (first, module("pbmc_cite_10k").load()):
        np.testing.assert_array_equal(dense(found["rna"]), counts)
        np.testing.assert_array_equal(found["protein"].X, PROTEINS)
        assert list(found["protein"].var_names) == STAINS
        assert not found["rna"].obs.columns.size


@pytest.mark.parametrize(
    ("proteins", "scale", "says"),
    [
        (None, 1.0, "protein_expression"),
        (PROTEINS, 1.0, "protein_names"),
        (pd.DataFrame(PROTEINS, columns=STAINS), 0.3, "X holds other values than counts"),
        (pd.DataFrame(PROTEINS - 50, columns=STAINS), 1.0, "holds other values than counts"),
    ],
)
def test_an_h5ad_of_another_layout_is_refused(
    tmp_path: Path, proteins: Any, scale: float, says: str
) -> None:
    if isinstance(proteins, pd.DataFrame):
        proteins = proteins.set_index(pd.Index([f"c{i}" for i in range(CELLS)]))
    h5ad(tmp_path, proteins, poisson(1.0, (CELLS, 7)) * scale)
    assert says in refused("pbmc_cite_10k")


def test_human_genes_and_the_antibodies_that_the_authors_kept() -> None:
    counts, stained = place_cbmc()
    found = module("cbmc_cite").load()
    human = [1, 2, 4, 5, 7, 8]
    np.testing.assert_array_equal(dense(found["rna"]), counts[human].T)
    assert list(found["rna"].var_names) == [f"gene_{j}" for j in human], "without the species"
    np.testing.assert_array_equal(found["protein"].X, stained[[0, 2]].T, "matched by name")
    assert list(found["protein"].var_names) == ["CD3", "CD19"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda data: data[: len(data) // 2], "cannot be read"),
        (lambda _: b"<html>not found</html>", "cannot be read"),
        (lambda _: gzip.compress(b""), "no features"),
        (lambda _: table(["MOUSE_a"], ["c"], np.ones((1, 1)), ","), "no features"),
        (lambda _: gzip.compress(b",a,b\nHUMAN_x,1,2\nHUMAN_y,3\n"), "line 3"),
        (lambda _: gzip.compress(b",a,b\nHUMAN_x,1,many\n"), "cannot be read"),
        (lambda _: gzip.compress(b",a,b\nHUMAN_x,1,-2\n"), "negative"),
        (lambda _: gzip.compress(b",a,a\nHUMAN_x,1,2\n"), "more than once"),
        (lambda _: gzip.compress(b",a,b\nHUMAN_x,1,2\n"), "are not the same"),
    ],
)
def test_a_table_of_counts_that_is_broken_is_refused(
    change: Callable[[bytes], bytes], says: str
) -> None:
    spoil_rna(change)
    assert says in refused("cbmc_cite")


@pytest.mark.parametrize("name", NAMES)
def test_a_data_set_keeps_the_contract(name: str, tmp_path: Path) -> None:
    place_all(tmp_path)
    info = module(name).load.info
    found, again = module(name).load(), module(name).load()
    assert info.name == name
    assert list(found) == [modality for modality, _ in info.modalities]
    assert next(iter(found)) == "rna"
    assert (info.label is None) == (name != "scnmt_mesc")
    for modality, values in info.modalities:
        adata = found[modality]
        assert adata.X.dtype == np.float32
        assert isinstance(adata.X, np.ndarray) or adata.X.format == "csr"
        assert list(adata.obs_names) == list(found["rna"].obs_names)
        assert adata.obs_names.is_unique
        assert adata.var_names.is_unique
        measured = dense(adata)
        assert 0 <= measured.min() < measured.max() <= {"binary": 1, "rates": 1}.get(values, 1e6)
        assert values == "rates" or (measured == np.round(measured)).all()
        assert abs(adata.X - again[modality].X).sum() == 0
    assert pair(found, info.label)["rna"].n_obs == found["rna"].n_obs, "no cell is lost"


def test_addresses_and_names_of_files() -> None:
    remotes = [remote for name in NAMES for remote in module(name).load.info.remote]
    assert len({remote.name for remote in remotes}) == len(remotes) == 8
    for remote in remotes:
        assert remote.url.startswith("https://")
        assert remote.note or remote.digest is None, "where a checksum is from is said"


@pytest.mark.parametrize("name", ["pbmc_cite_5k", "pbmc_multiome_10k", "pbmc_cite_10k"])
def test_a_damaged_hdf5_file_is_refused(name: str, tmp_path: Path) -> None:
    place_all(tmp_path)
    (remote,) = module(name).load.info.remote
    place(remote, local_path(remote).read_bytes()[:3000])
    assert "cannot be read" in refused(name)
