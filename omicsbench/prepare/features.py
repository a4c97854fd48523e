"""Which features a data set is compared on: the most variable ones of the training pool.

What has to be known of the pool are column sums, so it may be read a block at a time.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from omicsbench.errors import DataError
from omicsbench.plugin import Values
from omicsbench.prepare.scaling import Matrix, from_sums, mean_and_variance

BINS = 20
Floats = NDArray[np.float64]


class ColumnSums:
    """Sums over the rows seen so far of log values and of what they are logarithms of."""

    def __init__(self, columns: int, logged: bool) -> None:
        """``logged``: the values are log(1 + x), and x is summed too."""
        self.n, self.logged = 0, logged
        self._sums = np.zeros((columns, 8))
        self._sums[:, 5], self._sums[:, 6] = np.inf, -np.inf

    def add(self, block: Any, rows: NDArray[np.int64]) -> None:
        """Add some rows of a CSR block of float32."""
        from omicsbench.prepare import kernels

        self.n += rows.size
        raw = np.expm1(block.data) if self.logged else block.data
        where = (block.indices, block.indptr.astype(np.int64), rows)
        kernels.add_columns(block.data, raw, *where, self._sums)

    def moments(self, raw: bool = False) -> tuple[Floats, Floats]:
        """Mean and variance (divided by n) of each column; ``raw``: of what was logged."""
        total, squares = self._sums[:, 3 * raw : 3 * raw + 2].T
        return from_sums(total, squares, self.n)

    def lowest(self) -> float:
        """The smallest value stored, 0 at most."""
        return float(self._sums[:, 5].min(initial=0))

    def varies(self) -> NDArray[np.bool_]:
        """Whether a column has two different values."""
        stored, low, high = self._sums[:, 2], self._sums[:, 5], self._sums[:, 6]
        some_zero = stored < self.n
        low = np.where(some_zero, np.minimum(low, 0), low)
        high = np.where(some_zero, np.maximum(high, 0), high)
        return np.asarray(high > low)


def is_logged(values: Values) -> bool:
    """Whether prepared values are logarithms of expression, whose dispersion is looked at."""
    return values in ("counts", "fractional", "normalized", "log", "log2", "log10")


def usable(varies: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Numbers of the columns that vary. Raises DataError if there is none."""
    kept = np.flatnonzero(varies)
    if kept.size == 0:
        raise DataError("No feature varies between the training cells; check the file's values.")
    return kept


def select(sums: ColumnSums, values: Values, features: int | None) -> NDArray[np.int64]:
    """Numbers of the ``features`` most variable columns, sorted; None: of all that vary.

    Log-normalised data: dispersion normalised for the mean (scanpy's ``seurat`` flavour,
    10.1038/nbt.3192); other data: variance.
    """
    kept = usable(sums.varies())
    if features is None:
        return kept
    if not is_logged(values):
        return most(kept, np.sqrt(sums.moments()[1][kept]), features)
    mean, variance = sums.moments(raw=True)
    unbiased = variance[kept] * sums.n / max(sums.n - 1, 1)
    return most(kept, normalised_dispersion(mean[kept], unbiased), features)


def select_rows(rows: Matrix, values: Values, features: int | None) -> NDArray[np.int64]:
    """``select`` on rows in memory, (n, p) CSR or dense; None keeps all columns that vary."""
    if isinstance(rows, np.ndarray):
        kept = usable(np.ptp(rows, axis=0) > 0)
        if features is None or not is_logged(values):
            return most(kept, np.sqrt(mean_and_variance(rows[:, kept])[1]), features)
        from scipy.sparse import csr_matrix

        rows = csr_matrix(rows)
    sums = ColumnSums(rows.shape[1], logged=is_logged(values))
    sums.add(rows, np.arange(rows.shape[0]))
    return select(sums, values, features)


def normalised_dispersion(mean: Floats, variance: Floats) -> Floats:
    """Dispersion of each column against those of a like mean, (p,); -inf where undefined.

    ``mean`` and ``variance`` (divided by n - 1) of normalised counts. log(variance / mean) is
    centred and scaled within 20 bins of log(1 + mean), as scanpy does; a bin of one column
    gives 1.
    """
    import pandas as pd

    mean = np.where(mean == 0, 1e-12, mean)
    dispersion = variance / mean
    with np.errstate(divide="ignore"):
        table = pd.DataFrame({"dispersion": np.log(np.where(dispersion == 0, np.nan, dispersion))})
    table["bin"] = pd.cut(np.log1p(mean), bins=BINS)
    binned = table.groupby("bin", observed=True)["dispersion"]
    centre, spread = binned.transform("mean"), binned.transform("std")
    alone = spread.isna()
    spread[alone], centre[alone] = centre[alone], 0.0
    scored = ((table["dispersion"] - centre) / spread).fillna(-np.inf)
    return scored.to_numpy(dtype=np.float64)


def most(kept: NDArray[np.int64], score: Floats, features: int | None) -> NDArray[np.int64]:
    """Those of ``kept`` with the highest scores, sorted; a tie goes to the first."""
    if features is None or kept.size <= features:
        return kept
    return np.sort(kept[np.argsort(-score, kind="stable")[:features]])
