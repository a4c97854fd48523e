"""What is known of a data set without downloading or preparing anything."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omicsbench.errors import OmicsbenchError
from omicsbench.inputs.fetch import local_path
from omicsbench.inputs.source import Source
from omicsbench.planning.outline import ChosenData, DataTerms
from omicsbench.planning.suite import Suite
from omicsbench.prepare.prepared import Prepared, folders_of
from omicsbench.prepare.split import most_repeats, split
from omicsbench.prepare.writing import code_of
from omicsbench.records.facts import DatasetFacts
from omicsbench.records.spec import RunRecord

Codes = NDArray[np.signedinteger[Any]]
NOT_FETCHED = '"all" is left out, as the data are not downloaded yet; `omicsbench fetch` does it'
AS_STATED = "the number of cells is not known, so sizes are taken as stated"


@dataclass(frozen=True)
class KnownData:
    """What is known of a data set; None where it is not known. ``terms`` lack the data's id.

    ``line`` says what was read, if it was.
    """

    name: str
    sizes: tuple[int, ...]
    cells: int | None = None
    features: int | None = None
    prepared_bytes: int | None = None
    note: str = ""
    terms: DataTerms | None = None
    line: str = ""


def known_data(data: ChosenData, suite: Suite, records: Iterable[RunRecord]) -> KnownData:
    """Told by stored runs, by prepared data, or, where a size is "all", by the loader.

    Raises RegistryError if the data allow none of the sizes.
    """
    source, folders = data.source, _prepared(data.source)
    told = [r.dataset_info for r in records if r.spec.dataset == source.name]
    codes: Codes | None = None
    units: Codes | None = None
    of_classes = source.held_out is not None and not source.grouped
    with contextlib.suppress(OSError, ValueError, KeyError):  # damaged: a run makes it anew
        for prepared in map(Prepared, folders[:1]):
            codes = prepared.labels if of_classes else None
            units = prepared.units if source.grouped else None
            told.append(prepared.facts)
    facts = next((facts for facts in reversed(told) if facts.n_cells), DatasetFacts())
    cells, features, note = facts.n_cells or None, facts.n_selected or None, ""
    names = facts.label_names
    untold = (of_classes and codes is None) or (source.grouped and units is None)
    if ("all" in data.stated or source.grouped) and (cells is None or untold):
        try:
            cells, features, names, codes, units = _loaded(data)
        except OmicsbenchError as error:
            note = str(error)
    size_bytes = (
        sum(f.stat().st_size for p in folders for f in p.rglob("*.npy")) if folders else None
    )
    known = KnownData(
        source.name,
        _numbers(data),
        cells,
        features,
        size_bytes,
        note or AS_STATED,
        line=facts.line,
    )
    if cells is None:
        return known
    train = None
    if of_classes and codes is not None:
        assert source.held_out is not None
        train = _fewest_train(codes, code_of(source.held_out, names), suite)
    terms = DataTerms.of("", cells, train)
    told_apart = not of_classes or train is not None
    if source.grouped and units is not None:
        terms = _of_units(units, suite)
    elif source.grouped:
        told_apart = False
    sizes = data.sizes(terms.train) if told_apart else [n for n in known.sizes if n <= terms.train]
    return replace(known, sizes=tuple(sizes), terms=terms, note=note)


def _numbers(data: ChosenData) -> tuple[int, ...]:
    """The sizes stated as numbers, ascending."""
    return tuple(sorted({int(size) for size in data.stated if size != "all"}))


def _loaded(
    data: ChosenData,
) -> tuple[int, int, tuple[str, ...], Codes | None, Codes | None]:
    """Cells, features, classes, their codes and units, of a stream before any cell is read.

    Raises OmicsbenchError, saying what is left out, if they cannot be had.
    """
    if not all(local_path(remote).is_file() for remote in data.remote):
        raise OmicsbenchError(NOT_FETCHED)
    source = data.source
    try:
        cells, features = source.shape
    except OmicsbenchError as error:
        unknown = '"all" is left out, the number of cells is not known'
        raise OmicsbenchError(f"{unknown}: {error}") from error
    held = source.cells
    if isinstance(held, Mapping):
        return cells, features, (), None, next(iter(held.values())).units
    codes = None if source.held_out is None else held.codes
    return cells, features, held.label_names, codes, held.units


def _of_units(units: Codes, suite: Suite) -> DataTerms:
    """What splits by these units leave for training and testing."""
    most = most_repeats(np.unique(units).size)
    repeats = min(suite.repeats, most or suite.repeats)
    splits = [split(None, units.size, r, suite.seed, units=units) for r in range(repeats)]
    return DataTerms.of_splits("", splits, most)


def _fewest_train(codes: Codes, held_out: int, suite: Suite) -> int:
    """Training rows that every repeat has without the class that is held out."""
    return min(
        split(codes, codes.size, repeat, suite.seed, held_out).train.size
        for repeat in range(suite.repeats)
    )


def _prepared(source: Source) -> list[Path]:
    """Folders of the data set prepared in any way, the newest first, repeats of a cohort too."""
    newest = sorted(folders_of(source), key=lambda p: -p.stat().st_mtime)
    same = newest[0].name.split(source.slug)[1][:17] if newest else ""
    return [p for p in newest if p.name.startswith(source.slug + same)]
