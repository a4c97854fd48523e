"""Which way round: cells in rows, or features, told by names on both sides and by annotations."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from omicsbench.errors import DataError
from omicsbench.reading.decisions import Decision, decide
from omicsbench.reading.names import NamedThing, told_by
from omicsbench.reading.notes import note
from omicsbench.reading.own import OwnData

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

OPTION = "--transpose"
PASS = f"pass {OPTION}"
_ALL_THE_SAME = ", or --features-like '*' if columns are the features all the same"
LOOKED_AT = 20  # columns of texts
ROWS = 2_000  # of each
WIDE = 70_000  # columns beyond which untold names are spoken of
# Columns that annotate features, and those that annotate cells; without case and separators.
OF_FEATURES = re.compile(
    r"gene(name|names|symbol|symbols|id|ids|type|biotype|description)?|symbol|hgncsymbol|biotype"
    r"|ensembl(id|gene|geneid)?|entrez(id|gene|geneid)?|geneentrezid|featuretypes?|probe(id|setid)?"
    r"|uniprot(id)?|chrom|chromosome|chromosomename|strand|highlyvariable|dispersionsnorm"
    r"|ncells|ncellsbycounts|pctdropoutbycounts|transcript(id)?|refseq(id)?"
)
OF_CELLS = re.compile(
    r"celltypes?|cell|cells|cellid|cellname|barcodes?|leiden|louvain|seuratclusters?|origident"
    r"|batch|donor(id)?|patient(id)?|sampleid|sample|diagnosis|ngenes(bycounts)?|ncount(rna)?"
    r"|nfeature(rna)?|percentmito?|pctcountsmt|tissue|sex|age|phase|sscore|g2mscore"
)


@dataclass(frozen=True)
class Seen:
    """What tells that rows are features, or cells, each with its reason.

    Attributes
    ----------
    names : by what rows would be, what the names of rows and columns tell.
    annotations : the same of columns that annotate rows or columns, which tell less: cells too
        may be annotated with a gene.
    """

    names: dict[NamedThing, list[str]]
    annotations: dict[NamedThing, list[str]]

    @property
    def rows_are(self) -> NamedThing | None:
        """Features or cells, None where what was seen points both ways or is too little."""
        features, cells = self.names["feature"], self.names["cell"]
        if features or cells:
            doubted = cells or self.annotations["cell"]
            return "cell" if not features else None if doubted else "feature"
        features, cells = self.annotations["feature"], self.annotations["cell"]
        if not features or cells:
            return "cell"
        return "feature" if len(features) > 1 else None

    def reasons(self, side: NamedThing) -> str:
        """What tells that rows are of this ``side``, in words."""
        return " and ".join([*self.names[side], *self.annotations[side]][:3])


def look(
    row_names: Any, column_names: Any, obs: Any, var: Any = None, of_cells: Sequence[str] = ()
) -> Seen:
    """What names tell of rows and columns, and what their annotations, tables of them, do.

    ``of_cells`` are columns of which the user says that they describe cells: they tell nothing.
    """
    seen = Seen({"feature": [], "cell": []}, {"feature": [], "cell": []})
    rows, columns = told_by(row_names), told_by(column_names)
    if rows is None or columns is None or rows.side != columns.side:  # else they tell nothing
        if rows is not None:
            seen.names[rows.side].append(f"row names are {rows.why}")
        if columns is not None:
            seen.names[_other(columns.side)].append(f"column names are {columns.why}")
    obs = obs.drop(columns=[column for column in of_cells if column in obs])
    symbols = _symbols_of_rows(obs)
    if symbols and not seen.names["cell"]:  # cells may each have a guide of their own
        seen.names["feature"].append(symbols)
    for column, side in _annotations(obs):
        seen.annotations[side].append(f"{column!r} annotates rows")
    for column, side in _annotations(var) if var is not None else ():
        seen.annotations[_other(side)].append(f"{column!r} annotates columns")
    return seen


def check_orientation(adata: AnnData, own: OwnData) -> None:
    """Decide that cells lie in rows of ``adata``, as it is after turning, and keep why.

    Raises DataError, with what was seen and what settles it, if what was seen tells that features
    lie in rows, unless the user names features among the columns. What points both ways is noted.
    """
    seen = look(adata.obs_names, adata.var_names, adata.obs, adata.var, own.columns)
    features, cells = seen.reasons("feature"), seen.reasons("cell")
    if seen.rows_are == "feature" and not own.features_like:
        if own.transpose:
            raise DataError(
                f"{own.title} has cells in rows as it is: with {OPTION} its {features}; "
                f"leave it out{_ALL_THE_SAME}."
            )
        raise DataError(
            f"{own.title} has features in rows, not cells: its {features}; {PASS}{_ALL_THE_SAME}."
        )
    change = _change(own.transpose)
    why = cells or "no name tells otherwise"
    if own.features_like:
        why = "--features-like names features among the columns"
    elif seen.rows_are is None:
        why = f"{cells}, but {features}" if cells else f"though {features}"
        note(adata, f"Rows are taken as cells ({why}); {change} if they are features.")
    elif adata.n_vars > WIDE and not cells:
        why = f"names tell nothing, and there are {adata.n_vars:,} columns"
        note(adata, f"Rows are taken as cells ({why}); {change} if they are features.")
    decided = "cells in rows" + (", after turning" if own.transpose else "")
    decide(adata, Decision("orientation", decided, why, OPTION))


def require_cells_in_rows(table: pd.DataFrame, own: OwnData) -> None:
    """Raise DataError if a table, indexed by the names of its rows, has features there.

    It is looked at before its columns are: those of a table that lies the other way round hold
    texts and numbers, and what is said of these would lead away from the reason.
    """

    for what, column in own.known.items():
        if column not in table and column in table.index:
            raise DataError(
                f"the {what} {column!r} is a row, so that cells are the columns: "
                f"{_change(own.transpose)}."
            )
    if own.transpose or own.features_like:
        return
    texts = table.select_dtypes(["object", "string"])
    numbers = table.columns.difference(texts.columns, sort=False)
    seen = look(table.index, numbers, texts, of_cells=own.columns)
    if seen.rows_are == "feature":
        features = seen.reasons("feature")
        raise DataError(f"features lie in rows, not cells: its {features}; {PASS}{_ALL_THE_SAME}.")
    if 2 * texts.shape[1] > table.shape[1]:
        named = _rows_of_classes(texts)
        if named:
            raise DataError(
                f"row {named[0]!r} holds texts and others numbers, as if cells were the columns: "
                f"{PASS}, or leave this row out."
            )


def require_not_turned(adata: AnnData, column: str, what: str, own: OwnData) -> None:
    """Raise DataError if a column of the cells, label or unit, lies in a row or among features."""
    if column in adata.obs:
        return
    if column in adata.obs_names:
        raise DataError(
            f"The {what} {column!r} is a row of {own.title}, so that cells are its columns: "
            f"{_change(own.transpose)}."
        )
    if column in adata.var:
        raise DataError(
            f"The {what} {column!r} annotates the columns of {own.title}, so that these are cells: "
            f"{_change(own.transpose)}."
        )


def _change(turned: bool) -> str:
    return f"leave {OPTION} out" if turned else PASS


def _other(side: NamedThing) -> NamedThing:
    return "cell" if side == "feature" else "feature"


def _annotations(table: Any) -> list[tuple[str, NamedThing]]:
    """The columns that are known to annotate features, or cells."""
    found: list[tuple[str, NamedThing]] = []
    for column in map(str, table.columns):
        plain = re.sub(r"[\W_]", "", column).lower()
        if OF_FEATURES.fullmatch(plain):
            found.append((column, "feature"))
        elif OF_CELLS.fullmatch(plain):
            found.append((column, "cell"))
    return found


def _rows_of_classes(texts: pd.DataFrame) -> list[str]:
    """Rows in which each column holds a text without a digit, of several; others have numbers."""
    some = texts.iloc[:, :: max(1, texts.shape[1] // LOOKED_AT)].astype(str)
    words = ~some.apply(lambda column: column.str.contains(r"\d"))
    rows = texts[words.all(axis="columns")]
    if not 0 < len(rows) <= len(texts) // 4 or words.sum().sum() > len(rows) * some.shape[1]:
        return []
    return [str(name) for name, row in rows.iterrows() if row.nunique() > 1]


def _symbols_of_rows(obs: Any) -> str | None:
    """What a column of text tells in which nearly each row has a gene symbol or identifier."""
    from pandas.api.types import is_string_dtype

    for column in obs.columns[:LOOKED_AT]:
        if not (is_string_dtype(obs[column].dtype) or str(obs[column].dtype) == "category"):
            continue
        values = [str(value) for value in obs[column].iloc[:: max(1, len(obs) // ROWS)]]
        if len(set(values)) < 0.9 * len(values):
            continue
        told = told_by(values)
        if told is not None and told.side == "feature":
            return f"{column!r} has {told.why}"
    return None
