"""A text table of a known dialect becomes a DataFrame; lines that do not fit are named."""

from __future__ import annotations

import csv
import re
import warnings
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from omicsbench.errors import DataError
from omicsbench.reading.dialect import Dialect, unequal
from omicsbench.reading.opening import open_text

if TYPE_CHECKING:
    import pandas as pd


def parse(path: Path, dialect: Dialect, texts: Collection[str] = ()) -> tuple[pd.DataFrame, int]:
    """The table, and how many comments among its rows are left out.

    Texts are as they stand in the file, NaN where nothing stands, else numbers. The first column
    and ``texts`` are not turned into numbers. A column without a name is called ``Unnamed: 3`` by
    its place.

    Raises DataError, naming the line, for lines of unequal length and open quotation marks;
    UnicodeDecodeError if the file is of another encoding.
    """
    table = _parsed(path, dialect, texts, ())
    if table is not None and not _has_short_rows(table):
        return table, 0
    comments = _comments(path, dialect)
    if table is not None and not comments:
        return table, 0
    again = _parsed(path, dialect, texts, comments)
    if again is None:
        raise DataError(f"{path} cannot be read as {dialect.seen} text.")
    return again, len(comments)


def _parsed(
    path: Path, dialect: Dialect, texts: Collection[str], left_out: Sequence[int]
) -> pd.DataFrame | None:
    """The table without lines ``left_out``, None if a line has too many fields."""
    import pandas as pd

    kept = [place for place, name in enumerate(dialect.names) if place == 0 or name in texts]
    with open_text(path, dialect.encoding) as stream, warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)  # of fields without a name
        for _ in range(dialect.skip):
            stream.readline()
        try:
            table = pd.read_csv(
                stream,
                sep=r"\s+" if dialect.separator == " " else dialect.separator,
                decimal=dialect.decimal,
                header=None,
                names=range(len(dialect.names)),
                index_col=False,
                dtype=dict.fromkeys(kept, str),
                keep_default_na=False,
                na_values=[""],
                skiprows=list(left_out) or None,
                low_memory=False,
            )
        except pd.errors.EmptyDataError:
            raise DataError(
                f"{path} holds no cells: expected a header and one cell a row."
            ) from None
        except pd.errors.ParserError as error:
            unclosed = re.search(r"EOF inside string starting at row (\d+)", str(error))
            if unclosed:
                raise DataError(
                    f"{path}: a quotation mark of row {int(unclosed[1]) + 1:,} is never closed."
                ) from error
            return None
        except pd.errors.ParserWarning:
            return None
    names = [name or f"Unnamed: {place}" for place, name in enumerate(dialect.names)]
    table.columns = pd.Index(names)
    return table


def _has_short_rows(table: pd.DataFrame) -> bool:
    """Some rows, not all, end with nothing: lines may be too short."""
    empty = table.iloc[:, -1].isna()
    if empty.all() and table.shape[1] > 2:
        empty = table.iloc[:, -2].isna()
    return bool(empty.any() and not empty.all())


def _comments(path: Path, dialect: Dialect) -> list[int]:
    """Comments among the rows, counted from the first row.

    A comment begins with ``#`` and has another number of fields than the rows. Raises DataError,
    naming the line, for the first line of another length that is none.
    """
    width, comments, before = len(dialect.names), [], 0
    csv.field_size_limit(1 << 30)
    with open_text(path, dialect.encoding) as stream:
        for _ in range(dialect.skip):
            stream.readline()
        spaced = dialect.separator == " "
        lines = (" ".join(line.split()) for line in stream) if spaced else stream
        reader = csv.reader(lines, delimiter=dialect.separator)
        for record in reader:
            if record and len(record) != width:
                if not record[0].startswith("#"):
                    line = dialect.skip + reader.line_num
                    raise unequal(path, line, len(record), width, dialect)
                comments.append(before)
            before = reader.line_num
    return comments
