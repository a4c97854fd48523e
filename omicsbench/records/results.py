"""The stored runs as a table that knows its folder, and shows itself in a notebook."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import ClassVar

import pandas as pd

from omicsbench.records.spec import RunRecord, Status
from omicsbench.records.table import tidy

SHOWN_ROWS = 10


class Results(pd.DataFrame):
    """The tidy table (``records.table.tidy``) and the ``folder`` that its runs are stored in.

    Parts of it are such tables too, and know the folder.
    """

    _metadata: ClassVar[list[str]] = ["folder"]
    folder: Path | None = None

    @property
    def _constructor(self) -> type[Results]:
        return Results

    def _repr_html_(self) -> str:
        """How many runs of what, above the first and last rows."""
        table = self.to_html(max_rows=SHOWN_ROWS, notebook=True, show_dimensions=True)
        if not {"dataset", "pipeline", "key", "status"} <= set(self.columns):
            return table
        runs = self.drop_duplicates("key")
        failed = int((runs["status"] != Status.OK.value).sum())
        parts = [
            _number(len(runs), "run") + (f" ({failed:,} without a result)" if failed else ""),
            _number(runs["pipeline"].nunique(), "pipeline"),
            _number(runs["dataset"].nunique(), "data set"),
        ]
        where = f" in <code>{escape(str(self.folder))}</code>" if self.folder else ""
        return f"<p>{', '.join(parts)}{where}</p>{table}"


def results_of(records: Iterable[RunRecord], folder: Path) -> Results:
    """The tidy table of the runs of a folder."""
    made = Results(tidy(records))
    made.folder = folder
    return made


def _number(count: int, what: str) -> str:
    return f"{count:,} {what}" + ("s" if count != 1 else "")
