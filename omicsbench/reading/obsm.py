"""What the user's own data hold of the cells in ``.obsm``, read by itself: the matrix is left."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omicsbench.errors import DataError
from omicsbench.reading.anndata_files import read_compressed, read_h5ad, read_zarr
from omicsbench.reading.formats import format_of, in_one_sentence
from omicsbench.reading.modalities import read_one
from omicsbench.reading.own import OwnData

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

SHOWN = 8  # entries named
Held = tuple["pd.Index[str]", Mapping[str, Any]]  # names of the cells, entries by their keys


def read_obsm(own: OwnData, key: str) -> tuple[pd.Index[str], Any]:
    """Names of the cells, and the entry of ``.obsm`` of that key, as it is stored.

    Raises DataError, in one sentence, if there is no such entry.
    """
    if own.held is not None:
        names, entries = _of(own.held, own) if hasattr(own.held, "obsm") else _none()
    else:
        kind = format_of(own.path)
        with in_one_sentence(own.path, kind):
            names, entries = _of_file(own.path, kind, own, key)
    return names.astype(str), _entry(entries, key, own.title)


def obsm_of(loaded: Any, key: str, title: str) -> tuple[pd.Index[str], Any]:
    """The same of what a loader gave, called ``title``. Raises DataError as ``read_obsm`` does."""
    held = hasattr(loaded, "obs_names")  # and no stream of cells
    found = _entry(loaded.obsm if held else {}, key, title)
    return loaded.obs_names, found


def _entry(entries: Mapping[str, Any], key: str, title: str) -> Any:
    if key in entries:
        return entries[key]
    if not entries:
        raise DataError(f"{title} holds no .obsm, and so no embedding {key!r} of its cells.")
    shown = ", ".join(list(entries)[:SHOWN]) + (", ..." if len(entries) > SHOWN else "")
    raise DataError(f"{title} has no {key!r} in .obsm; it has {shown}.")


def _none() -> Held:
    import pandas as pd

    return pd.Index([], dtype=str), {}


def _of(adata: AnnData, own: OwnData) -> Held:
    """Of data in which the cells are columns, they have the names and entries of these."""
    if own.transpose:
        return adata.var_names, adata.varm
    return adata.obs_names, adata.obsm


def _of_file(path: Path, kind: str, own: OwnData, key: str) -> Held:
    match kind:
        case ".h5ad":
            return _of_h5ad(path, own, key)
        case ".h5ad.gz":
            return _of(read_compressed(path), own)
        case ".zarr":
            return _of(read_zarr(path), own)
        case ".h5mu":
            return _of(read_one(path, own), own)
        case _:
            return _none()


def _of_h5ad(path: Path, own: OwnData, key: str) -> Held:
    """Only what is asked for is read: the matrix may be a hundred times as large."""
    import h5py
    from anndata.io import read_elem

    of, entries = ("var", "varm") if own.transpose else ("obs", "obsm")
    with h5py.File(path, "r") as file:
        if all(isinstance(file.get(name), h5py.Group) for name in (of, entries)):
            names = read_elem(file[of]).index
            held = file[entries]
            return names, {name: read_elem(held[name]) if name == key else None for name in held}
    return _of(read_h5ad(path), own)  # as anndata stored it before 0.7
