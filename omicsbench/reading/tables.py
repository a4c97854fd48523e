"""Tables of text and Parquet: one cell a row, numbers are features, other columns annotations."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from omicsbench.errors import DataError
from omicsbench.reading.notes import note
from omicsbench.reading.own import OwnData

if TYPE_CHECKING:
    from anndata import AnnData


def read_text(path: Path, own: OwnData, separator: str) -> AnnData:
    """A text file with a header, as :func:`from_table` takes it."""
    import pandas as pd

    try:
        header = pd.read_csv(path, sep=separator, header=None, nrows=1, dtype=str).iloc[0]
    except pd.errors.EmptyDataError as error:
        raise DataError(f"{path} is empty: expected a header and one cell a row.") from error
    twice = header[header.duplicated() & header.notna()]
    if len(twice):
        raise DataError(f"{path} has two columns {twice.iloc[0]!r}: make the names unique.")
    what = "comma (,)" if separator == "," else "tab"
    table = pd.read_csv(path, sep=separator, low_memory=False)
    return from_table(table, path, own, f"; check that the separator is a {what}")


def from_table(table: Any, path: Path | str, own: OwnData, hint: str = "") -> AnnData:
    """Cells in rows of a DataFrame. Numbers are features; text, label and unit go to obs.

    ``path`` is what errors name as the source, ``hint`` what they add. ``table`` is not changed.
    """
    import anndata
    import pandas as pd
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    columns = own.columns
    if table.empty:
        raise DataError(f"{path} holds no cells: expected a header and one cell a row{hint}.")
    table = table.set_axis(table.columns.astype(str), axis="columns")
    numeric = [is_numeric_dtype(kind) and not is_bool_dtype(kind) for kind in table.dtypes]
    first = table.columns[0]
    if isinstance(table.index, pd.RangeIndex):
        unnamed = first.startswith("Unnamed: 0") or first == "__index_level_0__"
        if first not in columns and (unnamed or not numeric[0]):
            table, numeric = table.set_index(first), numeric[1:]
            _require_unique(table.index, first, path)
    table.index = table.index.astype(str)
    features = [
        column
        for column, is_number in zip(table, numeric, strict=True)
        if is_number and column not in columns
    ]
    if not features:
        raise DataError(f"{path} has no column of numbers to use as features{hint}.")
    obs = table.drop(columns=features)
    values = table[features].to_numpy(dtype=np.float32, na_value=np.nan)
    adata = anndata.AnnData(X=values, obs=obs, var=pd.DataFrame(index=features))
    others = [column for column in obs if column not in columns]
    if others:
        shown = ", ".join(others[:8]) + (", ..." if len(others) > 8 else "")
        note(adata, f"Columns of text are taken as annotations, not features: {shown}.")
    return adata


def _require_unique(names: Any, column: str, path: Path | str) -> None:
    twice = names[names.duplicated()]
    if len(twice):
        raise DataError(
            f"{path}: the first column ({column}) is taken as cell names, but {twice[0]!r} "
            "occurs more than once: pass it with --label if it is the label, or make it unique."
        )
