"""Features whose values are not those of a measurement: told from names and numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from omicsbench.reading.identifiers import counts_up
from omicsbench.reading.schemes import Scheme

if TYPE_CHECKING:
    from anndata import AnnData

_WORD = re.compile(r"[a-z]{3,}([_. -][a-z]+)*")
ROWS = 200  # looked at, spread evenly
VALUES = 10_000_000  # looked at in all, where features are very many
BLOCK = 4096  # columns looked at together
FEWEST_CELLS, FEWEST_FEATURES = 20, 5  # of which something can be told
MOST = 20  # columns of one kind; more are what the data are like
CODES = 20  # values of a code, such as a cluster number
FACTOR = 100  # of another scale: so many times the others' highest value


@dataclass(frozen=True)
class Suspect:
    """A feature that may be none.

    Attributes
    ----------
    name : of the feature.
    why : what was seen.
    certain : it is no measurement; otherwise the user is asked.
    """

    name: str
    why: str
    certain: bool


@dataclass(frozen=True)
class _Looked:
    """Features, and what some rows of each hold: (p,) each but ``cells`` and ``scheme``.

    Attributes
    ----------
    cells, names, places : the features are columns ``places`` of the cells' X.
    scheme : what their names have in common.
    whole : all are whole numbers.
    low, high : the extremes, NaN where something is missing.
    distinct : how many different values; ``most``, as many as there are rows.
    is_rest : the value is the sum of the others, in every row.
    """

    cells: AnnData
    names: Sequence[str]
    places: NDArray[np.int64]
    scheme: Scheme
    most: int
    whole: NDArray[np.bool_]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    distinct: NDArray[np.int64]
    is_rest: NDArray[np.bool_]

    def few(self, found: NDArray[np.bool_]) -> list[int]:
        """Those that were found, none if there are so many that it is what the data are like."""
        places = [int(place) for place in np.flatnonzero(found)]
        return places if len(places) <= min(MOST, max(1, len(found) // 20)) else []

    def values(self, place: int) -> NDArray[np.float64]:
        """One feature in all cells, (n,)."""
        return column_of(self.cells, int(self.places[place])).astype(np.float64)

    def suspect(self, place: int, why: str, certain: bool) -> Suspect:
        return Suspect(self.names[place], why, certain)


def suspects(adata: AnnData, names: Sequence[str], places: NDArray[np.int64]) -> list[Suspect]:
    """Features, in ``places`` and called ``names``, whose values are not like the others'.

    Columns in other places are not looked at, nor part of sums. Some rows of every column are
    looked at, whole columns only of the few that are suspected then.
    """
    if adata.n_obs < FEWEST_CELLS or len(places) < FEWEST_FEATURES:
        return []
    looked = _look(adata, names, places)
    found: dict[str, Suspect] = {}
    for rule in (_totals, _identifiers, _dates, _fractions, _codes, _scales, _words):
        for suspect in rule(looked):
            found.setdefault(suspect.name, suspect)
    return list(found.values())


def label_copies(
    adata: AnnData, names: Sequence[str], places: NDArray[np.int64], label: str
) -> list[Suspect]:
    """Features that have one value for each class of ``label``: the label in other words."""
    import pandas as pd

    known = np.flatnonzero(adata.obs[label].notna())
    codes = np.full(adata.n_obs, -1)
    codes[known] = pd.factorize(adata.obs[label].iloc[known].astype(str))[0]
    classes, first = np.unique(codes[known], return_index=True)
    if not 2 <= len(classes) <= len(known) // 4 or len(known) < FEWEST_CELLS:
        return []
    shown = _rows(len(known), len(places))
    rows = np.unique(np.concatenate([known[first], known[shown]]))
    some = _some_rows(adata, rows)
    scheme, found = Scheme.of(names), []
    for block in _blocks(places):
        values = _dense(some, block)
        each = values[np.searchsorted(rows, known[first])]  # a row a class
        apart = (np.diff(np.sort(each, axis=0), axis=0) > 0).all(axis=0)
        same = (values == each[np.maximum(codes[rows], 0)]) | (codes[rows] < 0)[:, None]
        for place in block[apart & same.all(axis=0)]:
            column = column_of(adata, int(place))
            if (column[known] == column[known[first]][codes[known]]).all():
                name = str(adata.var_names[place])
                why = f"it has one value for each class of {label!r}"
                found.append(Suspect(name, why, scheme.is_odd(name)))
    return found


def _look(adata: AnnData, names: Sequence[str], places: NDArray[np.int64]) -> _Looked:
    rows = _rows(adata.n_obs, len(places))
    some = _some_rows(adata, rows)
    sums = np.zeros(len(rows))
    for block in _blocks(places):
        sums += _dense(some, block).sum(axis=1)
    parts = []
    for block in _blocks(places):
        values = _dense(some, block)
        ordered = np.sort(values, axis=0)
        with np.errstate(invalid="ignore"):  # infinite values are refused by another check
            off = np.abs(sums[:, None] - 2 * values) > 1e-4 * np.abs(values)
        parts.append(
            (
                (values == np.floor(values)).all(axis=0),
                values.min(axis=0),
                values.max(axis=0),
                (np.diff(ordered, axis=0) > 0).sum(axis=0) + 1,
                ~off.any(axis=0) & (ordered[-1] > 0),
            )
        )
    columns = (np.concatenate(part) for part in zip(*parts, strict=True))
    return _Looked(adata, names, places, Scheme.of(names), len(rows), *columns)


def _rows(cells: int, features: int) -> NDArray[np.int64]:
    """Rows to be looked at, spread evenly: fewer where there are very many features."""
    count = min(cells, ROWS, max(FEWEST_CELLS, VALUES // max(features, 1)))
    return np.unique(np.linspace(0, cells - 1, count).astype(np.int64))


def _some_rows(adata: AnnData, rows: NDArray[np.int64]) -> Any:
    some = adata.X[rows]
    return some.tocsc() if hasattr(some, "tocsc") else np.asarray(some)


def _blocks(places: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    return [places[start : start + BLOCK] for start in range(0, len(places), BLOCK)]


def _dense(some: Any, block: NDArray[np.int64]) -> NDArray[np.float64]:
    values = some[:, block]
    values = values.toarray() if hasattr(values, "toarray") else values
    return np.asarray(values, dtype=np.float64)


def column_of(adata: AnnData, place: int) -> NDArray[Any]:
    """Values of one feature in all cells, (n,)."""
    column = adata.X[:, [place]]
    return np.asarray(column.toarray() if hasattr(column, "toarray") else column).ravel()


def _totals(looked: _Looked) -> Iterator[Suspect]:
    for place in looked.few(looked.is_rest):
        used = np.zeros(looked.cells.n_vars, dtype=np.float32)
        used[looked.places] = 1
        sums = np.asarray(looked.cells.X @ used, dtype=np.float64).ravel()
        values = looked.values(place)
        if (np.abs(sums - 2 * values) <= 1e-3 * np.abs(values)).all():
            yield looked.suspect(place, "its values are the sums of all others", True)


def _identifiers(looked: _Looked) -> Iterator[Suspect]:
    """Whole numbers of which each is there once."""
    unique = looked.whole & (looked.distinct == looked.most)
    rare = set(looked.few(unique))
    for place in np.flatnonzero(unique).tolist():
        name, values = looked.names[place], looked.values(place)
        if counts_up(values):
            certain = not looked.scheme.fits(name)
            yield looked.suspect(place, "its whole numbers count up", certain)
        elif place in rare and len(np.unique(values)) == len(values):
            odd = looked.scheme.is_odd(name)
            if odd or (looked.scheme.pattern is None and _apart(looked, place, 10)):
                why = "each of its whole numbers is there once, unlike the others'"
                yield looked.suspect(place, why, odd)


def _dates(looked: _Looked) -> Iterator[Suspect]:
    """Whole numbers such as 20240131, years, and seconds since 1970."""
    low, high = looked.low, looked.high
    days = looked.whole & (low >= 19000101) & (high <= 21001231)
    years = looked.whole & (low >= 1900) & (high <= 2100)
    seconds = looked.whole & (low >= 5e8) & (high <= 2.5e9)
    for place in looked.few(days | years | seconds):
        values, odd = looked.values(place), looked.scheme.is_odd(looked.names[place])
        month, day = values // 100 % 100, values % 100
        near = (month >= 1) & (month <= 12) & (day <= 32)  # float32 holds them to 1 in 16 million
        if days[place] and near.all():
            certain = not looked.scheme.fits(looked.names[place])
            yield looked.suspect(place, "its whole numbers are dates", certain)
        elif odd and not days[place]:
            what = "years" if years[place] else "seconds since 1970"
            yield looked.suspect(place, f"its whole numbers look like {what}", True)


def _fractions(looked: _Looked) -> Iterator[Suspect]:
    """Fractions among counts."""
    fractions = ~looked.whole & np.isfinite(looked.high)
    if looked.whole.mean() < 0.95 or looked.high[looked.whole].max() < 3:
        return
    for place in looked.few(fractions):
        if not looked.scheme.fits(looked.names[place]):
            odd = looked.scheme.is_odd(looked.names[place])
            why = "it holds fractions, and the others whole numbers"
            yield looked.suspect(place, why, odd)


def _codes(looked: _Looked) -> Iterator[Suspect]:
    """Few whole numbers without a gap beside values of many kinds, under a name unlike the rest."""
    few = min(CODES, looked.most // 4)
    codes = looked.whole & (looked.distinct > 1) & (looked.distinct <= few)
    codes &= (looked.high - looked.low + 1 == looked.distinct) & np.isin(looked.low, (0, 1))
    codes &= 2 * looked.distinct <= np.median(looked.distinct)
    for place in looked.few(codes):
        if looked.scheme.is_odd(looked.names[place]):
            why = (
                f"it holds {looked.distinct[place]} different whole numbers only, unlike the others"
            )
            yield looked.suspect(place, why, False)


def _scales(looked: _Looked) -> Iterator[Suspect]:
    """One column that is far above all others."""
    place = int(np.argmax(np.nan_to_num(looked.high)))
    if not _apart(looked, place, FACTOR) or looked.scheme.fits(looked.names[place]):
        return
    if looked.scheme.is_odd(looked.names[place]) or np.delete(looked.whole, place).all():
        why = f"its highest value is over {FACTOR} times that of any other"
        yield looked.suspect(place, why, False)


def _words(looked: _Looked) -> Iterator[Suspect]:
    """Words in lower case beside names of another kind."""
    found = [bool(_WORD.fullmatch(n)) and looked.scheme.is_odd(n) for n in looked.names]
    for place in looked.few(np.array(found)):
        yield looked.suspect(place, "its name is unlike the others'", False)


def _apart(looked: _Looked, place: int, factor: float) -> bool:
    """Whether the highest value of a column is ``factor`` times those of all others."""
    others = np.delete(looked.high, place)
    return bool(looked.high[place] > factor * np.nanmax(others) > 0)
