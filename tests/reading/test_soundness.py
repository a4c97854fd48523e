"""A sparse matrix whose parts contradict each other is refused before native code reads it."""

from __future__ import annotations

from pathlib import Path

import anndata
import h5py
import numpy as np
import pytest
from scipy import sparse

from cohorts import cohort
from omicsbench.errors import DataError
from omicsbench.reading.own import OwnData
from omicsbench.reading.readers import read


def written(path: Path, kind: str = "csr") -> Path:
    adata = cohort()
    adata.X = sparse.csr_matrix(adata.X) if kind == "csr" else sparse.csc_matrix(adata.X)
    adata.layers["counts"] = adata.X.copy()
    adata.write_h5ad(path)
    return path


@pytest.mark.parametrize("place", ["X", "layers/counts"])
@pytest.mark.parametrize("kind", ["csr", "csc"])
@pytest.mark.parametrize(
    ("part", "at", "value", "says"),
    [
        ("indices", 3, 2**31 - 1, "indices from 0 to 2,147,483,647 of"),
        ("indices", 0, -5, "indices from -5 to"),
        ("indptr", 4, 10**6, "indptr is out of order"),
        ("indptr", -1, 10**6, "indptr ends at 1,000,000"),
        ("indptr", 0, 3, "indptr is out of order"),
    ],
)
def test_what_points_beyond_the_matrix_is_refused(
    tmp_path: Path, place: str, kind: str, part: str, at: int, value: int, says: str
) -> None:
    path = written(tmp_path / "x.h5ad", kind)
    with h5py.File(path, "r+") as file:
        values = file[f"{place}/{part}"][:]
        values[at] = value
        file[f"{place}/{part}"][:] = values
    with pytest.raises(DataError, match=says) as caught:
        read(OwnData(path))
    assert "damaged" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_sound_matrices_are_read_and_those_of_python_not_changed(tmp_path: Path) -> None:
    assert read(OwnData(written(tmp_path / "x.h5ad"))).shape == (60, 30)
    held = cohort()
    held.X = sparse.csr_matrix(
        (held.X.data, held.X.indices.astype(np.int64), held.X.indptr.astype(np.int64)), held.shape
    )
    before = held.X.copy()
    read(OwnData(Path("held"), held=held))
    assert held.X.indices.dtype == before.indices.dtype
    assert np.array_equal(held.X.indices, before.indices)
    assert isinstance(held, anndata.AnnData)
