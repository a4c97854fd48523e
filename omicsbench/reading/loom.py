"""Loom files: genes x cells in HDF5 with attributes of both, read by blocks of cells."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from omicsbench.errors import DataError

if TYPE_CHECKING:
    from anndata import AnnData

BLOCK = 2_000  # columns, which are cells
FEATURE_NAMES = ("Gene", "var_names", "gene_name", "gene_names", "GeneName", "Accession")
CELL_NAMES = ("CellID", "obs_names", "cell_id", "cell_names", "Barcode", "barcode", "cell_barcode")


def read_loom(path: Path, layer: str | None = None) -> AnnData:
    """Cells x features, with the attributes as annotations; besides, the one layer asked for.

    Raises DataError if the file is no loom file, contradicts itself or has no such layer.
    """
    import anndata
    import h5py

    with h5py.File(path, "r") as file:
        if "matrix" not in file or not hasattr(file["matrix"], "shape"):
            held = ", ".join(file) or "nothing"
            raise DataError(f"{path} is not a loom file (it holds {held}): rename it.")
        layers = list(file.get("layers", ()))
        if layer is not None and layer not in layers:
            found = ", ".join(layers) or "none"
            raise DataError(f"There is no layer {layer!r}: the layers of this file are {found}.")
        genes, cells = file["matrix"].shape
        obs = _attributes(file.get("col_attrs"), cells, CELL_NAMES, path)
        var = _attributes(file.get("row_attrs"), genes, FEATURE_NAMES, path)
        matrix = _cells_by_rows(file["matrix"])
        taken = {} if layer is None else {layer: _cells_by_rows(file["layers"][layer])}
    return anndata.AnnData(matrix, obs=obs, var=var, layers=taken)


def _cells_by_rows(stored: Any) -> Any:
    """A dense matrix (features, cells) of the file as CSR (cells, features) float32."""
    from scipy import sparse

    blocks = [
        sparse.csr_matrix(np.asarray(stored[:, start : start + BLOCK], dtype=np.float32).T)
        for start in range(0, stored.shape[1], BLOCK)
    ]
    return sparse.vstack(blocks, format="csr") if blocks else sparse.csr_matrix(stored.shape[::-1])


def _attributes(group: Any, size: int, names: tuple[str, ...], path: Path) -> Any:
    """The attributes of one value each, as a table; the first of ``names`` is its index."""
    import pandas as pd

    columns = {}
    for name in group or ():
        values = group[name]
        if not hasattr(values, "shape") or values.shape != (size,):
            if getattr(values, "ndim", 0) == 1:
                raise DataError(
                    f"{path} contradicts itself ({name} has {len(values):,} entries for {size:,}): "
                    "it is damaged; copy or download it again."
                )
            continue  # coordinates, a matrix for each cell
        columns[name] = _text(values[:]) if values.dtype.kind in "SO" else values[:]
    index = next((columns.pop(name) for name in names if name in columns), np.arange(size))
    return pd.DataFrame(columns, index=pd.Index(index).astype(str))


def _text(values: Any) -> Any:
    return np.array(
        [v.decode("utf-8", "replace") if isinstance(v, bytes) else str(v) for v in values],
        dtype=object,
    )
