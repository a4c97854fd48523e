"""What the values are: counts, logarithms or measurements, told by what they look like."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from omicsbench.errors import DataError
from omicsbench.plugin import Values
from omicsbench.validation.wording import many

if TYPE_CHECKING:
    from anndata import AnnData

LOG_MAX = 25  # log1p of a count cannot reach it: it would be 7e10
COUNTS_MAX = 3  # whole numbers below it may as well be genotypes or presence
_CHUNK = 1 << 22
_FLOAT32_MAX = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class _Summary:
    """One pass over a matrix: its extremes, whether all is whole, how many are not finite."""

    low: float
    high: float
    whole: bool
    broken: int

    @property
    def counts(self) -> bool:
        return self.whole and not self.broken and self.low >= 0


def choose_matrix(adata: AnnData, values: str | None) -> tuple[Any, Values, bool]:
    """The matrix, what it holds, and whether it is X: else a layer of counts that X lacks."""
    logged = "log1p" in adata.uns
    summary = None if adata.X is None else _summarise(adata.X, "X")
    in_x = summary is not None and summary.counts and not (logged and values is None)
    if values in (None, "counts") and not in_x and "counts" in adata.layers:
        layer = adata.layers["counts"]
        if _summarise(layer, "layers['counts']").counts:
            return layer, "counts", False
    if summary is None:
        raise DataError("The data has no X: choose a layer with --layer NAME.")
    if summary.broken:
        raise DataError(_where_broken(adata, summary.broken))
    kind = _tell(summary, logged) if values is None else _agree(summary, values)
    return adata.X, kind, True


def _chunks(matrix: Any) -> Iterator[NDArray[Any]]:
    stored = matrix.data if hasattr(matrix, "indptr") else np.asarray(matrix).ravel(order="K")
    for start in range(0, stored.size, _CHUNK):
        yield stored[start : start + _CHUNK]


def _summarise(matrix: Any, name: str) -> _Summary:
    if matrix.dtype.kind not in "biuf":
        raise DataError(f"{name} holds {matrix.dtype}, not numbers: convert it to float32.")
    sparse = hasattr(matrix, "indptr")
    implicit = 0.0 if sparse and matrix.data.size < matrix.shape[0] * matrix.shape[1] else np.nan
    low, high, whole, broken = implicit, implicit, True, 0
    for chunk in _chunks(matrix):
        fine = np.abs(chunk.astype(np.float64, copy=False)) <= _FLOAT32_MAX  # False for NaN
        broken += chunk.size - int(fine.sum())
        good = chunk[fine]
        if good.size:
            low, high = np.fmin(low, good.min()), np.fmax(high, good.max())
            whole = whole and (good.dtype.kind != "f" or bool((np.floor(good) == good).all()))
    return _Summary(float(low), float(high), whole, broken)


def _where_broken(adata: AnnData, broken: int) -> str:
    bad = (~(np.abs(chunk) <= _FLOAT32_MAX) for chunk in _chunks(adata.X))
    first = next(i * _CHUNK + int(found.argmax()) for i, found in enumerate(bad) if found.any())
    row, column = _position(adata.X, first)
    return (
        f"{many(broken, 'value')} NaN or infinite, the first in cell "
        f"{adata.obs_names[row]!r}, feature {adata.var_names[column]!r}: "
        "impute or remove such cells or features first."
    )


def _position(matrix: Any, index: int) -> tuple[int, int]:
    """Row and column of one stored value, in the order of ``_chunks``."""
    if hasattr(matrix, "indptr"):
        major = int(np.searchsorted(matrix.indptr, index, side="right")) - 1
        minor = int(matrix.indices[index])
        return (major, minor) if matrix.format == "csr" else (minor, major)
    fortran = matrix.flags.f_contiguous and not matrix.flags.c_contiguous
    row, column = np.unravel_index(index, matrix.shape, order="F" if fortran else "C")
    return int(row), int(column)


def _tell(summary: _Summary, logged: bool) -> Values:
    """What the values are. Raises DataError, naming the option, where they do not say."""
    if summary.low < 0 and summary.whole and summary.high >= COUNTS_MAX:
        raise DataError(
            f"These look like counts, but the lowest is {summary.low:g}, and counts are never "
            "negative: mend the file, or pass --values continuous if they are none."
        )
    if summary.low < 0:
        return "continuous"
    if summary.whole and not logged and summary.high >= COUNTS_MAX:
        return "counts"
    if not summary.whole and 1 < summary.high < LOG_MAX:
        return "log"
    if summary.high == 0:
        raise DataError("Every value is zero: is it the right file or layer?")
    if summary.whole and logged:
        reason = "they are whole numbers, yet uns['log1p'] says they are logarithms"
    elif summary.whole:
        reason = f"they are whole numbers up to {summary.high:g} only"
    elif summary.high <= 1:
        reason = "they are fractions between 0 and 1"
    else:
        raise DataError(
            f"Cannot tell what the values are: they are fractions up to {summary.high:g}, too "
            "large for logarithms; take log1p of normalised values first, give raw counts, or "
            "pass --values continuous to use them as they are."
        )
    raise DataError(
        f"Cannot tell what the values are: {reason}; "
        "pass --values counts, --values log or --values continuous."
    )


def _agree(summary: _Summary, values: str) -> Values:
    """``values``, unless the data contradicts it: then DataError."""
    if values == "continuous":
        return "continuous"
    if summary.low < 0:
        raise DataError(
            f"Declared as {values}, but the lowest value is {summary.low:g}: "
            "pass --values continuous, or choose another layer with --layer NAME."
        )
    if values in ("binary", "rates") and summary.high > 1:
        raise DataError(
            f"Declared as {values}, but the highest value is {summary.high:g}: "
            "give numbers from 0 to 1, or pass --values counts or continuous."
        )
    if values in ("counts", "proteins", "binary"):
        if not summary.whole:
            raise DataError(
                f"Declared as {values}, but some values are fractions: "
                "pass --values log or continuous, or choose the raw counts with --layer NAME."
            )
        return "counts" if values == "counts" else "proteins" if values == "proteins" else "binary"
    if values == "rates":
        return "rates"
    if summary.high >= LOG_MAX:
        raise DataError(
            f"Declared as log, but the highest value is {summary.high:g}: take logarithms "
            "first, or pass --values counts if these are raw counts."
        )
    return "log"
