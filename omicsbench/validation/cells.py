"""Cells that repeat: equal values under other names, one of which may test what another taught."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from omicsbench.reading.decisions import Decision
from omicsbench.validation.wording import many

BLOCK = 1 << 24  # values that are hashed at a time
COMPARED = 1_000  # cells among which it is looked how common a value is
JUDGED = 40  # groups of equal cells of which it is asked whether chance made them
NIL = 1e-4  # expected number of equal pairs below which chance made none
Hashes = NDArray[np.uint64]


def of_copies(matrix: Any, names: Any) -> tuple[list[str], list[Decision]]:
    """What to say of cells with the values of another: a note and a decision, or nothing.

    ``matrix`` (n, p) is CSR in canonical form or dense; ``names`` (n,) are the cells'. Cells
    without any value are left aside, and so are equal ones where few features of few values make
    them likely.
    """
    groups = _equal(matrix)
    if not groups:
        return [], []
    judged = [groups[k] for k in np.unique(np.linspace(0, len(groups) - 1, JUDGED).astype(int))]
    beyond = [group for group in judged if _beyond_chance(matrix, group)]
    if not beyond:
        return [], []
    # Where chance made none of those that were looked at, it made none of the others.
    counted = groups if len(beyond) == len(judged) else beyond
    least = "" if counted is groups or len(judged) == len(groups) else "At least "
    copies = sum(group.size - 1 for group in counted)
    first, second = (str(names[row]) for row in counted[0][:2])
    note = (
        f"{least}{many(copies, 'cell has', 'cells have')} the values of another, such as "
        f"{second!r} those of {first!r}: a copy in the test set is known from training; leave "
        "copies out of the file."
    )
    why = f"equal values under other names, such as {first!r} and {second!r}"
    kept = f"{least.lower()}{many(copies, 'copy', 'copies')} of other cells kept"
    return [note], [Decision("cells", kept, why)]


def _equal(matrix: Any) -> list[NDArray[np.int64]]:
    """Rows that are equal, by groups in order of the first; rows without values are left out."""
    hashes, full = _hashes(matrix)
    rows = np.flatnonzero(full)
    if not rows.size:
        return []
    order = rows[np.argsort(hashes[rows], kind="stable")]
    same = np.diff(hashes[order]) == 0
    order = order[np.append(same, False) | np.append(False, same)]
    if not order.size:
        return []
    groups = np.split(order, np.flatnonzero(np.diff(hashes[order])) + 1)
    return sorted(groups, key=lambda group: int(group[0]))


def _hashes(matrix: Any) -> tuple[Hashes, NDArray[np.bool_]]:
    """A hash of each row, (n,), and whether it has any value other than zero.

    The same for the same numbers: each value's bits are mixed, weighed by their column, and added
    up modulo 2^64.
    """
    n, p = matrix.shape
    weights = np.random.default_rng(0).integers(1, 1 << 64, p, dtype=np.uint64) | np.uint64(1)
    hashes, full = np.zeros(n, dtype=np.uint64), np.zeros(n, dtype=bool)
    stored = matrix.indptr if hasattr(matrix, "indptr") else np.arange(n + 1) * p
    start = 0
    while start < n:
        stop = max(start + 1, int(np.searchsorted(stored, stored[start] + BLOCK, "right")) - 1)
        rows = matrix[start:stop]
        if hasattr(rows, "indptr"):
            mixed = _mixed(rows.data) * weights[rows.indices]
            sums = np.concatenate([np.zeros(1, dtype=np.uint64), np.cumsum(mixed)])
            hashes[start:stop] = np.diff(sums[rows.indptr])
            full[start:stop] = np.diff(rows.indptr) > 0
        else:
            hashes[start:stop] = (_mixed(rows) * weights).sum(axis=1, dtype=np.uint64)
            full[start:stop] = (rows != 0).any(axis=1)
        start = stop
    return hashes, full


def _mixed(values: NDArray[Any]) -> Hashes:
    """Bits of float32 values, spread over 64; those of 0, however it was stored, are 0."""
    bits = (values.astype(np.float32) + np.float32(0)).view(np.uint32).astype(np.uint64)
    bits *= np.uint64(0x9E3779B97F4A7C15)
    bits ^= bits >> np.uint64(29)
    bits *= np.uint64(0xBF58476D1CE4E5B9)
    bits ^= bits >> np.uint64(32)
    return bits


def _beyond_chance(matrix: Any, group: NDArray[np.int64]) -> bool:
    """Whether these equal rows hold more than could come again by itself.

    How rare a row's values are, feature by feature, is told by some cells of the file. Features
    go together, so that only half of what they tell is believed.
    """
    n = matrix.shape[0]
    others = matrix[np.unique(np.linspace(0, n - 1, min(n, COMPARED)).astype(np.int64))]
    needed = 2 * (2 * np.log2(n) - np.log2(NIL))
    return bool(_bits(_dense(matrix[group[0]]).ravel(), others) > needed)


def _bits(row: NDArray[Any], others: Any) -> float:
    """Information of a row: minus the logarithms of how many cells have each of its values."""
    m = others.shape[0]
    if hasattr(others, "indptr"):
        same = others.data == row[others.indices]
        columns = others.indices
        equal = np.bincount(columns[same], minlength=row.size)
        stored = np.bincount(columns, minlength=row.size)
        equal = np.where(row == 0, m - stored, equal)
    else:
        equal = (others == row).sum(axis=0)
    return float(-np.log2((equal + 1) / (m + 1)).sum())


def _dense(row: Any) -> NDArray[Any]:
    return np.asarray(row.toarray() if hasattr(row, "indptr") else row)
