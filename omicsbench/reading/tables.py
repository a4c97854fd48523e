"""Tables of text and Parquet: one cell a row, numbers are features, other columns annotations."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from omicsbench.errors import DataError
from omicsbench.reading.cell_names import name_cells
from omicsbench.reading.column_kinds import (
    EMPTY,
    NUMBERS,
    TEXT,
    TRUTH,
    as_numbers,
    is_plain,
    kinds_of,
    plain_numbers,
)
from omicsbench.reading.columns import matching, shown
from omicsbench.reading.decisions import LEFT_OUT, Decision, decide
from omicsbench.reading.dialect import SEPARATORS, Dialect, find_dialect
from omicsbench.reading.known_names import is_word
from omicsbench.reading.names import SYMBOLS
from omicsbench.reading.notes import note
from omicsbench.reading.opening import FALLBACK, encoding_of
from omicsbench.reading.orientation import require_cells_in_rows
from omicsbench.reading.own import OwnData
from omicsbench.reading.parsing import parse
from omicsbench.reading.schemes import Scheme
from omicsbench.reading.summary_rows import require_no_summaries
from omicsbench.reading.tokens import is_measured, settle_texts
from omicsbench.reading.turning import turned, turned_gct

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData


def read_text(path: Path, own: OwnData, separator: str) -> AnnData:
    """A text file with a header, as :func:`from_table` takes it; ``separator`` is its suffix's.

    Raises DataError, saying what was seen, if its dialect is not certain.
    """
    encoding = encoding_of(path)
    try:
        return _read_text(path, own, separator, encoding)
    except UnicodeError as error:
        if encoding != "utf-8":
            raise DataError(f"{path} cannot be decoded as {encoding.upper()}.") from error
        return _read_text(path, own, separator, FALLBACK)


def _read_text(path: Path, own: OwnData, separator: str, encoding: str) -> AnnData:
    dialect = find_dialect(path, separator, own.columns, encoding)
    table, comments = parse(path, dialect, own.columns)
    adata = from_table(table, path, own, dialect)
    decide(adata, Decision("format", dialect.seen, "as its first lines tell"))
    if dialect.trailing:
        what = SEPARATORS[dialect.separator]
        note(adata, f"An empty last column is left out: every line ends with a {what}.")
    if comments:
        note(adata, f"Comments among the rows are left out: {comments:,}.")
    if dialect.differs_from(separator):
        note(adata, f"Read as {dialect.seen}.")
    return adata


def from_table(
    table: pd.DataFrame, path: Path | str, own: OwnData, dialect: Dialect | None = None
) -> AnnData:
    """Cells in rows of a DataFrame. Numbers are features; text, label and unit go to obs.

    ``path`` is what errors name as the source, ``dialect`` how its text was written, of which the
    first column, label and unit are texts. ``table`` is not changed.

    Raises DataError for a table without cells or numbers, columns or cells of one name, and
    measurements with texts among them.
    """
    try:
        return _from_table(table, own, dialect)
    except DataError as error:
        raise DataError(f"{path}: {error}") from error


def _from_table(table: pd.DataFrame, own: OwnData, dialect: Dialect | None) -> AnnData:
    import anndata
    import pandas as pd

    if table.empty:
        raise DataError("there are no cells: expected a header and one cell a row.")
    table = table.copy(deep=False)
    table.columns = table.columns.astype(str)
    twice = table.columns[table.columns.duplicated()]
    if len(twice):
        raise DataError(f"there are two columns {twice[0]!r}: make the names unique.")
    table, describing = _one_cell_a_row(table, own, dialect)
    whole, (table, notes) = table, _without_empty(table, own)
    _require_named(table, dialect)
    first = str(table.columns[0])
    decimal = dialect.decimal if dialect else None
    table, naming = name_cells(table, _is_column(first, own), decimal)
    table = _with_numbers(table, own, first, dialect)
    require_cells_in_rows(table, own)
    kinds = kinds_of(table)
    of_obs = _of_obs(list(kinds), own)
    settled, read_so = _settled(table, kinds, of_obs, dialect)
    features = [
        name
        for name, kind in kinds.items()
        if name not in of_obs and (kind in (NUMBERS, TRUTH) or name in settled)
    ]
    if not features:
        raise DataError(f"there is no column of numbers to use as features{_held(table)}.")
    X = _matrix(table, features, kinds, settled)
    require_no_summaries(table.index.tolist(), X)
    adata = anndata.AnnData(
        X=X,
        obs=table.drop(columns=features),
        var=pd.DataFrame(index=pd.Index(features, dtype=object)),
    )
    decide(adata, naming, *_left_out(whole, table, of_obs.difference(own.columns), kinds))
    if describing:
        notes.append(f"Columns that describe the features are left out: {shown(describing)}.")
        decide(adata, Decision(LEFT_OUT, shown(describing), "they describe the features"))
    note(adata, *notes, *read_so, *_on_kinds(kinds, features, of_obs))
    return adata


def _left_out(
    whole: pd.DataFrame, table: pd.DataFrame, of_obs: set[str], kinds: dict[str, str]
) -> list[Decision]:
    """Numbers that the user says are no features, and what holds nothing."""
    found = []
    if excluded := [name for name in kinds if name in of_obs and kinds[name] != TEXT]:
        option = "--exclude, --features-like"
        found.append(Decision(LEFT_OUT, shown(excluded), "the options say so", option))
    known = {*table.columns, table.index.name}
    lost = [str(name) for name in whole.columns if name not in known]
    if empty := [name for name in lost if not name.startswith("Unnamed: ")]:
        found.append(Decision(LEFT_OUT, shown(empty), "no value in any row"))
    if rows := len(whole) - len(table):
        found.append(Decision(LEFT_OUT, f"{rows:,} empty rows", "no value in any column"))
    return found


def _held(table: pd.DataFrame) -> str:
    """What stands in a column, in words."""
    for name, column in table.items():
        if column.notna().any():
            return f": column {name} holds {str(column.dropna().iloc[0])!r}"
    return ""


def _require_named(table: pd.DataFrame, dialect: Dialect | None) -> None:
    """Raise DataError if a column of values has no name in the header of a text file."""
    if dialect is None:
        return
    for place, name in enumerate(dialect.names):
        if place and not name and f"Unnamed: {place}" in table.columns:
            raise DataError(
                f"column {place + 1:,} has no name in the header, but holds values: name it."
            )


def _one_cell_a_row(
    table: pd.DataFrame, own: OwnData, dialect: Dialect | None
) -> tuple[pd.DataFrame, list[str]]:
    """Turned, where features lie in rows: by the user's word, or as GCT files are.

    Columns that describe features are left out: the second of what is returned.
    """
    if dialect is not None and dialect.gct is not None:
        return turned_gct(table, dialect)
    return turned(table) if own.transpose else (table, [])


def _without_empty(table: pd.DataFrame, own: OwnData) -> tuple[pd.DataFrame, list[str]]:
    """Without rows and columns that hold nothing at all, and sentences on them."""
    import pandas as pd

    notes = []
    empty = table.iloc[:, 0].isna().to_numpy()
    if empty.any():
        empty[empty] = table[empty].isna().all(axis=1)
    if empty.any():
        numbered = isinstance(table.index, pd.RangeIndex)
        table = table[~empty].reset_index(drop=True) if numbered else table[~empty]
        notes.append(f"Rows that hold nothing are left out: {int(empty.sum()):,}.")
    if table.empty:
        raise DataError("there are no cells: expected a header and one cell a row.")
    in_doubt = table.columns[table.iloc[0].isna().to_numpy()].difference(own.columns, sort=False)
    left = [str(name) for name in in_doubt if table[name].isna().all()]
    named = [name for name in left if not name.startswith("Unnamed: ")]
    if named:
        notes.append(f"Columns that hold nothing are left out: {shown(named)}.")
    return (table.drop(columns=left) if left else table), notes


def _with_numbers(
    table: pd.DataFrame, own: OwnData, kept: str, dialect: Dialect | None
) -> pd.DataFrame:
    """Columns of a text file that were ``kept`` as texts, as numbers where they are plain ones."""
    if dialect is None or dialect.gct is not None or own.transpose:
        return table
    table = table.copy(deep=False)
    for name in {kept, *own.columns} & set(table.columns):
        numbers = plain_numbers(table[name], dialect.decimal)
        if numbers is not None:
            table[name] = numbers
    return table


def _is_column(first: str, own: OwnData) -> bool:
    """The user says what the first column is: a label, no feature or a feature."""
    named = matching([first], own.exclude + own.features_like)[0]
    return first in own.columns or bool(named)


def _of_obs(names: list[str], own: OwnData) -> set[str]:
    """Columns that are no features, whatever they hold, because the user says so."""
    out = matching(names, own.exclude)
    if own.features_like:
        out |= ~matching(names, own.features_like)
    return {name for name, no_feature in zip(names, out, strict=True) if no_feature} | set(
        own.columns
    )


def _settled(
    table: pd.DataFrame, kinds: dict[str, str], of_obs: set[str], dialect: Dialect | None
) -> tuple[dict[str, NDArray[np.float64]], list[str]]:
    """Columns of text that are numbers, by name, and sentences on how they were read."""
    texts = [
        name
        for name, kind in kinds.items()
        if kind == TEXT
        and name not in of_obs
        and not _is_categorical(table[name])
        and not is_word(name)  # an age that is missing here and there is an annotation all the same
    ]
    scheme = Scheme.of([name for name, kind in kinds.items() if kind == NUMBERS])
    expected = [
        name
        for name in texts
        if scheme.fits(name)
        and (scheme.strict or name.upper() in SYMBOLS or is_measured(table[name]))
    ]
    settled, notes = settle_texts(table, texts, dialect.decimal if dialect else ".", expected)
    if dialect is None and NUMBERS in kinds.values():
        settled = {}  # of typed columns, text is meant as text
    return settled, notes


def _is_categorical(column: pd.Series[Any]) -> bool:
    import pandas as pd

    return isinstance(column.dtype, pd.CategoricalDtype)


def _matrix(
    table: pd.DataFrame,
    features: list[str],
    kinds: dict[str, str],
    settled: dict[str, NDArray[np.float64]],
) -> NDArray[np.float32]:
    """The features' values, (n, p), NaN where nothing stands."""
    types = dict(table.dtypes.items())
    plain = [name for name in features if name not in settled and is_plain(types[name])]
    numbers = table[plain].to_numpy(dtype=np.float32, na_value=np.nan)
    if len(plain) == len(features):
        return numbers
    X = np.empty((len(table), len(features)), dtype=np.float32)
    place = {name: i for i, name in enumerate(plain)}
    for i, name in enumerate(features):
        if name in place:
            X[:, i] = numbers[:, place[name]]
        else:
            X[:, i] = settled[name] if name in settled else as_numbers(table[name])
    return X


def _on_kinds(kinds: dict[str, str], features: list[str], of_obs: set[str]) -> list[str]:
    """Sentences on columns that are no plain numbers, a sentence a kind."""
    used, others = set(features), defaultdict(list)
    truths = [name for name in features if kinds[name] == TRUTH]
    for name, kind in kinds.items():
        if name not in used and name not in of_obs and kind != EMPTY:
            others[kind].append(name)
    notes = [
        f"Columns of {kind} are taken as annotations, not features: {shown(names)}."
        for kind, names in others.items()
    ]
    if truths:
        notes.append(f"Columns of {TRUTH} are taken as 1 and 0: {shown(truths)}.")
    return notes
