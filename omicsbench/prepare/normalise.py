"""Two passes over a stream of cells: choose the features, then write what is kept.

Normalisation is per cell; the features are chosen by the training pool, so no step sees a test
row. Memory holds one block of rows, whatever the number of cells.
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
from omicsbench.plugin import Likelihood, Values
from omicsbench.prepare import split as splitting
from omicsbench.prepare.features import ColumnSums, is_logged
from omicsbench.prepare.mapped_rows import CsrWriter, index_type
from omicsbench.prepare.scaling import Matrix
from omicsbench.stream import CellStream

TARGET_SUM = 1e4
LIKELIHOODS: dict[Values, Likelihood] = {
    "counts": "negative_binomial", "proteins": "negative_binomial", "binary": "bernoulli",
    "rates": "bernoulli", "log": "normal", "continuous": "normal",
}  # fmt: skip
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


def normalize(X: Matrix, values: Values) -> Matrix:
    """Per cell; a float32 copy. Nothing is learnt from other cells.

    Counts become log(1 + counts per 10,000). So does binary presence: with the scaling of each
    feature that follows, this is TF-IDF (10.1126/science.aab1601) but for a constant. Of
    ``proteins`` the centred log ratio is taken, log(1 + x) minus its mean over the cell's proteins
    (10.1038/nmeth.4380), which makes them dense. Other values stay as they are.
    """
    X = X.astype(np.float32)
    if values == "proteins":
        logs = np.log1p(X if isinstance(X, np.ndarray) else X.toarray())
        return logs - logs.mean(axis=1, keepdims=True)
    if values not in ("counts", "binary"):
        return X
    factor = (TARGET_SUM / np.maximum(_totals(X), 1e-12)).astype(np.float32)
    if isinstance(X, np.ndarray):
        return np.log1p(X * factor[:, None])
    X.data *= np.repeat(factor, np.diff(X.indptr))
    np.log1p(X.data, out=X.data)
    return X


def depths(X: Matrix, values: Values) -> NDArray[np.float32]:
    """What ``measured`` needs to undo ``normalize``, (n,): totals, of proteins mean logarithms."""
    if values == "proteins":
        logs = np.log1p(X if isinstance(X, np.ndarray) else X.toarray())
        return np.asarray(logs.mean(axis=1), dtype=np.float32)
    return _totals(X).astype(np.float32)


def measured(
    X: Any, depth: NDArray[np.float32] | None, rows: NDArray[np.int64], values: Values
) -> tuple[NDArray[np.float32] | None, NDArray[np.float32] | None]:
    """Some rows as they were measured, (n, p), and the counts of each over all features, (n,).

    ``X`` are normalised, unscaled values. None where there is nothing that a likelihood of counts
    or of presence speaks of.
    """
    if LIKELIHOODS[values] == "normal":
        return None, None
    block = X[rows]
    dense: NDArray[np.float32] = block if isinstance(block, np.ndarray) else block.toarray()
    if values == "binary":
        return (dense > 0).astype(np.float32), None
    if values == "rates" or depth is None:
        return np.array(dense, dtype=np.float32), None
    own = np.asarray(depth[rows])
    if values == "proteins":
        raw = np.rint(np.expm1(dense + own[:, None])).astype(np.float32)
        return raw, raw.sum(axis=1)
    raw = np.rint(np.expm1(dense) * (own[:, None] / TARGET_SUM)).astype(np.float32)
    return raw, own


def _totals(X: Matrix) -> NDArray[np.float64]:
    return np.asarray(X.sum(axis=1), dtype=np.float64).ravel()
