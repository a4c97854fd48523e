"""Several modalities of the same cells: one set of cells, in one order, with one label."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from omicsbench.errors import DataError
from omicsbench.reading.annotations import require_column
from omicsbench.reading.decisions import LEFT_OUT, Decision, decide
from omicsbench.reading.notes import note

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData


def pair(
    modalities: Mapping[str, AnnData],
    label: str | None,
    unit: str | None = None,
    obs: pd.DataFrame | None = None,
    batch: str | None = None,
) -> dict[str, AnnData]:
    """The cells that were measured in every modality, in the order of the first.

    Cells are the same if their names are. A cell without any value above zero in a modality that
    has no negative ones is left out of all of them, as :func:`omicsbench.validation.check.check`
    would leave it out of that one only. ``label``, ``unit`` and ``batch`` are columns of
    ``obs``, indexed by the cells' names, or else of the first modality that has them; every
    modality's obs is given them. Sentences on what was left out are added to
    ``uns["omicsbench_notes"]`` of the first.
    ``modalities`` are not changed.

    Raises DataError for: fewer than two modalities, cell names that repeat, no cell in common,
    no cell with values in all, no such label or unit.
    """
    if len(modalities) < 2:
        held = f"one modality only, {', '.join(modalities)}" if modalities else "no modality"
        raise DataError(f"The data has {held}; give two or more, measured on the same cells.")
    for name, adata in modalities.items():
        _require_unique(f"modality {name}", adata.obs_names)
    if obs is not None:
        _require_unique("obs", obs.index)
    columns = {
        column: _find(modalities, obs, column, what)
        for what, column in (("label", label), ("unit", unit), ("batch", batch))
        if column is not None
    }
    left_out = []
    cells = _common(modalities)
    every = set().union(*(adata.obs_names for adata in modalities.values()))
    if len(cells) < len(every):
        left = _cells(len(every) - len(cells))
        left_out.append(Decision(LEFT_OUT, left, "not measured in every modality"))
    places = {name: adata.obs_names.get_indexer(cells) for name, adata in modalities.items()}
    full = np.ones(len(cells), dtype=bool)
    for name, adata in modalities.items():
        has = _full(adata)[places[name]]
        if not has.any():
            raise DataError(
                f"Modality {name} has no value above zero in the {_cells(len(cells))} that all "
                "modalities share: is it the right file, or filtered to nothing?"
            )
        full &= has
    if not full.any():
        raise DataError("No cell has a value above zero in every modality: is it the right file?")
    if not full.all():
        empty, why = (
            _cells(int((~full).sum())),
            "without any value above zero in one of the modalities",
        )
        left_out.append(Decision(LEFT_OUT, empty, why))
    paired = {name: adata[places[name][full]].copy() for name, adata in modalities.items()}
    for adata in paired.values():
        for column, found in columns.items():
            adata.obs[column] = found.reindex(adata.obs_names)
    first = next(iter(paired.values()))
    decide(first, *left_out)
    note(first, *(f"{own.decided} {own.why} left out." for own in left_out))
    return paired


def _require_unique(where: str, names: pd.Index) -> None:
    twice = names[names.duplicated()]
    if len(twice):
        raise DataError(
            f"Cell name {twice[0]!r} occurs {(names == twice[0]).sum()} times in {where}: "
            "make the names unique, for example with adata.obs_names_make_unique()."
        )


def _find(
    modalities: Mapping[str, AnnData], obs: pd.DataFrame | None, column: str, what: str
) -> pd.Series[Any]:
    """The column, by cell name. Raises DataError, naming the columns there are."""
    import pandas as pd

    tables = [adata.obs for adata in modalities.values()]
    if obs is not None:
        tables.insert(0, obs)
    for table in tables:
        if column in table:
            found: pd.Series[Any] = table[column]
            return found
    known = dict.fromkeys(str(column) for table in tables for column in table)
    none = pd.DataFrame(columns=list(known), index=pd.Index([], dtype=str))
    require_column(none, column, what)
    raise AssertionError("require_column accepted a column that no table has")


def _common(modalities: Mapping[str, AnnData]) -> pd.Index:
    """Names of the cells of all modalities, in the order of the first."""
    (first, adata), *others = modalities.items()
    cells: pd.Index = adata.obs_names
    for _, other in others:
        cells = cells[cells.isin(other.obs_names)]
    if len(cells):
        return cells
    examples = ", ".join(
        f"{name} has {adata.obs_names[0]!r}" for name, adata in modalities.items() if adata.n_obs
    )
    raise DataError(
        f"No cell is in every modality ({examples or f'{first} has none'}): "
        "cells of the same name are the same, so give them the same names."
    )


def _full(adata: AnnData) -> NDArray[np.bool_]:
    """(n,), whether a cell has a value other than zero; all do where some value is negative."""
    full = np.ones(adata.n_obs, dtype=bool)
    for matrix in (adata.X, adata.layers.get("counts")):  # the check may take either
        if matrix is None or matrix.dtype.kind not in "biuf":
            continue
        if not (adata.n_vars and matrix.min() < 0):
            full &= np.asarray(matrix.sum(axis=1)).ravel() != 0
    return full


def _cells(count: int) -> str:
    return "1 cell" if count == 1 else f"{count:,} cells"
