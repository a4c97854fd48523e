"""Embeddings that were computed elsewhere: read, checked, in the order of a data set's cells."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from omicsbench.errors import DataError
from omicsbench.inputs.cells import Cells
from omicsbench.inputs.source import Source
from omicsbench.reading.formats import file_digest, in_one_sentence
from omicsbench.registry.embeddings import NamedEmbedding
from omicsbench.validation.wording import many

if TYPE_CHECKING:
    import pandas as pd

PARQUET = ".parquet"
Obsm = Callable[[str], tuple["pd.Index[str]", Any]]  # names of cells, and an entry by its key


def content_id(source: Source, named: NamedEmbedding) -> str | None:
    """What tells an embedding from another of the same name, None where the data set's id does.

    Raises DataError if it cannot be had.
    """
    if named.path is not None:
        return file_digest(_file(named.path))
    if not source.in_memory:
        return None
    names, values = _of_obsm(source.obsm, named.key or "", source.title)
    digest = hashlib.sha256("\n".join(names).encode())
    digest.update(np.ascontiguousarray(values).data)
    return digest.hexdigest()


def embedding_of(source: Source, named: NamedEmbedding) -> NDArray[np.float32]:
    """The embedding (cells, d) of a data set's cells, in their order.

    Raises DataError, in one sentence, for what is no embedding of all these cells.
    """
    cells = source.cells
    if not isinstance(cells, Cells) or cells.names is None:
        raise DataError(
            f"{source.title} does not name its cells, so no embedding of them can be given."
        )
    return matched(named, cells.names, source.obsm, source.title)


def matched(
    named: NamedEmbedding, cells: pd.Index[str], obsm: Obsm, title: str
) -> NDArray[np.float32]:
    """The embedding of ``cells`` (n,), found by their names: (n, d). What it holds of others goes.

    ``obsm`` gives names and an entry of ``.obsm`` of the data, which are called ``title``.
    Raises DataError, in one sentence, for what is no embedding of all these cells.
    """
    if named.path is not None:
        where = named.path
        names, values = _of_parquet(_file(named.path))
    else:
        where = f".obsm[{named.key!r}] of {title}"
        names, values = _of_obsm(obsm, named.key or "", where)
    twice = names[names.duplicated()]
    if len(twice):
        raise DataError(
            f"{where} holds the cell name {twice[0]!r} {(names == twice[0]).sum()} times: give one "
            "row for every cell."
        )
    rows = names.get_indexer(cells)
    missing = cells[rows < 0]
    if len(missing):
        raise DataError(
            f"{where} lacks {many(len(missing), 'cell')} of the {len(rows):,} of {title}, such as "
            f"{missing[0]!r}: give a row for every cell, under the name that it has there."
        )
    own = values[rows]
    bad = np.flatnonzero(~np.isfinite(own).all(axis=1))
    if len(bad):
        raise DataError(
            f"{where} holds NaN or infinite values for {many(len(bad), 'cell')}, such as "
            f"{cells[bad[0]]!r}: give numbers for every cell."
        )
    return own


def _file(path: str) -> Path:
    if not Path(path).is_file():
        raise DataError(
            f"There is no file {path}: name a parquet file of cells x dimensions, as "
            "DataFrame.to_parquet writes it."
        )
    return Path(path)


def _of_obsm(obsm: Obsm, key: str, where: str) -> tuple[pd.Index[str], NDArray[np.float32]]:
    from scipy import sparse

    names, stored = obsm(key)
    if hasattr(stored, "columns"):
        return names, _numbers_of(stored, where)
    values = stored.toarray() if sparse.issparse(stored) else np.asarray(stored)
    if values.ndim != 2 or values.dtype.kind not in "biuf" or not values.shape[1]:
        raise DataError(
            f"{where} is an array of shape {values.shape} and type {values.dtype}: give numbers, "
            "cells in rows and dimensions in columns."
        )
    with np.errstate(over="ignore"):  # too large: infinite, which is said
        return names, np.asarray(values, dtype=np.float32)


def _of_parquet(path: Path) -> tuple[pd.Index[str], NDArray[np.float32]]:
    """Names and rows of a table whose index, or first column, names the cells."""
    import pandas as pd

    with in_one_sentence(path, PARQUET):
        table = pd.read_parquet(path)
    if isinstance(table.index, pd.RangeIndex):
        if not len(table.columns) or pd.api.types.is_numeric_dtype(table.dtypes.iloc[0]):
            raise DataError(
                f"{path} does not name its cells: give their names as index or first column."
            )
        table = table.set_index(table.columns[0])
    return table.index.astype(str), _numbers_of(table, str(path))


def _numbers_of(table: pd.DataFrame, where: str) -> NDArray[np.float32]:
    import pandas as pd

    other = [name for name, of in table.dtypes.items() if not pd.api.types.is_numeric_dtype(of)]
    if other:
        raise DataError(
            f"{where}: column {str(other[0])!r} holds no numbers; keep the dimensions alone."
        )
    if not len(table.columns):
        raise DataError(f"{where} holds names of cells and no dimension.")
    with np.errstate(over="ignore"):
        return table.to_numpy(dtype=np.float32, na_value=np.nan)
