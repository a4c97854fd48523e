"""Labels and units as codes: what is missing, what is no class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from omicsbench.errors import DataError
from omicsbench.reading.annotations import require_column
from omicsbench.validation.wording import many

if TYPE_CHECKING:
    from anndata import AnnData


def code(column: Any, label: str, notes: list[str]) -> tuple[NDArray[np.int64], tuple[str, ...]]:
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
        notes.append(f"{many(int(missing.sum()), 'cell')} without a label in {label!r}.")
    if len(names) == 1:
        notes.append(
            f"Label {label!r} has one class only, {names[0]!r}: label metrics are skipped."
        )
    single = [names[i] for i in np.flatnonzero(np.bincount(codes) == 1)]
    if single:
        shown = ", ".join(single[:8]) + (", ..." if len(single) > 8 else "")
        notes.append(
            f"{many(len(single), 'class', 'classes')} of {label!r} with one member: {shown}."
        )
    return labels, names


def unit_codes(adata: AnnData, obs: Any, unit: str) -> NDArray[np.int64]:
    """Unit code of every kept cell, (n,)."""
    require_column(adata.obs, unit, "unit")
    missing = int((obs[unit].isna() | (obs[unit].astype(str).str.strip() == "")).sum())
    if missing:
        raise DataError(
            f"{many(missing, 'cell')} of no {unit!r}: fill the column in, or leave --unit out."
        )
    found, codes = np.unique(obs[unit].astype(str).to_numpy(dtype=str), return_inverse=True)
    if not 2 <= len(found) < len(obs):
        raise DataError(
            f"Unit {unit!r} has {len(found)} values in {len(obs)} cells: name a column such as "
            "donor or batch, with at least two values and several cells each."
        )
    return codes.astype(np.int64)
