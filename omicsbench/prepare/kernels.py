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
def add_moments(data, indices, indptr, rows, factor, high, sums):  # type: ignore[no-untyped-def]
    """Add the rows to each column's sum and sum of squares, ``sums`` (p, 2) float64."""
    for i in range(rows.size):
        for k in range(indptr[rows[i]], indptr[rows[i] + 1]):
            j = indices[k]
            value = np.float64(min(data[k] * factor[j], high[j]))
            sums[j, 0] += value
            sums[j, 1] += value * value


@njit(**options)
def add_columns(values, raw, indices, indptr, rows, sums):  # type: ignore[no-untyped-def]
    """Add the rows to what ``sums`` (p, 8) holds of each column, in one cache line.

    That is: sum, sum of squares and number of values; sum and sum of squares of ``raw``; the lowest
    and the highest value.
    """
    for i in range(rows.size):
        for k in range(indptr[rows[i]], indptr[rows[i] + 1]):
            own = sums[indices[k]]
            value, other = np.float64(values[k]), np.float64(raw[k])
            own[0] += value
            own[1] += value * value
            own[2] += 1
            own[3] += other
            own[4] += other * other
            own[5] = min(own[5], value)
            own[6] = max(own[6], value)


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
