"""What is held out of every method of a data set, where a suite asks for it: molecules, features.

Of counts each molecule is dealt to one of two halves at random, so that these are independent given
what the cell expresses, if molecules are drawn as a Poisson variable is (binomial thinning,
10.1101/786269, 10.1093/biostatistics/kxac047). Methods are given one half as if it were the data.

Of any data, a sixth of the features are held out, drawn before anything is learnt of the cells, so
that they enter no total and no selection. The most variable of them, a fifth as many as methods are
given, are kept to be predicted: as they were measured, with all their molecules.

The draws depend on the seed of the data set alone: they are the same in all repeats and sizes, and
however the cells are read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from omicsbench.errors import DataError
from omicsbench.prepare import streaming
from omicsbench.prepare.features import ColumnSums, is_logged, select, select_rows
from omicsbench.prepare.normalise import depths, normalize
from omicsbench.prepare.parts import HALVES, HELD_OUT, NAMES, PartName
from omicsbench.prepare.scaling import Scaler, mean_and_variance
from omicsbench.prepare.share import OnShare, step
from omicsbench.records.facts import HoldOut

if TYPE_CHECKING:
    from omicsbench.inputs.cells import Cells
    from omicsbench.prepare.scaling import Matrix
    from omicsbench.stream import CellStream

ONE_IN = 6  # features
PER_SEEN = 5  # features that methods are given, for each that is kept to be predicted
OF_FEATURES, OF_MOLECULES = 7, 8  # streams of random numbers, beside those of the split


@dataclass(frozen=True)
class Divided:
    """The cells of a data set, divided.

    Attributes
    ----------
    whole : as they were measured.
    seen : what methods are given, as if it were the data: of counts one half of the molecules.
    other : the other half, of the same features; None where the values are no counts.
    kept, held_out : numbers of the features that are seen, and of those that are not, ascending.
    """

    whole: Cells
    seen: Cells
    other: Cells | None
    kept: NDArray[np.int64]
    held_out: NDArray[np.int64]


@dataclass(frozen=True)
class Stored:
    """What is known once the seen cells are written.

    Attributes
    ----------
    selected : (p,) features that methods are given, by their places among those seen.
    rows : row numbers of each part among the cells that are kept.
    full : (cells,) bool, those that are kept; None: all.
    """

    selected: NDArray[np.int64]
    rows: Mapping[PartName, NDArray[np.int64]]
    full: NDArray[np.bool_] | None


def divide(cells: Cells, seed: int) -> Divided:
    """Divide the cells. Nothing is read of a stream yet. Raises DataError for too few features."""
    p = cells.shape[1]
    if p < ONE_IN:
        raise DataError(f"There are {p} features, too few to hold some out: leave hold_out away.")
    drawn = np.random.default_rng([seed, OF_FEATURES]).permutation(p)
    held_out, kept = np.sort(drawn[: p // ONE_IN]), np.sort(drawn[p // ONE_IN :])
    if cells.values != "counts":
        return Divided(cells, _some(cells, kept), None, kept, held_out)
    seen, other = (_some(cells, kept, partial(_Thinning, seed, other)) for other in (False, True))
    return Divided(cells, seen, other, kept, held_out)


class _Thinning:
    """One half of the molecules of blocks that come in order."""

    def __init__(self, seed: int, other: bool) -> None:
        self._rng = np.random.default_rng([seed, OF_MOLECULES])
        self._other = other

    def __call__(self, block: Matrix) -> Matrix:
        """One draw for each molecule count, none for a zero: blocks of any size and kind agree."""
        if isinstance(block, np.ndarray):
            return self._half(block)
        made = block.copy()
        made.data = self._half(made.data)
        made.eliminate_zeros()
        return made

    def _half(self, counts: NDArray[Any]) -> NDArray[np.float32]:
        first = self._rng.binomial(counts.astype(np.int64), 0.5)
        half = counts - first if self._other else first
        return np.asarray(half, dtype=np.float32)


def _some(
    cells: Cells, features: NDArray[np.int64], thinning: Callable[[], _Thinning] | None = None
) -> Cells:
    """The cells with some features alone, thinned or whole.

    Others are left out before anything is drawn, so that no draw depends on them.
    """

    def taken(blocks: Iterator[Matrix]) -> Iterator[Matrix]:
        half = thinning() if thinning else None
        for block in blocks:
            own = block[:, features]
            yield half(own) if half else own

    shape = (cells.shape[0], features.size)
    if cells.matrix is not None:
        return replace(cells, shape=shape, matrix=next(taken(iter([cells.matrix]))))
    assert cells.stream is not None
    whole = cells.stream
    stream = replace(whole, shape=shape, features=(), blocks=lambda: taken(whole.blocks()))
    return replace(cells, shape=shape, stream=stream)


def write(
    folder: Path, divided: Divided, stored: Stored, on_share: OnShare | None = None
) -> HoldOut:
    """Write what is held out of methods beside what they are given; returns what it is.

    That is the other half of the validation and test rows, laid out as these are themselves, and
    of all rows the features to be predicted, normalised, by part.
    """
    halves: dict[PartName, Path] = {part: folder / own for part, own in HALVES.items()}
    values: dict[PartName, Path] = {part: folder / HELD_OUT / part for part in NAMES}
    for place in (*values.values(), *(halves.values() if divided.other else ())):
        place.mkdir(parents=True)
    write_values = _write_streamed if divided.whole.matrix is None else _write_held
    told_other, told_variable, told_values = (step(on_share, number, 3) for number in range(3))
    if divided.other:
        _write_rows(halves, stored, write_values(halves, divided.other, stored, told_other))
    count = max(1, round(stored.selected.size / PER_SEEN))
    places, scaler = _most_variable(divided, stored, count, told_variable)
    chosen = divided.held_out[places]
    write_values(values, divided.whole, replace(stored, selected=chosen), told_values)
    told: dict[str, NDArray[Any]] = {"features": chosen, "mean": scaler.mean, "sd": scaler.sd}
    for name, array in told.items():
        np.save(folder / HELD_OUT / f"{name}.npy", array, allow_pickle=False)
    return HoldOut(molecules=divided.other is not None, features=chosen.size)


def _most_variable(
    divided: Divided, stored: Stored, count: int, on_share: OnShare | None
) -> tuple[NDArray[np.int64], Scaler]:
    """Those of the features held out, by their places, that vary most in the training pool.

    And their scale there, as all features have it.
    """
    cells, rows = divided.whole, stored.rows
    pool = np.sort(np.concatenate([rows["train"], rows["validation"]]))
    if cells.matrix is not None:
        held = normalize(cells.matrix, cells.values)[pool][:, divided.held_out]
        chosen = select_rows(held, cells.values, count)
        return chosen, Scaler.of(*mean_and_variance(held[:, chosen]), values=cells.values)
    inside = np.zeros(cells.shape[0], dtype=bool)
    inside[_places(stored, cells.shape[0])[pool]] = True
    sums, start = ColumnSums(divided.held_out.size, logged=is_logged(cells.values)), 0
    for block in _stream(cells).blocks():
        here = slice(start, start + block.shape[0])
        own = np.flatnonzero(inside[here])
        sums.add(normalize(block, cells.values)[:, divided.held_out], own)
        start = here.stop
        if on_share:
            on_share(start / cells.shape[0])
    chosen = select(sums, cells.values, count)
    mean, variance = sums.moments()
    return chosen, Scaler.of(mean[chosen], variance[chosen], values=cells.values)


def _write_held(
    folders: Mapping[PartName, Path], cells: Cells, stored: Stored, on_share: OnShare | None
) -> NDArray[np.float32]:
    """Normalised values of the features selected, of cells in memory; returns each cell's total."""
    assert cells.matrix is not None
    X = normalize(cells.matrix, cells.values)[:, stored.selected]
    for part, place in folders.items():
        np.save(place / "X.npy", X[np.sort(stored.rows[part])], allow_pickle=False)
    if on_share:
        on_share(1.0)
    return depths(cells.matrix, cells.values)


def _write_streamed(
    folders: Mapping[PartName, Path], cells: Cells, stored: Stored, on_share: OnShare | None
) -> NDArray[np.float32]:
    """The same of cells that are read by blocks, once."""
    n, stream, totals = cells.shape[0], _stream(cells), []

    def blocks() -> Iterator[Any]:
        for block in stream.blocks():
            totals.append(depths(block, cells.values))
            yield block

    full = np.ones(n, dtype=bool) if stored.full is None else stored.full
    rows = {folders[part]: stored.rows[part] for part in folders}
    counted = replace(stream, blocks=blocks)
    streaming.write(counted, cells.values, full, stored.selected, rows, on_share)
    return np.concatenate(totals)[full]


def _write_rows(
    folders: Mapping[PartName, Path], stored: Stored, totals: NDArray[np.float32]
) -> None:
    """What is stored beside the rows of a part: their order in the split, and their totals."""
    for part, place in folders.items():
        rows = stored.rows[part]
        ordered = np.sort(rows)
        np.save(place / "order.npy", np.searchsorted(ordered, rows), allow_pickle=False)
        np.save(place / "depth.npy", totals[ordered], allow_pickle=False)


def _places(stored: Stored, n: int) -> NDArray[np.int64]:
    """Number in the data set of each cell that is kept."""
    return np.arange(n) if stored.full is None else np.flatnonzero(stored.full)


def _stream(cells: Cells) -> CellStream:
    assert cells.stream is not None
    return cells.stream
