"""The user's own data as given to the Python interface: a path, an AnnData, or several."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omicsbench.errors import OmicsbenchError
from omicsbench.plugin import Values
from omicsbench.reading.own import OwnData
from omicsbench.reading.readers import read
from omicsbench.reading.tables import from_table

if TYPE_CHECKING:
    from anndata import AnnData

PathLike = str | os.PathLike[str]


NAME = "adata"  # of data that have no name of their own


def own_data(
    data: PathLike | AnnData | OwnData | Sequence[OwnData] | Any,
    label: str | None,
    values: Values | None,
    unit: str | None,
    folder: Path,
    name: str | None = None,
) -> list[OwnData]:
    """What a call was given as data, none or several; what is no file is written into ``folder``.

    ``name`` is what results call it: by default the file's name, or ``uns["name"]`` of an AnnData,
    or ``adata``. Raises OmicsbenchError for what is no data.
    """
    if data is None:
        for what, column in (("label", label), ("unit", unit), ("name", name)):
            if column is not None:
                raise OmicsbenchError(
                    f"A {what} belongs to your own data; name its file with --data."
                )
        return []
    if isinstance(data, OwnData):
        return [data]
    if isinstance(data, str | os.PathLike):
        return [OwnData(Path(data), label=label, values=values, unit=unit, name=name)]
    if isinstance(data, list | tuple) and all(isinstance(one, OwnData) for one in data):
        return list(data)
    adata = as_anndata(data, OwnData(Path(), label=label, unit=unit))
    called = name or str(adata.uns.get("name") or NAME)
    path = _written(adata, label, unit, folder)
    return [OwnData(path, label=label, values=values, unit=unit, name=called)]


def as_anndata(data: Any, own: OwnData | None = None) -> AnnData:
    """Cells x features from an AnnData, a file's path, a matrix or a DataFrame.

    An AnnData is returned as it is. Of a DataFrame, numbers are features; text, and label and
    unit of ``own``, become annotations of the cells. Raises OmicsbenchError, in one sentence, for
    anything else.
    """
    import numpy as np
    import pandas as pd
    from anndata import AnnData
    from scipy import sparse

    if isinstance(data, AnnData):
        return data
    if isinstance(data, str | os.PathLike):
        return read(OwnData(Path(data)))
    if isinstance(data, pd.DataFrame):
        return from_table(data, "the DataFrame", own or OwnData(Path()))
    if isinstance(data, np.ndarray) or sparse.issparse(data):
        if data.ndim != 2 or data.dtype.kind not in "biuf":
            raise OmicsbenchError(
                f"data is an array of shape {data.shape} and type {data.dtype}; give numbers, "
                "cells in rows and features in columns."
            )
        numbers = sparse.csr_matrix(data) if sparse.issparse(data) else np.asarray(data)
        return AnnData(numbers.astype(np.float32))
    if hasattr(data, "mod"):
        raise OmicsbenchError(
            f"data is a {type(data).__name__} of several modalities; give one of them, "
            "such as data['rna']."
        )
    raise OmicsbenchError(
        f"data is a {type(data).__name__}; give a file's path, an AnnData, a matrix, "
        "a DataFrame or OwnData objects."
    )


def _written(adata: AnnData, label: str | None, unit: str | None, folder: Path) -> Path:
    """The AnnData as a file, without what a run does not use and a file may not hold."""
    from anndata import AnnData

    wanted = list(dict.fromkeys(name for name in (label, unit) if name is not None))
    if set(wanted) <= set(adata.obs):
        obs = adata.obs[wanted]
    else:  # what there is, to be named in the refusal
        obs = adata.obs.select_dtypes(include=["category", "object", "string"]).astype(str)
    layers = {"counts": adata.layers["counts"]} if "counts" in adata.layers else {}
    uns: dict[str, Any] = {"log1p": {}} if "log1p" in adata.uns else {}
    path = folder / "data.h5ad"
    AnnData(adata.X, obs=obs, var=adata.var[[]], layers=layers, uns=uns).write_h5ad(path)
    return path
