"""Loom files hold genes x cells, with attributes of both and layers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omicsbench.errors import DataError
from omicsbench.reading import loom
from omicsbench.reading.notes import notes_of
from omicsbench.reading.own import OwnData
from omicsbench.reading.readers import read
from omicsbench.validation.check import check

N, P = 31, 9
COUNTS = np.random.default_rng(0).poisson(2, (N, P))
CELLS, GENES = [f"s1:{'ACGT' * 4}{i}x" for i in range(N)], [f"Gene{i}" for i in range(P)]
KINDS = [f"k{i % 3}" for i in range(N)]


def write(path: Path, dtype: str = "f4", gene: str = "Gene", cell: str = "CellID") -> Path:
    """As loompy 2 and 3 lay a file out."""
    with h5py.File(path, "w") as file:
        file.create_dataset("matrix", data=COUNTS.T.astype(dtype), chunks=(4, 8))
        file["layers/spliced"] = 2 * COUNTS.T
        file[f"row_attrs/{gene}"] = np.array(GENES, dtype=h5py.string_dtype())
        file["row_attrs/Selected"] = np.ones(P, dtype=np.int8)
        file[f"col_attrs/{cell}"] = np.array(CELLS, dtype="S30")
        file["col_attrs/kind"] = np.array(KINDS, dtype=h5py.string_dtype())
        file["col_attrs/age"] = np.arange(N)
        file["col_attrs/tSNE"] = np.zeros((N, 2))
        file.create_group("row_graphs")
        file.attrs["LOOM_SPEC_VERSION"] = "3.0.0"
    return path


def refused(path: Path, **options: Any) -> str:
    with pytest.raises(DataError) as caught:
        read(OwnData(path, **options))
    sentence = str(caught.value)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    return sentence


@given(
    dtype=st.sampled_from(["f4", "f8", "i4", "u2", "i8"]),
    gene=st.sampled_from(["Gene", "var_names", "GeneName", "Accession"]),
    cell=st.sampled_from(["CellID", "obs_names", "cell_names", "Barcode"]),
    block=st.integers(1, 40),
)
@settings(max_examples=20, deadline=None)
def test_loom_files_are_read(
    tmp_path_factory: pytest.TempPathFactory, dtype: str, gene: str, cell: str, block: int
) -> None:
    path = write(tmp_path_factory.mktemp("loom") / "a.loom", dtype, gene, cell)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loom, "BLOCK", block)
        found = read(OwnData(path, label="kind"))
    np.testing.assert_array_equal(found.X.toarray(), COUNTS)
    assert found.X.dtype == np.float32
    assert list(found.obs_names) == CELLS
    assert list(found.var_names) == GENES
    assert list(found.obs["kind"]) == KINDS
    assert list(found.obs.columns) == ["age", "kind"]
    assert check(found, "kind").values == "counts"
    assert notes_of(found) == []


def test_a_layer_is_read_alone(tmp_path: Path) -> None:
    path = write(tmp_path / "a.loom")
    np.testing.assert_array_equal(read(OwnData(path, layer="spliced")).X.toarray(), 2 * COUNTS)
    assert "the layers of this file are spliced" in refused(path, layer="unspliced")
    assert "choose one of" in refused(path, label="knd")


def test_names_are_numbers_where_there_are_none(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.loom", "w") as file:
        file["matrix"] = COUNTS.T
    found = read(OwnData(tmp_path / "a.loom"))
    assert list(found.obs_names[:2]) == list(found.var_names[:2]) == ["0", "1"]


def test_cells_in_the_place_of_genes_are_noticed(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.loom", "w") as file:
        file["matrix"] = COUNTS
        file["row_attrs/Gene"] = np.array(CELLS, dtype=h5py.string_dtype())
        file["col_attrs/CellID"] = np.array(GENES, dtype=h5py.string_dtype())
    assert "pass --transpose" in refused(tmp_path / "a.loom")
    found = read(OwnData(tmp_path / "a.loom", transpose=True))
    np.testing.assert_array_equal(found.X.toarray(), COUNTS)


def test_broken_ones_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.loom")
    with h5py.File(path, "a") as file:
        del file["col_attrs/age"]
        file["col_attrs/age"] = np.arange(N - 3)
    assert "age has 28 entries for 31" in refused(path)
    with h5py.File(tmp_path / "b.loom", "w") as file:
        file["X"] = COUNTS
    assert "is not a loom file (it holds X)" in refused(tmp_path / "b.loom")
    (tmp_path / "c.loom").write_text("no HDF5")
    assert "damaged" in refused(tmp_path / "c.loom")
