"""Files of R: read as they were written, or refused in one sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from omicsbench.datasets import _rdata
from omicsbench.errors import DataError
from r_files import Matrix, counts_of, dgc, written

pytest.importorskip("rdata")
ROWS, COLUMNS = [f"g{i}" for i in range(7)], [f"c{i}" for i in range(5)]


def test_objects_by_name_and_sparse_matrices_as_they_lie(tmp_path: Path) -> None:
    counts = counts_of(0, 7, 5)
    frame = pd.DataFrame({"kind": pd.Categorical(["a", "b"])}, index=pd.RangeIndex(1, 3))
    values = np.arange(6.0).reshape(3, 2)
    dense = Matrix(values, ["x", "y", "z"], ["p", "q"])
    path = tmp_path / "a.rda"
    path.write_bytes(
        written(counts=dgc(counts, ROWS, COLUMNS), held={"frame": frame, "dense": dense})
    )
    found = _rdata.read_r(path)
    assert list(found) == ["counts", "held"]
    adata = _rdata.sparse_matrix(found["counts"], path).T
    np.testing.assert_array_equal(adata.X.toarray(), counts.T)
    assert (adata.X.format, adata.X.dtype) == ("csr", np.float32)
    assert (list(adata.obs_names), list(adata.var_names)) == (COLUMNS, ROWS)
    assert list(_rdata.pick(found, path, "held", "frame")["kind"]) == ["a", "b"]
    found_dense = _rdata.pick(found, path, "held", "dense")
    np.testing.assert_array_equal(found_dense, values)
    assert list(found_dense.coords["dim_0"].values) == ["x", "y", "z"]


@pytest.mark.parametrize("kept", [0, 9, 60, -30])
def test_a_damaged_file_is_refused_in_one_sentence(tmp_path: Path, kept: int) -> None:
    path = tmp_path / "a.rda"
    path.write_bytes(written(counts=dgc(counts_of(0, 7, 5), ROWS, COLUMNS))[:kept])
    with pytest.raises(DataError, match="cannot be read") as caught:
        _rdata.read_r(path)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


def _broken(**changed: Any) -> Matrix:
    matrix = dgc(counts_of(0, 7, 5), ROWS, COLUMNS)
    for name, value in changed.items():
        setattr(matrix.values, name, value)
    return matrix


@pytest.mark.parametrize(
    ("held", "says"),
    [
        ({"a": 1.0}, "dict is no sparse matrix"),
        (dgc(counts_of(0, 7, 5), ROWS[:6], COLUMNS), "broken"),
        (_broken(indices=np.full(35, 99, dtype=np.int32)), "broken"),
        (_broken(data=np.ones(3)), "broken"),
    ],
)
def test_what_is_no_sparse_matrix_is_refused(tmp_path: Path, held: Any, says: str) -> None:
    path = tmp_path / "a.rda"
    path.write_bytes(written(counts=held))
    found = _rdata.read_r(path)
    with pytest.raises(DataError, match=says):
        _rdata.sparse_matrix(found["counts"], path)
    with pytest.raises(DataError, match="holds no counts\\$none"):
        _rdata.pick(found, path, "counts", "none")
