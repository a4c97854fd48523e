"""Prepared data as they are written: each matrix normalised, selected from, split, on disk."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from omicsbench.errors import DataError
from omicsbench.inputs.cache import made_whole
from omicsbench.prepare import split as splitting
from omicsbench.prepare import streaming
from omicsbench.prepare.contents import Contents
from omicsbench.prepare.features import select, select_rows
from omicsbench.prepare.normalise import depths, normalize
from omicsbench.prepare.scaling import Scaler, mean_and_variance
from omicsbench.records.facts import DatasetFacts, ModalityFacts

if TYPE_CHECKING:
    from omicsbench.inputs.source import Cells, Source

OnShare = Callable[[float], None]  # told the share done, from 0 to 1
Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Recipe:
    """How one split of a data set is prepared.

    Attributes
    ----------
    source : the data set.
    id : hash of everything that the result depends on, but for the repeat.
    repeat, seed : which split; a hold-out is the same in every repeat.
    features : how many are selected; None keeps them all.
    on_share : told how far it is.
    """

    source: Source
    id: str
    repeat: int
    seed: int
    features: int | None
    on_share: OnShare | None = None


@dataclass(frozen=True)
class _Written:
    """Arrays of one matrix, and what is known of it once they are made."""

    arrays: Arrays
    shape: tuple[int, int]
    nonnegative: bool
    notes: tuple[str, ...] = ()


def make(folder: Path, recipe: Recipe) -> None:
    """Make the folder; it stands there when it is whole, or not at all. Raises DataError."""
    start = time.perf_counter()
    cells = recipe.source.cells
    with made_whole(folder) as temporary:
        if isinstance(cells, Mapping):
            parts = {}
            for name, own in cells.items():
                (temporary / name).mkdir()
                parts[name] = _write(temporary / name, own, recipe)
                parts[name].write(temporary / name)
            contents = _joined(parts, recipe.source.name)
        else:
            contents = _write(temporary, cells, recipe)
        spent = time.perf_counter() - start
        contents.model_copy(update={"dataset_prepare_s": spent}).write(temporary)


def _write(folder: Path, cells: Cells, recipe: Recipe) -> Contents:
    """Write the arrays of one matrix; returns what is to be known of them."""
    source = recipe.source
    held_out = None if source.held_out is None else code_of(source.held_out, cells.label_names)
    if cells.matrix is not None:
        made = _dense(cells, recipe, held_out)
    else:
        made = _streamed(folder, cells, recipe, held_out)
    arrays = dict(made.arrays)
    if source.several and cells.values in ("counts", "proteins"):
        arrays["depth"] = _depths(cells)
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array, allow_pickle=False)
    return Contents(
        id=recipe.id,
        shape=made.shape,
        sparse=cells.matrix is None,
        nonnegative=made.nonnegative,
        scale=source.scale,
        split=splitting.kind(made.shape[0]),
        info=DatasetFacts(
            **source.describe,
            values=cells.values,
            n_cells=made.shape[0],
            n_features=cells.shape[1],
            n_selected=made.shape[1],
            label_names=tuple(cells.label_names),
            notes=(*cells.notes, *made.notes),
            held_out=source.held_out,
        ),
    )


def _joined(parts: dict[str, Contents], name: str) -> Contents:
    """What is to be known of several modalities together."""
    first = next(iter(parts.values()))
    cells = {part.shape[0] for part in parts.values()}
    if len(cells) > 1:
        raise DataError(f"{name}: its modalities have {sorted(cells)} cells; give the same cells.")
    told = {modality: part.facts for modality, part in parts.items()}
    facts = first.facts.model_copy(
        update={
            "values": " + ".join(own.values for own in told.values()),
            "n_features": sum(own.n_features for own in told.values()),
            "n_selected": sum(own.n_selected for own in told.values()),
            "modalities": {
                modality: ModalityFacts(
                    values=own.values, n_features=own.n_features, n_selected=own.n_selected
                )
                for modality, own in told.items()
            },
            "notes": tuple(dict.fromkeys(note for own in told.values() for note in own.notes)),
        }
    )
    return first.model_copy(
        update={
            "modalities": tuple(parts),
            "shape": (first.shape[0], sum(part.shape[1] for part in parts.values())),
            "nonnegative": all(part.nonnegative for part in parts.values()),
            "facts": facts,
        }
    )


def code_of(held_out: str, label_names: Sequence[str]) -> int:
    """The code of the class that is held out. Raises DataError if there is no such class."""
    if held_out not in label_names:
        shown = ", ".join(label_names[:8]) or "none, without labels"
        raise DataError(f"There is no class {held_out!r} to hold out; the classes are {shown}.")
    return label_names.index(held_out)


def _depths(cells: Cells) -> NDArray[np.float32]:
    if cells.matrix is not None:
        return depths(cells.matrix, cells.values)
    assert cells.stream is not None
    return np.concatenate([depths(X, cells.values) for X in cells.stream.blocks()])


def _dense(cells: Cells, recipe: Recipe, held_out: int | None) -> _Written:
    """Dense data are held in memory, as they were given."""
    X: NDArray[np.float32] = normalize(cells.matrix, cells.values)
    parts = splitting.split(cells.codes, X.shape[0], recipe.repeat, recipe.seed, held_out)
    pool = X[np.sort(np.concatenate([parts.train, parts.validation]))]
    kept = select_rows(pool, cells.values, recipe.features)
    X = X[:, kept]
    scaler = Scaler.of(*mean_and_variance(pool[:, kept]))
    arrays = _arrays(parts, scaler, kept, cells.codes) | {"X": X}
    if cells.units is not None:
        arrays["units"] = cells.units
    return _Written(arrays, (X.shape[0], X.shape[1]), bool(X.min(initial=0) >= 0))


def _streamed(folder: Path, cells: Cells, recipe: Recipe, held_out: int | None) -> _Written:
    """Sparse data are read twice, block by block; the matrix is written as it is read."""
    assert cells.stream is not None
    values, on_share = cells.values, recipe.on_share
    first, second = (
        (lambda share, k=k: on_share((k + share) / 2)) if on_share else None for k in (0, 1)
    )
    found = streaming.survey(cells.stream, values, recipe.repeat, recipe.seed, first, held_out)
    kept = select(found.sums, values, recipe.features)
    streaming.write(cells.stream, values, found.full, kept, folder, second)
    mean, variance = found.sums.moments()
    scaler = Scaler.of(mean[kept], variance[kept])
    empty = int((~found.full).sum())
    left_out = "1 cell" if empty == 1 else f"{empty:,} cells"
    arrays = _arrays(found.parts, scaler, kept, found.codes)
    arrays |= {f"obsm_{name}": read()[found.full] for name, read in cells.stream.obsm.items()}
    if cells.units is not None:
        arrays["units"] = cells.units[found.full]
    return _Written(
        arrays,
        shape=(int(found.full.sum()), kept.size),
        nonnegative=bool(values != "continuous" or found.sums.lowest() >= 0),
        notes=(f"{left_out} without any value above zero left out.",) if empty else (),
    )


def _arrays(
    parts: splitting.Split, scaler: Scaler, kept: NDArray[np.int64], codes: streaming.Codes | None
) -> Arrays:
    arrays: Arrays = {
        "train": parts.train,
        "validation": parts.validation,
        "test": parts.test,
        "mean": scaler.mean,
        "sd": scaler.sd,
        "features": kept,
    }
    return arrays if codes is None else arrays | {"labels": codes}
