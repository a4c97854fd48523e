"""Labels and units as codes: what is missing, what is no class, which names are one class."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from omicsbench.errors import DataError
from omicsbench.reading.annotations import require_column
from omicsbench.reading.decisions import Decision
from omicsbench.validation.wording import many

if TYPE_CHECKING:
    from anndata import AnnData

# Texts that mean "missing" in any case of letters, in files of every format.
MISSING = frozenset(("", "na", "n/a", "n.a.", "#n/a", "<na>", "nan", "none", "null"))
KEEP = "--keep-na"
_WHOLE_TEXT = re.compile(r"([+-]?\d+)\.0*")


@dataclass(frozen=True)
class Coded:
    """A label as codes: (n,) a place in ``names``, -1 where it is missing; and what was decided."""

    codes: NDArray[np.int64]
    names: tuple[str, ...]
    notes: tuple[str, ...]
    decisions: tuple[Decision, ...]


@dataclass(frozen=True)
class _Texts:
    """A column as texts without blanks around them, "" where missing.

    ``told`` counts the texts that were taken as missing, ``trimmed`` names those that had blanks.
    """

    texts: NDArray[np.object_]
    told: Counter[str]
    trimmed: tuple[str, ...]

    @property
    def missing(self) -> NDArray[np.bool_]:
        return np.asarray(self.texts == "", dtype=bool)


def code(column: Any, label: str, keep_na: bool = False) -> Coded:
    """Codes and class names of a label column; ``keep_na``: NA and the like are classes.

    Raises DataError for a column without values, and for one of measurements or names.
    """
    read = _read(column, keep_na)
    missing = read.missing
    present = read.texts[~missing]
    if not present.size:
        told = f" but {_listed(read.told)} ({KEEP} makes classes of them)" if read.told else ""
        raise DataError(
            f"Label {label!r} has no value in any cell{told}: choose another with --label."
        )
    measured, present = _as_numbers(column, present)
    found, codes = np.unique(present.astype(str), return_inverse=True)
    distinct = found.size
    if distinct == present.size or (measured and 2 * distinct > present.size):
        raise DataError(
            f"Label {label!r} has {distinct} different values in {present.size} cells: "
            "it is a measurement or a name, not a class; choose another with --label."
        )
    labels = np.full(len(column), -1, dtype=np.int64)
    labels[~missing] = codes
    names = tuple(str(name) for name in found)
    notes = [*_of_missing(read, label), *_of_names(column, read, names, label)]
    if distinct == 1:
        notes.append(
            f"Label {label!r} has one class only, {names[0]!r}: label metrics are skipped."
        )
    single = [names[i] for i in np.flatnonzero(np.bincount(codes) == 1)]
    if single:
        notes.append(
            f"{many(len(single), 'class', 'classes')} of {label!r} with one member: {_few(single)}."
        )
    return Coded(labels, names, tuple(notes), _decided(read, names, label, keep_na))


def _read(column: Any, keep_na: bool) -> _Texts:
    """The column's texts; what is missing is told once a different value, not once a cell."""
    values = np.asarray(column.astype(object), dtype=object)
    absent = np.asarray(column.isna(), dtype=bool)
    named: dict[tuple[type, Any], str] = {}
    texts = np.full(len(values), "", dtype=object)
    told: Counter[str] = Counter()
    trimmed = set()
    for place in np.flatnonzero(~absent):
        value = values[place]
        key = (type(value), str(value))
        if key not in named:
            named[key] = _text(value)
        given = named[key]
        text = given.strip()
        if text.casefold() in MISSING and not (keep_na and text):
            if text:
                told[text] += 1
            continue
        if text != given:
            trimmed.add(given)
        texts[place] = text
    return _Texts(texts, told, tuple(sorted(trimmed)))


def _text(value: Any) -> str:
    """A value as the name of a class: 1.0 is 1."""
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value)


def _as_numbers(column: Any, present: NDArray[np.object_]) -> tuple[bool, NDArray[np.object_]]:
    """Whether these are measurements; and the texts, without ".0" where all are whole numbers."""
    import pandas as pd

    if getattr(column.dtype, "kind", "O") in "mM":
        return True, present
    if isinstance(column.dtype, pd.CategoricalDtype):
        return False, present
    numbers = pd.to_numeric(pd.Series(present), errors="coerce").to_numpy(dtype=np.float64)
    if not np.isfinite(numbers).all():
        return False, present
    if not (numbers == np.rint(numbers)).all():
        return True, present
    whole = [_WHOLE_TEXT.fullmatch(text) for text in present]
    texts = [found[1] if found else text for found, text in zip(whole, present, strict=True)]
    return getattr(column.dtype, "kind", "O") == "f", np.array(texts, dtype=object)


def _of_missing(read: _Texts, label: str) -> list[str]:
    missing = int(read.missing.sum())
    if not missing:
        return []
    said = f"{many(missing, 'cell')} without a label in {label!r}"
    if read.told:
        said += f", as {_listed(read.told)}; {KEEP} makes classes of such texts"
    return [f"{said}."]


def _listed(told: Counter[str]) -> str:
    """Which texts count as missing: ``30 hold 'NA' and 2 'None'``."""
    parts = [f"{count:,} hold {text!r}" for text, count in told.most_common()]
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def _of_names(column: Any, read: _Texts, names: tuple[str, ...], label: str) -> list[str]:
    """What is odd about the names of the classes."""
    notes = []
    if read.trimmed:
        shown = _few([repr(text) for text in read.trimmed])
        notes.append(f"Blanks around classes of {label!r} are left out: {shown}.")
    alike = defaultdict(list)
    for name in names:
        alike[name.casefold()].append(name)
    twins = [" and ".join(map(repr, found)) for found in alike.values() if len(found) > 1]
    if twins:
        notes.append(f"Classes of {label!r} that differ in nothing but capitals: {_few(twins)}.")
    kinds = {type(value) for value in column.dropna().unique()}
    if len(kinds) > 1 and str in kinds:
        others = ", ".join(sorted(kind.__name__ for kind in kinds - {str}))
        notes.append(f"Label {label!r} holds text and {others}: all are taken as text.")
    return notes


def _few(names: list[str]) -> str:
    return ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")


def _decided(
    read: _Texts, names: tuple[str, ...], label: str, keep_na: bool
) -> tuple[Decision, ...]:
    kept = [name for name in names if name.casefold() in MISSING]
    classes = Decision(
        "label",
        f"{label}: {_few(list(names))}",
        f"{', '.join(kept)} kept as {KEEP} says" if kept and keep_na else "",
        "--label",
    )
    missing = int(read.missing.sum())
    if not missing:
        return (classes,)
    why = _listed(read.told) if read.told else "they have no value"
    without = f"{many(missing, 'cell')} without a label"
    return classes, Decision("label", without, why, KEEP if read.told else "")


def unit_codes(
    adata: AnnData, obs: Any, unit: str, keep_na: bool = False, what: str = "unit"
) -> NDArray[np.int64]:
    """Code of the unit, or the batch, of every kept cell, (n,)."""
    require_column(adata.obs, unit, what)
    read = _read(obs[unit], keep_na)
    missing = int(read.missing.sum())
    if missing:
        told = f" ({_listed(read.told)}; {KEEP} keeps such texts)" if read.told else ""
        raise DataError(
            f"{many(missing, 'cell')} of no {unit!r}{told}: fill the column in, or leave "
            f"--{what} out."
        )
    found, codes = np.unique(read.texts.astype(str), return_inverse=True)
    if not 2 <= len(found) < len(obs):
        raise DataError(
            f"{what.capitalize()} {unit!r} has {len(found)} values in {len(obs)} cells: name a "
            "column such as donor or batch, with at least two values and several cells each."
        )
    return codes.astype(np.int64)
