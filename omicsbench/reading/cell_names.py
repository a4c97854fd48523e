"""What names the cells of a table: its index or its first column."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from omicsbench.errors import DataError
from omicsbench.reading.column_kinds import NUMBERS, TEXT, kind_of, plain_numbers
from omicsbench.reading.decisions import Decision
from omicsbench.reading.identifiers import counts_up, is_identifier
from omicsbench.reading.schemes import Scheme
from omicsbench.reading.tokens import is_with_holes

if TYPE_CHECKING:
    import pandas as pd


def name_cells(
    table: pd.DataFrame, is_column: bool, decimal: str | None = None
) -> tuple[pd.DataFrame, Decision]:
    """The table with its cells' names, str, as the index, and what was decided.

    A first column of text or without a name names them, and one of numbers that is an identifier;
    else they are numbered. ``is_column``: the user says that the first column is something else.
    ``decimal``: what separates decimals in a first column of texts that may be numbers.

    Raises DataError for names that are missing or repeat.
    """
    import pandas as pd

    numbered = isinstance(table.index, pd.RangeIndex)
    first = str(table.columns[0])
    why = _why_names(table, first, decimal) if numbered and not is_column else ""
    table = table.copy(deep=False)
    table.index = table.index.astype(str)
    if not numbered:
        return table, Decision("cells", "named by the index")
    if not why:
        return table, Decision("cells", "numbered, as no column names them")
    names = table[first]
    missing = names.isna()
    if missing.any():
        row = int(missing.to_numpy().argmax()) + 1
        raise DataError(
            f"the first column names the cells, but is empty in row {row:,}: name that cell, or "
            "leave the row out if it is no cell."
        )
    twice = names[names.duplicated()]
    if len(twice):
        raise DataError(
            f"the first column ({first}) is taken as cell names, but {str(twice.iloc[0])!r} "
            "occurs more than once: pass it with --label if it is the label, or make it unique."
        )
    del table[first]
    table.index = pd.Index(names.astype(str))
    if _is_unnamed(first):
        return table, Decision("cells", "named by the first column", why)
    return table, Decision("cells", f"named by column {first}", why, f"--exclude {first}")


def _why_names(table: pd.DataFrame, first: str, decimal: str | None) -> str:
    """Why the first column names the cells; empty if it does not."""
    column: pd.Series[Any] | None = table[first]
    if _is_unnamed(first):
        return "it has no name"
    if kind_of(table[first]) == TEXT:
        column = plain_numbers(table[first], decimal) if decimal else None
    elif kind_of(table[first]) != NUMBERS:
        return ""
    if column is None:
        measured = table[first].duplicated().any() and is_with_holes(table[first])
        return "" if measured else "it is the first and holds text"
    if is_identifier(first) and not column.duplicated().any():
        return "it is the first, of such a name, and each number is there once"
    alike = Scheme.of(list(table.columns[1:])).fits(first)
    return "it is the first and counts up" if counts_up(_floats(column)) and not alike else ""


def _is_unnamed(name: str) -> bool:
    return name.startswith("Unnamed: 0") or name == "__index_level_0__"


def _floats(column: pd.Series[Any]) -> Any:
    return column.to_numpy(dtype=float, na_value=float("nan"))
