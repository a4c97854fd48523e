"""Can what batches do be told apart from what classes are?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

STRONG = 0.5  # Cramer's V, from which it is told


def confounding(
    codes: NDArray[np.int64], batches: NDArray[np.int64], label: str, batch: str
) -> list[str]:
    """A sentence if the labels (n,), -1 where missing, and the batches (n,) go together."""
    known = codes >= 0
    table = _crossed(codes[known], batches[known])
    if min(table.shape, default=0) < 2:
        return []
    v = cramers_v(table)
    if not (np.count_nonzero(table, axis=1) > 1).any():
        return [
            f"Every class of {label!r} lies in one {batch!r} only (Cramer's V {v:.2f}): what "
            "batches do cannot be told apart from what classes are, whatever a score of batch "
            "removal says."
        ]
    if v >= STRONG:
        return [
            f"{label!r} and {batch!r} go together (Cramer's V {v:.2f}): whoever removes batches "
            "may remove what classes differ in."
        ]
    return []


def cramers_v(table: NDArray[np.int64]) -> float:
    """How far rows and columns of a contingency table go together: 0 not at all, 1 wholly."""
    n = table.sum()
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / n
    chi2 = (np.square(table - expected) / expected).sum()
    return float(np.sqrt(chi2 / n / (min(table.shape) - 1)))


def _crossed(rows: NDArray[np.int64], columns: NDArray[np.int64]) -> NDArray[np.int64]:
    """How often each two codes meet, of codes that occur."""
    r, c = (np.unique(codes, return_inverse=True)[1] for codes in (rows, columns))
    if not r.size:
        return np.zeros((0, 0), dtype=np.int64)
    table = np.zeros((r.max() + 1, c.max() + 1), dtype=np.int64)
    np.add.at(table, (r, c), 1)
    return table
