"""What can be seen of values: their extremes; what some cells, spread over the file, add up to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omicsbench.errors import DataError

FLOAT32_MAX = float(np.finfo(np.float32).max)
CHUNK = 1 << 22
FEW = 10
SAME = 5e-4  # sums of cells that differ by less of their median are one number
SAMPLED_ROWS, SAMPLED_VALUES = 2_000, 10_000_000
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ValueSummary:
    """One pass over a matrix: its extremes, whether all is whole, how many are not finite."""

    low: float
    high: float
    whole: bool
    broken: int

    @property
    def counts(self) -> bool:
        return self.whole and not self.broken and self.low >= 0


def chunks(matrix: Any) -> Iterator[NDArray[Any]]:
    """All stored values, some at a time."""
    stored = matrix.data if hasattr(matrix, "indptr") else np.asarray(matrix).ravel(order="K")
    for start in range(0, stored.size, CHUNK):
        yield stored[start : start + CHUNK]


def summarise(matrix: Any, name: str) -> ValueSummary:
    """Look at all values. Raises DataError for what is no matrix of numbers."""
    if matrix.dtype.kind not in "biuf":
        raise DataError(f"{name} holds {matrix.dtype}, not numbers: convert it to float32.")
    sparse = hasattr(matrix, "indptr")
    implicit = 0.0 if sparse and matrix.data.size < matrix.shape[0] * matrix.shape[1] else np.nan
    low, high, whole, broken = implicit, implicit, True, 0
    for chunk in chunks(matrix):
        fine = np.abs(chunk.astype(np.float64, copy=False)) <= FLOAT32_MAX  # False for NaN
        broken += chunk.size - int(fine.sum())
        good = chunk[fine]
        if good.size:
            low, high = np.fmin(low, good.min()), np.fmax(high, good.max())
            whole = whole and (good.dtype.kind != "f" or bool((np.floor(good) == good).all()))
    return ValueSummary(float(low), float(high), whole, broken)


def raised(values: Floats, base: float | None) -> Floats:
    """What ``values`` are logarithms of, base ** x - 1; ``base`` None: the values themselves."""
    return values if base is None else np.asarray(np.expm1(values * np.log(base)))


@dataclass(frozen=True)
class Sample:
    """Cells spread evenly over a matrix, without the empty ones: their values other than zero.

    Attributes
    ----------
    values : (stored,) by cell.
    columns : (stored,) the feature of each.
    starts : (m,) where each cell begins.
    shape : of the sample, with its zeros.
    """

    values: Floats
    columns: NDArray[np.int64]
    starts: NDArray[np.int64]
    shape: tuple[int, int]

    @classmethod
    def of(cls, matrix: Any) -> Sample:
        from scipy.sparse import csr_matrix

        n, p = matrix.shape
        wanted = max(20, min(n, SAMPLED_ROWS, SAMPLED_VALUES // p))
        rows = csr_matrix(matrix[np.unique(np.linspace(0, n - 1, wanted).astype(np.int64))])
        rows.eliminate_zeros()
        if not rows.nnz:  # next to all cells are empty
            full = np.flatnonzero(np.asarray(abs(matrix).sum(axis=1)).ravel())
            rows = csr_matrix(matrix[full[:wanted]])
            rows.eliminate_zeros()
        sizes = np.diff(rows.indptr)
        starts = rows.indptr[:-1][sizes > 0].astype(np.int64)
        shape = (starts.size, p)
        return cls(rows.data.astype(np.float64), rows.indices.astype(np.int64), starts, shape)

    @cached_property
    def cells(self) -> NDArray[np.int64]:
        """(stored,) the cell of each value."""
        sizes = np.diff(np.append(self.starts, self.values.size))
        return np.repeat(np.arange(self.starts.size), sizes)

    @property
    def zeros(self) -> float:
        """Share of zeros."""
        return 1 - self.values.size / max(self.shape[0] * self.shape[1], 1)

    def sums(self, base: float | None = None) -> Floats:
        """What each cell adds up to, (m,); ``base``: after it is raised to the values."""
        return np.add.reduceat(raised(self.values, base), self.starts)

    def spread(self, base: float | None = None) -> float:
        """How far the cells' sums differ, as a share of their median; a few may be odd.

        Infinite where cells have fewer than ``FEW`` values on average, whose sums tell nothing.
        """
        if self.values.size < max(self.shape[0], 10) * FEW:
            return np.inf
        low, middle, high = np.quantile(self.sums(base), [0.02, 0.5, 0.98])
        return float((high - low) / middle) if middle > 0 else np.inf

    @cached_property
    def step(self) -> float:
        """The power of ten of which all values are multiples, 0.1 to 0.0001; 0 if there is none."""
        for step in (0.1, 0.01, 0.001, 0.0001):
            scaled = self.values[np.abs(self.values) < 1e5 * step] / step
            near = np.abs(scaled - np.rint(scaled)) <= 1e-6 * np.abs(scaled) + 1e-9
            if scaled.size and near.all():
                return step
        return 0.0

    def multiples(self, base: float | None = None) -> float:
        """Share of small ratios to the cell's smallest value that are whole; 0 if few can be told.

        Of counts divided by their cell's total, as of logarithms of such, it is 1. A step that is
        common to many cells tells nothing, as values may be rounded to it, unless it is that of
        whole numbers, which logarithms of counts are raised to.
        """
        values = raised(self.values, base)
        smallest = np.minimum.reduceat(values, self.starts)
        common = np.unique(np.round(smallest, 6)).size < 0.5 * smallest.size
        whole = base is not None and np.abs(smallest - np.rint(smallest)).max() < 0.01
        if common and not whole:
            return 0.0
        told = np.minimum.reduceat(self.values, self.starts) >= 100 * self.step
        ratios = (values / smallest[self.cells])[told[self.cells]]
        ratios = ratios[(ratios > 1.5) & (ratios < 8.5)]
        # Of whole multiples of one step, raised to, those of 3, 7 and the like are there, not of 2.
        if ratios.size < 50 or (common and (np.abs(ratios - 2) < 0.05).mean() < 0.05):
            return 0.0
        near = np.abs(ratios - np.rint(ratios)) < (0.05 if self.step else 2e-3)
        return float(near.mean())

    def constant(self) -> bool:
        """Whether all cells add up to the same, but for the rounding of their values."""
        stored = self.values.size / max(self.shape[0], 1)
        rounding = self.step * stored / 2 / float(np.median(self.sums()))
        return self.spread() < max(SAME, min(rounding, 0.01))

    @cached_property
    def whole(self) -> float:
        """Share of whole numbers among values up to 10."""
        small = self.values[self.values <= 10]
        return float((small == np.rint(small)).mean()) if small.size else 0.0

    def pure_features(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Features of whole numbers only, and features of fractions as good as only."""
        p = self.shape[1]
        stored = np.bincount(self.columns, minlength=p)
        fractions = np.bincount(self.columns[self.values != np.rint(self.values)], minlength=p)
        share = fractions / np.maximum(stored, 1)
        return np.flatnonzero((share == 0) & (stored > 0)), np.flatnonzero(share > 0.95)


def bounded(matrix: Any, high: float) -> bool:
    """Whether whole numbers heap up at the highest, as on a scale that ends; counts thin out."""
    if not 3 <= high <= 255:
        return False
    seen = Sample.of(matrix)
    levels = np.bincount(seen.values.astype(np.int64), minlength=int(high) + 1)[1:]
    heaped = levels[-1] > 2 * levels[-2] and levels[-1] > 0.05 * levels.sum()
    return bool(heaped and (levels > 0).mean() >= 0.8)


def standardised(matrix: Any, centred: bool) -> bool:
    """Whether features have variance 1 over all cells; ``centred``: and mean 0.

    Centred ones are allowed to be near: cells may have been left out since. Looks at some hundreds
    of features.
    """
    n, p = matrix.shape
    wanted = max(20, min(p, 500, 20_000_000 // n))
    chosen = matrix[:, np.unique(np.linspace(0, p - 1, wanted).astype(np.int64))]
    columns = np.asarray(chosen.toarray() if hasattr(chosen, "toarray") else chosen, np.float64)
    mean, sd = columns.mean(axis=0), columns.std(axis=0)
    exact = max(2e-3, 1 / n)  # of a variance divided by n - 1, or not
    scaled = np.abs(sd - 1) < (0.2 if centred else exact)
    if centred:
        scaled &= np.abs(mean) < 0.15
    return bool(scaled.sum() > 0.8 * (sd > 0).sum())
