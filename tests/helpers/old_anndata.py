"""AnnData files as former versions of anndata laid them out, written by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from scipy import sparse

TEXT = h5py.string_dtype()


def write_compound(
    path: Path, X: Any, cells: list[str], genes: list[str], kinds: list[str]
) -> Path:
    """0.5 and 0.6: tables of compound type, their categories in uns, sparse as of h5sparse."""
    names = sorted(set(kinds))
    with h5py.File(path, "w") as file:
        _h5sparse(file.create_group("X"), X)
        codes = np.array([names.index(kind) for kind in kinds], dtype=np.int8)
        batch = np.array([b"x", b"yy"])[np.arange(len(cells)) % 2]
        file["obs"] = _compound(cells, kind=codes, batch=batch)
        file["var"] = _compound(genes, n_cells=np.arange(len(genes)))
        file["uns/kind_categories"] = np.array(names, dtype="S20")
        file["uns/pca/variance"] = np.ones(2)
        file["obsm"] = np.zeros(len(cells), dtype=[("X_pca", "f4", (2,))])
        file["varm"] = np.zeros(len(genes), dtype=[("PCs", "f4", (2,))])
        file["raw.X"] = np.asarray(X.todense() if sparse.issparse(X) else X) + 1
        file["raw.var"] = _compound(genes)
        file["raw.varm"] = np.zeros(len(genes), dtype=[("PCs", "f4", (2,))])
    return path


def write_dataframes(
    path: Path, X: Any, cells: list[str], genes: list[str], kinds: list[str]
) -> Path:
    """0.7: tables are groups, categories in ``__categories`` are referred to, raw a group."""
    with h5py.File(path, "w") as file:
        _matrix(file, "X", X, "0.1.0")
        _table(file.create_group("obs"), cells, {"kind": kinds}, "__categories")
        _table(file.create_group("var"), genes, {}, "__categories")
        _matrix(file, "raw/X", X + X, "0.1.0")
        _table(file.create_group("raw/var"), genes, {}, "__categories")
        file.create_group("uns")
    return path


def write_elements(
    path: Path, X: Any, cells: list[str], genes: list[str], kinds: list[str]
) -> Path:
    """0.8 to 0.12: every element says what it is, a category is a group of its own."""
    with h5py.File(path, "w") as file:
        file.attrs.update({"encoding-type": "anndata", "encoding-version": "0.1.0"})
        _matrix(file, "X", X, "0.1.0")
        _table(file.create_group("obs"), cells, {"kind": kinds}, None)
        _table(file.create_group("var"), genes, {}, None)
        for name in ("layers", "obsm", "uns"):
            made = file.create_group(name)
            made.attrs.update({"encoding-type": "dict", "encoding-version": "0.1.0"})
    return path


LAYOUTS: dict[str, Callable[..., Path]] = {
    "0.6": write_compound,
    "0.7": write_dataframes,
    "0.8": write_elements,
}


def _h5sparse(group: h5py.Group, X: Any) -> None:
    if not sparse.issparse(X):
        parent, name = group.parent, group.name
        del parent[name]
        parent[name] = X
        return
    group.attrs["h5sparse_format"] = X.format
    group.attrs["h5sparse_shape"] = X.shape
    _parts(group, X)


def _parts(group: h5py.Group, X: Any) -> None:
    group["data"], group["indices"], group["indptr"] = X.data, X.indices, X.indptr


def _matrix(file: h5py.File, name: str, X: Any, version: str) -> None:
    if not sparse.issparse(X):
        file[name] = X
        file[name].attrs.update({"encoding-type": "array", "encoding-version": "0.2.0"})
        return
    group = file.create_group(name)
    group.attrs.update({"encoding-type": f"{X.format}_matrix", "encoding-version": version})
    group.attrs["shape"] = X.shape
    _parts(group, X)


def _compound(index: Sequence[str], **columns: Any) -> Any:
    kinds = [("index", "S20"), *((name, values.dtype) for name, values in columns.items())]
    made = np.zeros(len(index), dtype=kinds)
    made["index"] = index
    for name, values in columns.items():
        made[name] = values
    return made


def _table(
    group: h5py.Group, index: list[str], columns: dict[str, list[str]], categories: str | None
) -> None:
    version = "0.1.0" if categories else "0.2.0"
    group.attrs.update({"encoding-type": "dataframe", "encoding-version": version})
    group.attrs["_index"] = "index"
    group.attrs.create("column-order", list(columns), dtype=TEXT, shape=(len(columns),))
    _texts(group, "index", index, categories is None)
    for name, values in columns.items():
        names = sorted(set(values))
        codes = np.array([names.index(value) for value in values], dtype=np.int8)
        if categories:
            group[name] = codes
            group.require_group(categories)
            _texts(group, f"{categories}/{name}", names, False)
            group[name].attrs["categories"] = group[f"{categories}/{name}"].ref
            continue
        made = group.create_group(name)
        made.attrs.update({"encoding-type": "categorical", "encoding-version": "0.2.0"})
        made.attrs["ordered"] = False
        made["codes"] = codes
        made["codes"].attrs.update({"encoding-type": "array", "encoding-version": "0.2.0"})
        _texts(made, "categories", names, True)


def _texts(group: h5py.Group, name: str, texts: list[str], told: bool) -> None:
    group.create_dataset(name, data=texts, dtype=TEXT)
    if told:
        encoding = {"encoding-type": "string-array", "encoding-version": "0.2.0"}
        group[name].attrs.update(encoding)
