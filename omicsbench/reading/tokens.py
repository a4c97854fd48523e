"""Columns of texts that are measurements with holes: ``<LOD``, ``n.d.``, ``1,234``."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from omicsbench.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

# What stands in tables where a value is missing or too low to be one, in lower case.
_MISSING = {
    *("na", "n/a", "nan", "null", "none", "nil", "missing", "-", "--", "\u2013", "\u2014"),
    *(".", "?", "*", "nd", "n.d.", "n.d", "n. d.", "not detected", "lod", "loq", "below lod"),
    *("bdl", "blq", "bloq", "nq", "n.q.", "#n/a", "#div/0!", "#value!", "#ref!", "#name?"),
    *("#num!", "#null!"),
}
_BOUND = re.compile(r"[<>\u2264\u2265~]=?\s*\S+")  # <LOD, < 0.5, >100
_THOUSANDS = {
    ".": re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?"),
    ",": re.compile(r"[+-]?[1-9]\d{0,2}(\.\d{3})+(,\d*)?"),
}
_COMMA = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?")
_WITH_UNIT = re.compile(
    r"[<>~+-]?\s*\d+([.,]\d+)?([eE][+-]?\d+)?(\s*%|\s+[A-Za-z\u00b5]{1,5}(/\w+)?)?"
)
_YES_OR_NO = tuple(
    {first, second}
    for first, second in (
        *(("t", "f"), ("yes", "no"), ("y", "n"), ("+", "-"), ("p", "a"), ("present", "absent")),
        *(("pos", "neg"), ("positive", "negative"), ("on", "off"), ("wt", "mut")),
    )
)
_TEXTS = 8  # shown
ENOUGH = 50  # numbers such as 1,234 that make it certain, if none reads otherwise


@dataclass
class _Column:
    """A column of texts, as numbers where they are such.

    Attributes
    ----------
    values : (n,) float, NaN where a text is no number.
    others : the texts that are no numbers, and how often.
    row : of the first of each, counted from 0.
    """

    values: NDArray[np.float64]
    others: Counter[str] = field(default_factory=Counter)
    row: dict[str, int] = field(default_factory=dict)

    @property
    def numbers(self) -> int:
        return int(np.isfinite(self.values).sum())

    @property
    def has_holes(self) -> bool:
        """Most entries are numbers, or all others say that a value is missing."""
        count = self.others.total()
        return bool(self.numbers and count) and (
            self.numbers > count or all(map(_is_missing, self.others))
        )


def settle_texts(
    table: pd.DataFrame, texts: Sequence[str], decimal: str = ".", expected: Collection[str] = ()
) -> tuple[dict[str, NDArray[np.float64]], list[str]]:
    """Those columns ``texts`` that hold numbers, by name, and sentences on how they were read.

    ``decimal`` separates decimals in the file; ``expected`` are named as measurements. Other
    columns of ``table`` are looked at for how numbers are written; its index names the rows.

    Raises DataError, naming columns, rows and texts with their counts, for measurements with
    holes and for numbers that can be read in two ways.
    """
    columns = {name: _split(table[name], decimal) for name in texts}
    notes = []
    odd = {name: column for name, column in columns.items() if column.others}
    grouped = _written_as(odd, _THOUSANDS[decimal])
    commas = _written_as(odd, _COMMA) if decimal == "." else []
    if commas and set(grouped) < set(commas):
        _require_no_points(table, columns, commas)
        notes.append(f"Numbers such as {_example(odd[commas[0]])} are read with a decimal comma.")
        _convert(table, columns, commas, "", ",")
    elif grouped:
        _require_thousands(table, columns, grouped, decimal)
        first = _example(odd[grouped[0]])
        notes.append(f"Numbers such as {first} are read with a separator of thousands.")
        _convert(table, columns, grouped, "," if decimal == "." else ".", decimal)
    broken = {
        name: column
        for name, column in columns.items()
        if column.has_holes or (name in expected and column.others)
    }
    if broken:
        raise DataError(_holes(table, broken))
    settled = {name: c.values for name, c in columns.items() if c.numbers and not c.others}
    return settled, notes


def is_with_holes(column: pd.Series[Any]) -> bool:
    """Whether a column of texts is one of measurements, but for some entries."""
    return _split(column).has_holes


def is_measured(column: pd.Series[Any]) -> bool:
    """Whether all texts of a column called like features are what measurements are written as.

    Such as ``5 %`` and ``<LOD``; and ``yes`` and ``no``, if its name has a digit as no word has.
    """
    texts = {str(text).strip() for text in column.dropna().unique()} - {""}
    if {text.lower() for text in texts} in _YES_OR_NO:
        return any(sign.isdigit() for sign in str(column.name))
    return bool(texts) and all(_is_missing(text) or _WITH_UNIT.fullmatch(text) for text in texts)


def _split(column: pd.Series[Any], decimal: str = ".") -> _Column:
    """Numbers, and texts that are none."""
    import pandas as pd

    objects = column.astype(object)
    texts = objects.where(column.isna(), objects.astype(str).str.strip())
    texts = texts.where(column.isna(), texts.str.replace("\u2212", "-", regex=False))  # a minus
    written = texts
    if decimal == ",":  # a point is not a decimal one then
        written = texts.where(~texts.str.contains(".", regex=False, na=False))
        written = written.str.replace(",", ".", regex=False)
    values = pd.to_numeric(written, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    bad = ~np.isfinite(values) & texts.notna().to_numpy() & (texts != "").to_numpy()
    found = _Column(values)
    for place in np.flatnonzero(bad):
        text = str(texts.iloc[place])
        found.others[text] += 1
        found.row.setdefault(text, int(place))
    return found


def _is_missing(text: str) -> bool:
    return text.lower() in _MISSING or bool(_BOUND.fullmatch(text))


def _written_as(columns: dict[str, _Column], pattern: re.Pattern[str]) -> list[str]:
    """Columns whose texts are all of a pattern, but for those that say that a value is missing."""
    found = []
    for name, column in columns.items():
        matching = [
            bool(pattern.fullmatch(text)) for text in column.others if not _is_missing(text)
        ]
        if matching and all(matching):
            found.append(name)
    return found


def _convert(
    table: pd.DataFrame, columns: dict[str, _Column], names: list[str], group: str, decimal: str
) -> None:
    """Read texts of columns as numbers, with ``group`` left out and ``decimal`` a point."""
    for name in names:
        texts = table[name].where(table[name].isna(), table[name].astype(str))
        if group:
            texts = texts.str.replace(group, "", regex=False)
        columns[name] = _split(texts.str.replace(decimal, ".", regex=False))


def _require_no_points(table: pd.DataFrame, columns: dict[str, _Column], commas: list[str]) -> None:
    """Raise DataError if some numbers have a decimal comma and others a point."""
    pointed = _with_fractions(table, columns)
    if pointed is not None:
        name, (text, row) = commas[0], _first(columns[commas[0]])
        raise DataError(
            f"Column {name}, row {table.index[row]}, holds {text!r} with a decimal comma, but "
            f"column {pointed} has decimals with a point: write all in one way."
        )


def _require_thousands(
    table: pd.DataFrame, columns: dict[str, _Column], names: list[str], decimal: str
) -> None:
    """Raise DataError if it may be that the separators of thousands are decimal ones."""
    texts = [text for name in names for text in columns[name].others if not _is_missing(text)]
    group = "," if decimal == "." else "."
    if any(text.count(group) > 1 or decimal in text for text in texts) or decimal == ",":
        return
    if _with_fractions(table, columns) is not None:
        return
    count = sum(columns[name].others.total() for name in names)
    plain = [columns[name].values[np.isfinite(columns[name].values)] for name in names]
    highest = max((values.max() for values in plain if values.size), default=np.inf)
    if count >= ENOUGH and highest < 1000:
        return
    text, row = _first(columns[names[0]])
    raise DataError(
        f"Column {names[0]}, row {table.index[row]}, holds {text!r}, which may be "
        f"{text.replace(',', '')} or {text.replace(',', '.')} ({_times(count)} in "
        f"{len(names):,} column{'s' * (len(names) > 1)}): write numbers without separators of "
        "thousands and with a decimal point."
    )


def _with_fractions(table: pd.DataFrame, columns: dict[str, _Column]) -> str | None:
    """A column of numbers that are no whole ones."""
    for name, kind in table.dtypes.items():
        if getattr(kind, "kind", "") == "f":
            values = table[name].to_numpy(dtype=np.float64, na_value=np.nan)
        elif name in columns:
            values = columns[str(name)].values
        else:
            continue
        values = values[np.isfinite(values)]
        if (values != np.floor(values)).any():
            return str(name)
    return None


def _first(column: _Column) -> tuple[str, int]:
    text = min(column.row, key=lambda text: column.row[text])
    return text, column.row[text]


def _example(column: _Column) -> str:
    return repr(next(text for text in column.others if not _is_missing(text)))


def _holes(table: pd.DataFrame, broken: dict[str, _Column]) -> str:
    """Names columns, rows and texts of measurements with holes."""
    counts: Counter[str] = Counter()
    for column in broken.values():
        counts.update(column.others)
    name, column = next(iter(broken.items()))
    text, row = _first(column)
    others = [
        f"{other!r} {_times(count)}" for other, count in counts.most_common(_TEXTS) if other != text
    ]
    also = f", also {', '.join(others)}" if others else ""
    more = ", ..." if len(counts) > _TEXTS else ""
    many = f"{len(broken):,} columns" if len(broken) > 1 else "1 column"
    return (
        f"{many} of numbers hold{'s' * (len(broken) == 1)} texts: {text!r} {_times(counts[text])}, "
        f"the first in column {name}, row {table.index[row]}{also}{more}; put numbers in their "
        "place, or leave such columns out with --exclude NAMES."
    )


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count:,} times"
