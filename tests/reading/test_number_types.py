"""Numbers of any type that stands in files are read as the numbers they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anndata
import h5py
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from omicsbench.inputs.given import own_data
from omicsbench.inputs.source import own

COUNTS = np.random.default_rng(0).poisson(0.8, (40, 12)) + np.eye(40, 12, dtype=int)
TYPES = [">f4", ">i2", ">f8", "f2", "u1", "i8", "f8"]


def _numbers(cells: Any) -> Any:
    return cells.matrix.toarray() if sparse.issparse(cells.matrix) else cells.matrix


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("layer", [None, "other"])
def test_numbers_of_python_and_of_files(tmp_path: Path, kind: str, layer: str | None) -> None:
    adata = anndata.AnnData(COUNTS.astype(np.float32), layers={"other": COUNTS.astype(np.float32)})
    adata.write_h5ad(tmp_path / "x.h5ad")
    with h5py.File(tmp_path / "x.h5ad", "r+") as file:
        for name in ("X", "layers/other"):
            attributes = dict(file[name].attrs)
            del file[name]
            file[name] = COUNTS.astype(kind)
            file[name].attrs.update(attributes)
    held = anndata.AnnData(COUNTS.astype(kind), layers={"other": COUNTS.astype(kind)})
    for data in (held, tmp_path / "x.h5ad"):
        cells = own(*own_data(data, {"layer": layer, "values": "counts"})).cells
        assert np.array_equal(_numbers(cells), COUNTS)
    assert held.X.dtype == np.dtype(kind), "what was handed over is not changed"


@pytest.mark.parametrize("kind", TYPES)
def test_numbers_of_tables(kind: str) -> None:
    table = pd.DataFrame(COUNTS.astype(kind), columns=[f"g{j}" for j in range(12)])
    cells = own(*own_data(table.assign(kind="a"), {"values": "counts"})).cells
    assert np.array_equal(_numbers(cells), COUNTS)
    assert set(table.dtypes) == {np.dtype(kind)}, "what was handed over is not changed"
