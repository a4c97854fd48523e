"""Is this data fit to be benchmarked? Told apart, tidied, or refused with one sentence.

Every data set passes here once, the user's files and the registry's alike.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
from numpy.typing import NDArray

from omicsbench.errors import DataError
from omicsbench.plugin import Values
from omicsbench.reading.annotations import require_column
from omicsbench.reading.decisions import LEFT_OUT, Decision, decisions_of
from omicsbench.reading.notes import notes_of
from omicsbench.validation.cells import of_copies
from omicsbench.validation.confounding import confounding
from omicsbench.validation.kinds import DENSE, DROPS_EMPTY, HIGHEST, SIGNED, WHOLE
from omicsbench.validation.labels import code, unit_codes
from omicsbench.validation.targets import measured
from omicsbench.validation.values import choose_matrix
from omicsbench.validation.wording import many

if TYPE_CHECKING:
    from anndata import AnnData

    from omicsbench.stream import CellStream

MIN_CELLS = 20


@dataclass(frozen=True)
class Checked:
    """Data that can be benchmarked.

    Attributes
    ----------
    adata : X (n, p) float32, CSR if more than half of it is zero, else dense; obs, var.
    values : what X holds.
    codes : (n,) int, each cell's place in ``label_names``, -1 where the label is missing;
        None without a label.
    label_names : the label's classes, sorted.
    units : (n,) int, each cell's unit (donor, family); None where none is stated.
    batches : (n,) int, each cell's technical batch; None where none is stated.
    target : (n,) float32, a measured number of each cell, NaN where missing; None without one.
    notes : sentences the user should see.
    decisions : what was decided by the reader and here, in order.
    """

    adata: AnnData
    values: Values
    codes: NDArray[np.int64] | None
    label_names: tuple[str, ...]
    units: NDArray[np.int64] | None
    notes: tuple[str, ...]
    decisions: tuple[Decision, ...] = ()
    batches: NDArray[np.int64] | None = None
    target: NDArray[np.float32] | None = None


def check(
    adata: AnnData,
    label: str | None,
    values: str | None = None,
    unit: str | None = None,
    keep_na: bool = False,
    batch: str | None = None,
    target: str | None = None,
) -> Checked:
    """Check ``adata`` (cells x features), tell its values apart, tidy it.

    ``values`` None tells what X holds by what it looks like; raw counts in ``layers["counts"]``
    go before an X that holds none. Empty cells are left out of all values that count
    something, with a note. ``unit`` names the column of donors and the like, ``batch`` that of
    technical batches, ``target`` one of numbers. Texts such as NA are missing labels, unless
    ``keep_na``. ``adata`` is not changed.

    Raises DataError for: no or too few cells, values that are not numbers, NaN or infinite,
    values that contradict ``values`` or cannot be told apart, duplicate names, a label that
    is missing, has no values or is not a class.
    """
    import anndata

    if values is not None and values not in get_args(Values):
        raise DataError(f"Unknown values {values!r}: use {', '.join(get_args(Values))}.")
    if keep_na and label is None and unit is None and batch is None:
        raise DataError("--keep-na is about texts in a label: name its column with --label.")
    notes, decisions = notes_of(adata), decisions_of(adata)
    _check_names(adata)
    chosen = choose_matrix(adata, values)
    kind = chosen.kind
    notes += chosen.notes
    decisions += chosen.decisions
    matrix, obs = _tidy(chosen.matrix, dense=kind in DENSE), adata.obs
    if kind in DROPS_EMPTY:
        full = np.asarray(matrix.sum(axis=1)).ravel() > 0
        if not full.all():
            empty = int((~full).sum())
            notes.append(f"{many(empty, 'cell')} without any value above zero left out.")
            why = "without any value above zero"
            decisions.append(Decision(LEFT_OUT, many(empty, "cell"), why))
            matrix, obs = matrix[full], obs[full]
    if len(obs) < MIN_CELLS:
        left = "left after leaving out empty ones" if len(obs) < adata.n_obs else "in the data"
        raise DataError(f"{many(len(obs), 'cell')} {left}: at least {MIN_CELLS} are needed.")
    copies, kept = of_copies(matrix, obs.index)
    notes += copies
    decisions += kept
    codes: NDArray[np.int64] | None = None
    names: tuple[str, ...] = ()
    if label is not None:
        require_column(adata.obs, label)
        coded = code(obs[label], label, keep_na)
        codes, names = coded.codes, coded.names
        notes += coded.notes
        decisions += coded.decisions
    units = None if unit is None else unit_codes(adata, obs, unit, keep_na)
    batches = None if batch is None else unit_codes(adata, obs, batch, keep_na, "batch")
    measurements: NDArray[np.float32] | None = None
    if target is not None:
        require_column(adata.obs, target, "target")
        measurements, said = measured(obs[target], target)
        notes += said
    if codes is not None and batches is not None:
        notes += confounding(codes, batches, str(label), str(batch))
    checked = anndata.AnnData(X=matrix, obs=obs.copy(), var=adata.var.copy())
    told = tuple(notes), tuple(decisions)
    return Checked(checked, kind, codes, names, units, *told, batches, measurements)


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
        if values not in SIGNED and low < 0:
            raise DataError(f"{where}: {values} cannot be negative, but {low:g} is there.")
        if high > HIGHEST.get(values, np.inf):
            raise DataError(f"{where}: {values} end at {HIGHEST[values]}, but {high:g} is there.")
        fractions = block.data.dtype.kind == "f" and (block.data != np.floor(block.data)).any()
        if values in WHOLE and fractions:
            raise DataError(f"{where}: declared as {values}, but some values are fractions.")
        yield block
        start += block.shape[0]


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
