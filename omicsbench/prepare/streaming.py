"""Two passes over a stream of cells: choose the features, then write what is kept.

The features are chosen by the training pool, so no step sees a test row. Memory holds one block of
rows, whatever the number of cells.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omicsbench.errors import DataError
from omicsbench.inputs.validation import DROPS_EMPTY, MIN_CELLS
from omicsbench.plugin import Values
from omicsbench.prepare import split as splitting
from omicsbench.prepare.features import ColumnSums, is_logged
from omicsbench.prepare.mapped_rows import CsrWriter, index_type
from omicsbench.prepare.normalise import normalize
from omicsbench.stream import CellStream

Codes = NDArray[np.signedinteger[Any]]


@dataclass(frozen=True)
class Survey:
    """What the first pass tells.

    Attributes
    ----------
    full : (cells,) bool, whether a cell has any value above zero; others are left out.
    codes : label codes of the cells that are kept, None without labels.
    parts : how the kept cells are split.
    sums : column sums over the training pool.
    """

    full: NDArray[np.bool_]
    codes: Codes | None
    parts: splitting.Split
    sums: ColumnSums


def survey(
    cells: CellStream,
    values: Values,
    repeat: int,
    seed: int,
    on_share: Callable[[float], None] | None = None,
    held_out: int | None = None,
) -> Survey:
    """Read all cells once (twice where some turn out to be empty).

    ``on_share`` is told the share of the cells read, up to 1. ``held_out`` is the code of a class
    of which no cell is in the training pool.
    """
    n, p = cells.shape
    every = None if cells.labels is None else np.asarray(cells.labels())
    wanted = np.ones(n, dtype=bool)
    while True:
        kept = int(wanted.sum())
        if kept < MIN_CELLS:
            raise DataError(f"{kept} cells have counts: at least {MIN_CELLS} are needed.")
        codes = None if every is None else every[wanted]
        parts = splitting.split(codes, kept, repeat, seed, held_out)
        pool = np.zeros(n, dtype=bool)
        pool[np.flatnonzero(wanted)[np.concatenate([parts.train, parts.validation])]] = True
        sums, full, start = ColumnSums(p, logged=is_logged(values)), wanted.copy(), 0
        for block in cells.blocks():
            here = slice(start, start + block.shape[0])
            if values in DROPS_EMPTY:
                full[here] = np.asarray(block.sum(axis=1)).ravel() > 0
            sums.add(normalize(block, values), np.flatnonzero(pool[here] & full[here]))
            start = here.stop
            if on_share:
                on_share(start / n)
        if start != n:
            raise DataError(f"The data set gave {start:,} cells where it has {n:,}.")
        if (full == wanted).all():
            return Survey(full, codes, parts, sums)
        wanted = full


def write(
    cells: CellStream,
    values: Values,
    full: NDArray[np.bool_],
    features: NDArray[np.int64],
    folder: Path,
    on_share: Callable[[float], None] | None = None,
) -> None:
    """Write the chosen features of the cells that are kept, normalised, as mapped CSR."""
    from omicsbench.prepare import kernels

    n, p = cells.shape
    place = np.full(p, -1, dtype=np.int32)
    place[features] = np.arange(features.size)
    start = 0
    with CsrWriter(folder, features.size) as writer:
        for block in cells.blocks():
            here = slice(start, start + block.shape[0])
            rows = normalize(block, values)
            if not full[here].all():
                rows = rows[full[here]]
            if features.size < p:
                data = np.empty(rows.data.size, dtype=np.float32)
                indices = np.empty(rows.data.size, dtype=index_type(features.size))
                indptr = np.empty(rows.shape[0] + 1, dtype=np.int64)
                size = kernels.keep_columns(
                    rows.data, rows.indices, rows.indptr, place, data, indices, indptr
                )
                writer.append(data[:size], indices[:size], indptr)
            else:
                writer.append(rows.data, rows.indices, rows.indptr)
            start = here.stop
            if on_share:
                on_share(start / n)
