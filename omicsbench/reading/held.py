"""Cells that Python holds already: an AnnData or a matrix, never written, never changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from omicsbench.errors import DataError
from omicsbench.reading.number_types import computable

if TYPE_CHECKING:
    from anndata import AnnData

    from omicsbench.reading.own import OwnData

NUMBERS = "biuf"


def cells_of(adata: AnnData, own: OwnData) -> AnnData:
    """What a run reads of ``adata``, in an AnnData of its own: nothing that is done to it is seen.

    X, the layers "counts" and that of ``own``, ``.raw``, annotations and the base of logarithms;
    what lies on disk is read, dask arrays are computed. Large arrays are shared, not copied.

    Raises DataError for what holds no numbers, and for a label or unit of which there are two.
    """
    import anndata
    import pandas as pd

    if not isinstance(adata.obs, pd.DataFrame) or not isinstance(adata.var, pd.DataFrame):
        adata = adata.to_memory()  # annotations that are read when they are asked for
    layers = {
        name: as_numbers(adata.layers[name], f"Layer {name!r}")
        for name in dict.fromkeys(("counts", own.layer))
        if name in adata.layers
    }
    return anndata.AnnData(
        None if adata.X is None else as_numbers(adata.X, "X"),
        obs=_annotations(adata.obs, own.columns),
        var=_annotations(adata.var),
        layers=layers,
        uns={"log1p": _dict(adata.uns["log1p"])} if "log1p" in adata.uns else {},
        raw=None if adata.raw is None else _raw(adata.raw),
    )


def as_numbers(matrix: Any, what: str) -> Any:
    """The matrix in memory: CSR, or a plain array, of numbers. ``what`` is what errors call it.

    Raises DataError for other types, masked values and other than two dimensions.
    """
    from scipy import sparse

    matrix = _in_memory(matrix)
    if isinstance(matrix, np.ma.MaskedArray):
        masked = int(np.ma.getmaskarray(matrix).sum())
        if masked:
            raise DataError(f"{what} has {masked:,} masked values: fill them, or leave them out.")
        matrix = matrix.data
    if not sparse.issparse(matrix) and not isinstance(matrix, np.ndarray):
        raise DataError(f"{what} is a {type(matrix).__name__}: give a numpy or scipy matrix.")
    if matrix.dtype.kind == "O":
        matrix = _of_objects(matrix, what)
    if matrix.ndim != 2 or matrix.dtype.kind not in NUMBERS:
        raise DataError(
            f"{what} is an array of shape {matrix.shape} and type {matrix.dtype}; give numbers, "
            "cells in rows and features in columns."
        )
    matrix = computable(matrix)
    return sparse.csr_matrix(matrix) if sparse.issparse(matrix) else np.asarray(matrix)


def _in_memory(matrix: Any) -> Any:
    """Read, computed or fetched, whatever holds it."""
    home = type(matrix).__module__.partition(".")[0]
    if home == "dask":
        return _in_memory(matrix.compute(scheduler="synchronous"))
    if home == "cupy":
        return matrix.get()
    if home in ("h5py", "zarr"):
        return matrix[...]
    return matrix.to_memory() if hasattr(matrix, "to_memory") else matrix


def _of_objects(matrix: Any, what: str) -> Any:
    try:
        return matrix.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"{what} holds something else than numbers ({error}).") from error


def _dict(value: Any) -> dict[str, Any]:
    return dict(value) if isinstance(value, Mapping) else {}


def _annotations(table: Any, wanted: Sequence[str] = ()) -> Any:
    """A table of its own with names as plain text, which every step takes, each column once."""
    made = table.copy(deep=False)
    made.index = [str(name) for name in table.index]
    made.columns = [str(column) for column in table.columns]
    twice = made.columns.duplicated()
    for column in wanted:
        if column in made.columns[twice]:
            raise DataError(f"There are two columns {column!r}: make the names unique.")
    return made.loc[:, ~twice]


def _raw(raw: Any) -> dict[str, Any]:
    return {"X": as_numbers(raw.X, ".raw"), "var": _annotations(raw.var)}
