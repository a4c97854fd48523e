"""Loops over compressed rows, compiled by numba: what numpy could only do through copies.

Arrays are those of a CSR matrix: ``data`` (nnz,) float32, ``indices`` (nnz,) unsigned or int32,
``indptr`` (rows + 1,) int64, so that a matrix may hold more than 2^31 values.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

options: dict[str, Any] = {"nogil": True, "cache": True}


@njit(**options)
def fill_dense(data, indices, indptr, rows, factor, high, out):  # type: ignore[no-untyped-def]
    """``out`` (rows, p): the given rows, each value times its column's factor, at most ``high``."""
    out[:] = 0
    for i in range(rows.size):
        for k in range(indptr[rows[i]], indptr[rows[i] + 1]):
            j = indices[k]
            out[i, j] = min(data[k] * factor[j], high[j])


@njit(**options)
def fill_sparse(  # type: ignore[no-untyped-def]
    data, indices, indptr, rows, factor, high, new_data, new_indices
):
    """The same in compressed form, into (nnz of the rows,) arrays."""
    at = 0
    for i in range(rows.size):
        for k in range(indptr[rows[i]], indptr[rows[i] + 1]):
            j = indices[k]
            new_data[at] = min(data[k] * factor[j], high[j])
            new_indices[at] = j
            at += 1


@njit(**options)
def add_moments(  # type: ignore[no-untyped-def]
    data, indices, indptr, rows, factor, high, total, squares, stored
):
    """Add the rows to each column's sum, sum of squares (float64) and number of values."""
    for i in range(rows.size):
        for k in range(indptr[rows[i]], indptr[rows[i] + 1]):
            j = indices[k]
            value = np.float64(min(data[k] * factor[j], high[j]))
            total[j] += value
            squares[j] += value * value
            stored[j] += 1


@njit(**options)
def add_extremes(data, indices, indptr, rows, low, high):  # type: ignore[no-untyped-def]
    """Lower ``low`` and raise ``high`` to the columns' stored values."""
    for i in range(rows.size):
        for k in range(indptr[rows[i]], indptr[rows[i] + 1]):
            j = indices[k]
            low[j] = min(low[j], data[k])
            high[j] = max(high[j], data[k])


@njit(**options)
def keep_columns(data, indices, indptr, place, new_data, new_indices, new_indptr):  # type: ignore[no-untyped-def]
    """Compress to the columns with ``place[j] >= 0``, their new numbers; returns the nnz kept."""
    at = 0
    new_indptr[0] = 0
    for i in range(indptr.size - 1):
        for k in range(indptr[i], indptr[i + 1]):
            j = place[indices[k]]
            if j >= 0:
                new_data[at] = data[k]
                new_indices[at] = j
                at += 1
        new_indptr[i + 1] = at
    return at
