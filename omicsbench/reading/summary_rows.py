"""Rows of a table that sum the others up, as spreadsheets add: they are no cells."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from omicsbench.errors import DataError

_NAMES = re.compile(
    r"(grand|sub|column|col|row)?(total|sum|mean|average|median)s?|avg|sd|std|stdev|stddev|sem|cv"
    r"|standarddeviation|variance"
)
FEWEST_CELLS = 4  # of which a sum tells something


def require_no_summaries(names: Sequence[object], X: NDArray[np.float32]) -> None:
    """Raise DataError for a row of ``X`` (n, p) that is called a total, a mean, or is the sum."""
    called = [str(n) for n in names if _NAMES.fullmatch(re.sub(r"[\W_]", "", str(n)).lower())]
    if called and len(called) <= len(names) // FEWEST_CELLS:
        raise DataError(
            f"row {called[0]!r} sums up the other rows by its name, and is no cell: remove "
            f"{'it' if len(called) == 1 else 'such rows (' + ', '.join(called[:8]) + ')'}."
        )
    place = _sum_of_others(X)
    if place is not None:
        raise DataError(
            f"row {str(names[place])!r} is the sum of all other rows, and no cell: remove it."
        )


def _sum_of_others(X: NDArray[np.float32]) -> int | None:
    """The row that is the sum of all others in every column, None if there is none."""
    if len(X) < FEWEST_CELLS or X.shape[1] < FEWEST_CELLS:
        return None
    sums = X.sum(axis=1, dtype=np.float64)
    if not np.isfinite(sums).all():
        return None
    place = int(np.argmax(sums))
    if not np.isclose(2 * sums[place], sums.sum(), rtol=1e-3) or sums[place] <= 0:
        return None
    others = X.sum(axis=0, dtype=np.float64) - X[place]
    alike = np.allclose(others, X[place], rtol=1e-3, atol=1e-3 * np.abs(X[place]).max())
    return place if alike and np.count_nonzero(others) >= FEWEST_CELLS else None
