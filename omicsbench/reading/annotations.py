"""Columns that describe the cells: the label, and the donors or batches."""

from __future__ import annotations

import difflib
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
