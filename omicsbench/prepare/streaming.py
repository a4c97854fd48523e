"""Two passes over a stream of cells: choose the features, then write what is kept.

The features are chosen by the training pool, so no step sees a test row. Memory holds a few
blocks of rows, whatever the number of cells.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omicsbench.errors import DataError
from omicsbench.plugin import Values
from omicsbench.prepare import split as splitting
from omicsbench.prepare.ahead import ahead
from omicsbench.prepare.features import ColumnSums, is_logged
from omicsbench.prepare.mapped_rows import CsrWriter
from omicsbench.prepare.normalise import COUNTED, depths, normalize
from omicsbench.prepare.share import OnShare
from omicsbench.stream import CellStream
from omicsbench.validation.check import MIN_CELLS
from omicsbench.validation.kinds import DROPS_EMPTY

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
    depth : (cells,) what ``normalise.measured`` needs of each; None where there are no counts.
    """

    full: NDArray[np.bool_]
    codes: Codes | None
    parts: splitting.Split
    sums: ColumnSums
    depth: NDArray[np.float32] | None


def survey(
    cells: CellStream,
    values: Values,
    repeat: int,
    seed: int,
    on_share: OnShare | None = None,
    held_out: int | None = None,
    units: Codes | None = None,
) -> Survey:
    """Read all cells once (twice where some turn out to be empty).

    ``on_share`` is told the share of the cells read, up to 1. ``held_out`` is the code of a class
    of which no cell is in the training pool; ``units`` (cells,) are codes to split by.
    """
    n, p = cells.shape
    every = None if cells.labels is None else np.asarray(cells.labels())
    wanted = np.ones(n, dtype=bool)
    depth = np.zeros(n, dtype=np.float32) if values in COUNTED else None
    while True:
        kept = int(wanted.sum())
        if kept < MIN_CELLS:
            raise DataError(f"{kept} cells have counts: at least {MIN_CELLS} are needed.")
        codes = None if every is None else every[wanted]
        parts = splitting.split(
            codes, kept, repeat, seed, held_out, None if units is None else units[wanted]
        )
        pool = np.zeros(n, dtype=bool)
        pool[np.flatnonzero(wanted)[np.concatenate([parts.train, parts.validation])]] = True
        sums, full, start = ColumnSums(p, logged=is_logged(values)), wanted.copy(), 0
        for block, normalised in ahead(_normalised(cells, values)):
            here = slice(start, start + block.shape[0])
            if values in DROPS_EMPTY:
                full[here] = np.asarray(block.sum(axis=1)).ravel() > 0
            if depth is not None:
                depth[here] = depths(block, values)
            sums.add(normalised, np.flatnonzero(pool[here] & full[here]))
            start = here.stop
            if on_share:
                on_share(start / n)
        if start != n:
            raise DataError(f"The data set gave {start:,} cells where it has {n:,}.")
        if (full == wanted).all():
            return Survey(full, codes, parts, sums, depth)
        wanted = full


def write(
    cells: CellStream,
    values: Values,
    full: NDArray[np.bool_],
    features: NDArray[np.int64],
    rows: Mapping[Path, NDArray[np.int64]],
    on_share: OnShare | None = None,
) -> None:
    """Write the chosen features, normalised, as mapped CSR: of each folder the rows it is to have.

    ``rows`` are numbers among the cells that are kept; they are written in ascending order.
    """
    n, p = cells.shape
    place = np.full(p, -1, dtype=np.int32)
    place[features] = np.arange(features.size)
    inside = {folder: np.sort(numbers) for folder, numbers in rows.items()}
    start, written = 0, 0
    with ExitStack() as stack:
        writers = {f: stack.enter_context(CsrWriter(f, features.size)) for f in rows}
        for block, kept in ahead(_normalised(cells, values)):
            here = slice(start, start + block.shape[0])
            if not full[here].all():
                kept = kept[full[here]]
            if features.size < p:
                kept = _columns(kept, place, features.size)
            stop = written + kept.shape[0]
            for folder, writer in writers.items():
                first, last = np.searchsorted(inside[folder], [written, stop])
                own = kept[inside[folder][first:last] - written]
                writer.append(own.data, own.indices, own.indptr)
            start, written = here.stop, stop
            if on_share:
                on_share(start / n)


def _normalised(cells: CellStream, values: Values) -> Iterator[tuple[Any, Any]]:
    """Each block as it was read, and normalised."""
    for block in cells.blocks():
        yield block, normalize(block, values)


def _columns(rows: Any, place: NDArray[np.int32], features: int) -> Any:
    """The CSR rows with the columns of ``place`` >= 0 alone, which are numbered by it."""
    from scipy.sparse import csr_matrix

    from omicsbench.prepare import kernels

    data = np.empty(rows.data.size, dtype=np.float32)
    indices = np.empty(rows.data.size, dtype=np.int32)
    indptr = np.empty(rows.shape[0] + 1, dtype=np.int64)
    size = kernels.keep_columns(rows.data, rows.indices, rows.indptr, place, data, indices, indptr)
    made = csr_matrix((rows.shape[0], features), dtype=np.float32)
    made.data, made.indices, made.indptr = data[:size], indices[:size], indptr
    return made
