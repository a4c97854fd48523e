"""What the values are: chosen from X or a layer, told by what they look like, or as stated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from omicsbench.errors import DataError
from omicsbench.plugin import Values
from omicsbench.reading.decisions import Decision
from omicsbench.validation.evidence import (
    CHUNK,
    FLOAT32_MAX,
    Sample,
    ValueSummary,
    chunks,
    summarise,
)
from omicsbench.validation.kinds import HIGHEST, SIGNED, WHOLE
from omicsbench.validation.telling import (
    LOGS,
    Told,
    log_max,
    logarithms,
    of_base,
    per_ten_thousand,
    stated_base,
    tell,
)
from omicsbench.validation.wording import many

if TYPE_CHECKING:
    from anndata import AnnData

OPTION = "--values"
PER_MILLION = "Each cell adds up to a million (CPM or TPM): taken per 10,000, as counts are."


@dataclass(frozen=True)
class Chosen:
    """The matrix to benchmark: what it holds, why, and what the user should see."""

    matrix: Any
    kind: Values
    decisions: tuple[Decision, ...]
    notes: tuple[str, ...] = ()


def choose_matrix(adata: AnnData, values: str | None) -> Chosen:
    """X and what it holds; a layer of counts instead where X holds none and counts may be meant.

    ``values`` is what the user or the data set states. Raises DataError where it is contradicted,
    or nothing is stated and it cannot be told.
    """
    logged = "log1p" in adata.uns
    summary = None if adata.X is None else summarise(adata.X, "X")
    in_x = summary is not None and summary.counts and not (logged and values is None)
    if values in (None, "counts") and not in_x and "counts" in adata.layers:
        layer = adata.layers["counts"]
        if summarise(layer, "layers['counts']").counts:
            decided = Decision("values", "counts", "of layers['counts']", "--layer, --values")
            note = "Raw counts are taken from layers['counts']; X holds other values."
            return Chosen(layer, "counts", (decided,), (note,))
    if summary is None:
        raise DataError("The data has no X: choose a layer with --layer NAME.")
    if summary.broken:
        raise DataError(_where_broken(adata, summary.broken))
    if summary.high == 0 == summary.low:
        raise DataError("Every value is zero: give another file, or choose a layer with --layer.")
    if values is None:
        told = tell(adata, summary)
    else:
        told = Told(_agree(adata, summary, cast(Values, values)), "as stated")
    return _in_units(adata.X, told)


def _in_units(matrix: Any, told: Told) -> Chosen:
    """Values in the unit of their kind: logarithms of a known base, per 10,000."""
    factor, notes = told.factor, [told.note] if told.note else []
    why = told.why
    if told.kind == "normalized" and (per := per_ten_thousand(matrix)) != 1:
        factor, why = per, f"{why}; CPM or TPM"
        notes.append(PER_MILLION)
    decided = Decision("values", told.kind, why, OPTION)
    taken = matrix if factor == 1 else (matrix * factor).astype(np.float32)
    return Chosen(taken, told.kind, (decided,), tuple(notes))


def _where_broken(adata: AnnData, broken: int) -> str:
    bad = (~(np.abs(chunk) <= FLOAT32_MAX) for chunk in chunks(adata.X))
    first = next(i * CHUNK + int(found.argmax()) for i, found in enumerate(bad) if found.any())
    row, column = _position(adata.X, first)
    return (
        f"{many(broken, 'value')} NaN or infinite, the first in cell "
        f"{adata.obs_names[row]!r}, feature {adata.var_names[column]!r}: "
        "impute or remove such cells or features first."
    )


def _position(matrix: Any, index: int) -> tuple[int, int]:
    """Row and column of one stored value, in the order of ``chunks``."""
    if hasattr(matrix, "indptr"):
        major = int(np.searchsorted(matrix.indptr, index, side="right")) - 1
        minor = int(matrix.indices[index])
        return (major, minor) if matrix.format == "csr" else (minor, major)
    fortran = matrix.flags.f_contiguous and not matrix.flags.c_contiguous
    row, column = np.unravel_index(index, matrix.shape, order="F" if fortran else "C")
    return int(row), int(column)


def _agree(adata: AnnData, summary: ValueSummary, values: Values) -> Values:
    """``values``, unless the data contradicts it: then DataError."""
    if values in SIGNED:
        return values
    if summary.low < 0 and values == "genotypes":
        raise DataError(
            f"Declared as genotypes, but the lowest value is {summary.low:g}: if it stands for a "
            "missing one, impute it or leave the feature out."
        )
    if summary.low < 0:
        raise DataError(
            f"Declared as {values}, but the lowest value is {summary.low:g}: "
            "pass --values continuous, or choose another layer with --layer NAME."
        )
    if summary.high > HIGHEST.get(values, np.inf):
        raise DataError(
            f"Declared as {values}, but the highest value is {summary.high:g}: "
            f"give numbers from 0 to {HIGHEST[values]}, or pass --values counts or continuous."
        )
    if values in ("genotypes", "mutations") and not summary.whole:
        raise DataError(
            f"Declared as {values}, but some values are fractions: round or impute them to "
            f"0{', 1 and 2' if values == 'genotypes' else ' and 1'}, or pass --values continuous."
        )
    if values in WHOLE and not summary.whole:
        raise DataError(
            f"Declared as {values}, but some values are fractions: pass --values fractional if "
            "they are estimated counts (RSEM, SoupX), --values log or continuous if they are none, "
            "or choose the raw counts with --layer NAME."
        )
    if values in LOGS or values == "normalized":
        _agree_on_logarithms(adata, summary, values)
    return values


def _agree_on_logarithms(adata: AnnData, summary: ValueSummary, values: Values) -> None:
    """Raises DataError where a logarithm would be taken twice, never, or of another base."""
    if values in LOGS and summary.high >= log_max(values):
        raise DataError(
            f"Declared as {values}, but the highest value is {summary.high:g}: pass --values "
            "normalized to have logarithms taken, or --values counts if these are raw counts."
        )
    base = stated_base(adata.uns) if values == "log" else None
    if base is not None and of_base(base) != "log":
        raise DataError(
            f"Declared as log, of base e, but uns['log1p'] says base {base:g}: pass "
            f"--values {of_base(base) or 'continuous'}, or leave --values out."
        )
    if summary.whole:
        return
    seen = logarithms(Sample.of(adata.X), summary)
    if seen is not None and seen.kind != values:
        raise DataError(
            f"Declared as {values}, but {seen.why}: pass --values {seen.kind}, or "
            "--values continuous to use the values as they are."
        )
