"""Columns that describe the cells: the label, and the donors or batches."""

from __future__ import annotations

import difflib
from collections.abc import Hashable
from typing import Any

from omicsbench.errors import DataError


def require_column(obs: Any, label: str, what: str = "label") -> None:
    """Raise DataError, naming the columns there are, unless ``label`` is a column of ``obs``."""
    columns = [str(column) for column in obs.columns]
    if label in columns:
        return
    if not columns:
        raise DataError(f"There is no {what} column {label!r} nor any other: leave --{what} out.")
    close = difflib.get_close_matches(label, columns, n=8, cutoff=0.5)
    shown = [*close, *(column for column in columns if column not in close)][:8]
    more = f" and {len(columns) - len(shown)} more" if len(columns) > len(shown) else ""
    raise DataError(f"There is no {what} column {label!r}; choose one of {', '.join(shown)}{more}.")


def require_plain(obs: Any, column: str, what: str) -> None:
    """Raise DataError if a column, if it is there, holds lists or the like; bytes become text."""
    values = obs.get(column)
    if values is None or values.dtype != object:
        return
    for value in values:
        if not isinstance(value, Hashable):
            kind = type(value).__name__
            raise DataError(
                f"{what.capitalize()} {column!r} holds a {kind}: give each cell one value."
            )
    if any(isinstance(value, bytes) for value in values):
        obs[column] = [v.decode(errors="replace") if isinstance(v, bytes) else v for v in values]
