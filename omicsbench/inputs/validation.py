"""Is this data fit to be benchmarked? Told apart, tidied, or refused with one sentence.

Every data set passes here once, the user's files and the registry's alike.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
from numpy.typing import NDArray

from omicsbench.errors import DataError
from omicsbench.inputs.notes import notes_of
from omicsbench.plugin import Values

if TYPE_CHECKING:
    from anndata import AnnData

    from omicsbench.stream import CellStream

MIN_CELLS = 20
LOG_MAX = 25  # log1p of a count cannot reach it: it would be 7e10
DROPS_EMPTY = ("counts", "log")  # values of which a cell without any is no cell
COUNTS_MAX = 3  # whole numbers below it may as well be genotypes or presence
_CHUNK = 1 << 22
_FLOAT32_MAX = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class Checked:
    """Data that can be benchmarked.

    Attributes
    ----------
    adata : X (n, p) float32, CSR if more than half of it is zero, else dense; obs, var.
    values : what X holds: ``counts``, ``log`` or ``continuous``.
    codes : (n,) int, each cell's place in ``label_names``, -1 where the label is missing;
        None without a label.
    label_names : the label's classes, sorted.
    units : (n,) int, each cell's unit (donor, batch); None where none is stated.
    notes : sentences the user should see.
    """

    adata: AnnData
    values: Values
    codes: NDArray[np.int64] | None
    label_names: tuple[str, ...]
    units: NDArray[np.int64] | None
    notes: tuple[str, ...]


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


def check(
    adata: AnnData, label: str | None, values: str | None = None, unit: str | None = None
) -> Checked:
    """Check ``adata`` (cells x features), tell its values apart, tidy it.

    ``values`` None tells counts, log values and continuous measurements apart by what X
    holds; raw counts in ``layers["counts"]`` go before an X that holds none. Empty cells
    are left out of counts and log values, with a note. ``unit`` names the column of donors or
    batches. ``adata`` is not changed.

    Raises DataError for: no or too few cells, values that are not numbers, NaN or infinite,
    values that contradict ``values`` or cannot be told apart, duplicate names, a label that
    is missing, has no values or is not a class.
    """
    import anndata

    if values is not None and values not in get_args(Values):
        raise DataError(f"Unknown values {values!r}: use {', '.join(get_args(Values))}.")
    notes = notes_of(adata)
    _check_names(adata)
    matrix, kind, own_x = _choose_matrix(adata, values)
    if not own_x:
        notes.append("Raw counts are taken from layers['counts']; X holds other values.")
    if kind == "continuous" and values is None:
        notes.append("Some values are negative: taken as continuous measurements.")
    matrix, obs = _tidy(matrix, dense=kind == "proteins"), adata.obs
    if kind in DROPS_EMPTY:
        full = np.asarray(matrix.sum(axis=1)).ravel() > 0
        if not full.all():
            empty = int((~full).sum())
            notes.append(f"{_many(empty, 'cell')} without any value above zero left out.")
            matrix, obs = matrix[full], obs[full]
    if len(obs) < MIN_CELLS:
        left = "left after leaving out empty ones" if len(obs) < adata.n_obs else "in the data"
        raise DataError(f"{_many(len(obs), 'cell')} {left}: at least {MIN_CELLS} are needed.")
    codes: NDArray[np.int64] | None = None
    names: tuple[str, ...] = ()
    if label is not None:
        require_label(adata, label)
        codes, names = _code(obs[label], label, notes)
    units = None if unit is None else _units(adata, obs, unit)
    checked = anndata.AnnData(X=matrix, obs=obs.copy(), var=adata.var.copy())
    return Checked(checked, kind, codes, names, units, tuple(notes))


def checked_blocks(stream: CellStream, values: Values, name: str) -> Iterator[Any]:
    """The blocks of a stream, each checked when it is read.

    Raises DataError, naming the data set and the rows, for values that are not finite or that
    ``values`` rules out, and for a block that is no CSR matrix of the right width.
    """
    start = 0
    for block in stream.blocks():
        where = f"Data set {name}, cells {start:,} to {start + block.shape[0]:,}"
        if getattr(block, "format", "") != "csr" or block.shape[1] != stream.shape[1]:
            raise DataError(f"{where}: expected CSR blocks of {stream.shape[1]:,} features.")
        low, high = (float(f(initial=0)) for f in (block.data.min, block.data.max))
        if not np.isfinite([low, high]).all():
            raise DataError(f"{where}: some values are NaN or infinite.")
        if values != "continuous" and low < 0:
            raise DataError(f"{where}: {values} cannot be negative, but {low:g} is there.")
        fractions = block.data.dtype.kind == "f" and (block.data != np.floor(block.data)).any()
        if values == "counts" and fractions:
            raise DataError(f"{where}: declared as counts, but some values are fractions.")
        yield block
        start += block.shape[0]


def require_label(adata: AnnData, label: str, what: str = "label") -> None:
    """Raise DataError, naming the columns there are, unless ``label`` is a column of obs."""
    columns = [str(column) for column in adata.obs.columns]
    if label in columns:
        return
    if not columns:
        raise DataError(f"There is no {what} column {label!r} nor any other: leave --{what} out.")
    close = difflib.get_close_matches(label, columns, n=8, cutoff=0.5)
    shown = [*close, *(column for column in columns if column not in close)][:8]
    more = f" and {len(columns) - len(shown)} more" if len(columns) > len(shown) else ""
    raise DataError(f"There is no {what} column {label!r}; choose one of {', '.join(shown)}{more}.")


def _units(adata: AnnData, obs: Any, unit: str) -> NDArray[np.int64]:
    """Unit code of every kept cell, (n,)."""
    require_label(adata, unit, "unit")
    missing = int((obs[unit].isna() | (obs[unit].astype(str).str.strip() == "")).sum())
    if missing:
        raise DataError(
            f"{_many(missing, 'cell')} of no {unit!r}: fill the column in, or leave --unit out."
        )
    found, codes = np.unique(obs[unit].astype(str).to_numpy(dtype=str), return_inverse=True)
    if not 2 <= len(found) < len(obs):
        raise DataError(
            f"Unit {unit!r} has {len(found)} values in {len(obs)} cells: name a column such as "
            "donor or batch, with at least two values and several cells each."
        )
    return codes.astype(np.int64)


def _check_names(adata: AnnData) -> None:
    for what, names, fix in (
        ("cell", adata.obs_names, "adata.obs_names_make_unique()"),
        ("feature", adata.var_names, "adata.var_names_make_unique()"),
    ):
        if not len(names):
            raise DataError(
                f"The data has no {what}s: is it the right file, or filtered to nothing?"
            )
        twice = names[names.duplicated(keep=False)]
        if len(twice):
            raise DataError(
                f"{what.capitalize()} name {twice[0]!r} occurs {(twice == twice[0]).sum()} times: "
                f"make the names unique, for example with {fix}."
            )


def _choose_matrix(adata: AnnData, values: str | None) -> tuple[Any, Values, bool]:
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
        f"{_many(broken, 'value')} NaN or infinite, the first in cell "
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


def _tidy(matrix: Any, dense: bool = False) -> Any:
    """CSR float32 in canonical form if more than half of it is zero, else or ``dense`` float32."""
    from scipy import sparse

    size = matrix.shape[0] * matrix.shape[1]
    if not hasattr(matrix, "indptr"):
        if dense or 2 * np.count_nonzero(matrix) >= size:
            return np.ascontiguousarray(matrix, dtype=np.float32)
        return sparse.csr_matrix(matrix, dtype=np.float32)
    rows = sparse.csr_matrix(matrix, dtype=np.float32)
    if not rows.has_canonical_format:
        rows = rows.copy()
        rows.sum_duplicates()
    return rows.toarray() if dense or 2 * np.count_nonzero(rows.data) >= size else rows


def _code(column: Any, label: str, notes: list[str]) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Codes and class names of a label column; adds to ``notes`` what is odd about it."""
    missing = (column.isna() | (column.astype(str).str.strip() == "")).to_numpy()
    present = column[~missing]
    if present.empty:
        raise DataError(f"Label {label!r} has no value in any cell: choose another with --label.")
    distinct = present.nunique()
    measured = present.dtype.kind == "f"
    if distinct == len(present) or (measured and 2 * distinct > len(present)):
        raise DataError(
            f"Label {label!r} has {distinct} different values in {len(present)} cells: "
            "it is a measurement or a name, not a class; choose another with --label."
        )
    if measured and bool((present == present.round()).all()):
        present = present.astype("int64")
    found, codes = np.unique(present.astype(str).to_numpy(dtype=str), return_inverse=True)
    names = tuple(str(name) for name in found)
    labels = np.full(len(column), -1, dtype=np.int64)
    labels[~missing] = codes
    if missing.any():
        notes.append(f"{_many(int(missing.sum()), 'cell')} without a label in {label!r}.")
    if len(names) == 1:
        notes.append(
            f"Label {label!r} has one class only, {names[0]!r}: label metrics are skipped."
        )
    single = [names[i] for i in np.flatnonzero(np.bincount(codes) == 1)]
    if single:
        shown = ", ".join(single[:8]) + (", ..." if len(single) > 8 else "")
        notes.append(
            f"{_many(len(single), 'class', 'classes')} of {label!r} with one member: {shown}."
        )
    return labels, names


def _many(count: int, one: str, more: str | None = None) -> str:
    return f"1 {one}" if count == 1 else f"{count:,} {more or one + 's'}"
