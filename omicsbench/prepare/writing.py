"""Prepared data as they are written: each matrix normalised, selected from, split, on disk."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from omicsbench.errors import DataError
from omicsbench.inputs.cache import made_whole
from omicsbench.inputs.cells import LATENT
from omicsbench.prepare import checksums, hold_out, streaming
from omicsbench.prepare import split as splitting
from omicsbench.prepare.contents import Contents
from omicsbench.prepare.features import select, select_rows
from omicsbench.prepare.normalise import COUNTED, depths, normalize
from omicsbench.prepare.parts import BATCHES, LABELS, NAMES, SCORING, TARGETS, PartName
from omicsbench.prepare.scaling import UNSCALED, Scaler, mean_and_variance
from omicsbench.prepare.share import OnShare, step
from omicsbench.records.facts import DatasetFacts, ModalityFacts

if TYPE_CHECKING:
    from omicsbench.inputs.cells import Cells
    from omicsbench.inputs.source import Source

Arrays = dict[str, NDArray[Any]]
Places = dict[PartName, Path]  # the folder of each part of a matrix


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
    """A matrix that is written, and what is known of it by then.

    ``learnt`` are arrays that the training pool tells; ``known`` those of all kept cells: codes of
    their labels and units, what else the data set knows of them; ``batches`` too. ``depth`` is what
    ``normalise.measured`` needs of each kept cell, where the cells hold counts; ``full`` tells
    which cells are kept, None: all.
    """

    parts: splitting.Split
    shape: tuple[int, int]
    nonnegative: bool
    learnt: Arrays
    known: Arrays
    batches: NDArray[np.int64] | None = None
    depth: NDArray[np.float32] | None = None
    full: NDArray[np.bool_] | None = None
    notes: tuple[str, ...] = ()


def make(folder: Path, recipe: Recipe) -> None:
    """Make the folder; it stands there when it is whole, or not at all. Raises DataError."""
    start = time.perf_counter()
    cells = recipe.source.cells
    with made_whole(folder) as temporary:
        if isinstance(cells, Mapping):
            made = {
                name: _write(temporary, name, own, _step(recipe, k, len(cells)))
                for k, (name, own) in enumerate(cells.items())
            }
            contents = _joined(made, recipe.source.name)
        else:
            contents = _write(temporary, "", cells, recipe)
        facts = contents.facts.model_copy(update={"line": recipe.source.line})
        spent = time.perf_counter() - start
        told = {"facts": facts, "dataset_prepare_s": spent}
        contents.model_copy(update=told).write(temporary)
        checksums.write(temporary)


def _write(folder: Path, modality: str, cells: Cells, recipe: Recipe) -> Contents:
    """Write the arrays of one matrix; returns what is to be known of them."""
    source = recipe.source
    held_out = None if source.held_out is None else code_of(source.held_out, cells.label_names)
    places = {name: folder / name / modality for name in NAMES}
    for place in places.values():
        place.mkdir(parents=True)
    write = _dense if cells.matrix is not None else _streamed
    divided = hold_out.divide(cells, recipe.seed) if source.hold_out else None
    if divided is None:
        made, beside = write(places, cells, recipe, held_out), None
    else:
        made = write(places, divided.seen, _step(recipe, 0, 2), held_out)
        selected = made.learnt["features"]
        stored = hold_out.Stored(selected, _rows(made.parts), made.full)
        beside = hold_out.write(folder, divided, stored, step(recipe.on_share, 1, 2))
        made.learnt["features"] = divided.kept[selected]
    _save(places["train"], made.learnt)
    for name, rows in _rows(made.parts).items():
        if name != "train":
            _save(places[name], {"order": np.searchsorted(np.sort(rows), rows)})
        if made.depth is not None:
            _save(places[name], {"depth": made.depth[np.sort(rows)]})
    codes, units = made.known.pop(LABELS, None), made.known.get("units")
    target = made.known.pop(TARGETS, None)
    _write_known(folder, made, {LABELS: codes, TARGETS: target})
    return Contents(
        id=recipe.id,
        shape=made.shape,
        sparse=cells.matrix is None,
        nonnegative=made.nonnegative,
        scale=source.scale and cells.values not in UNSCALED,
        split="group" if source.grouped else splitting.kind(made.shape[0]),
        most_repeats=_most_repeats(units) if source.grouped else None,
        class_sizes=_class_sizes(codes, len(cells.label_names)),
        info=DatasetFacts(
            **source.describe,
            values=cells.values,
            n_cells=made.shape[0],
            n_features=cells.shape[1],
            n_selected=made.shape[1],
            label_names=tuple(cells.label_names),
            notes=(*cells.notes, *made.notes),
            held_out=source.held_out,
            hold_out=beside,
            new_units=source.grouped,
        ),
    )


def _step(recipe: Recipe, number: int, of: int) -> Recipe:
    """The recipe of one of ``of`` steps of the work, for whom is told how far it is."""
    return replace(recipe, on_share=step(recipe.on_share, number, of))


def _rows(parts: splitting.Split) -> dict[PartName, NDArray[np.int64]]:
    """Row numbers of each part. Those of the training pool ascend."""
    return {"train": parts.train, "validation": parts.validation, "test": parts.test}


def _most_repeats(units: NDArray[Any] | None) -> int | None:
    return None if units is None else splitting.most_repeats(np.unique(units).size)


def _write_known(folder: Path, made: _Written, answers: Mapping[str, NDArray[Any] | None]) -> None:
    """What belongs to all modalities: the split, and what is known of the cells; written once.

    ``answers`` are codes of labels, and targets, of all cells: each in a folder of its own.
    """
    if (folder / SCORING).exists():
        return
    (folder / SCORING).mkdir()
    rows = _rows(made.parts)
    _save(folder / SCORING, rows | made.known)
    for place, values in answers.items():
        (folder / place).mkdir()
        if values is not None:
            own = {name: values[index] for name, index in rows.items()}
            _save(folder / place, {"all": values} | own)
    if made.batches is not None:
        for name, index in rows.items():
            _save(folder / name, {BATCHES: made.batches[index].astype(np.int32)})


def _save(folder: Path, arrays: Mapping[Any, NDArray[Any]]) -> None:
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array, allow_pickle=False)


def _class_sizes(codes: NDArray[Any] | None, classes: int) -> tuple[int, ...]:
    """Cells of each class in the whole data set."""
    if codes is None:
        return ()
    return tuple(np.bincount(codes[codes >= 0], minlength=classes).tolist())


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
            "modalities": parts,
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


def _dense(places: Places, cells: Cells, recipe: Recipe, held_out: int | None) -> _Written:
    """Dense data are held in memory, as they were given."""
    X: NDArray[np.float32] = normalize(cells.matrix, cells.values)
    parts = splitting.split(
        cells.codes, X.shape[0], recipe.repeat, recipe.seed, held_out, _split_by(cells, recipe)
    )
    pool = X[np.sort(np.concatenate([parts.train, parts.validation]))]
    kept = select_rows(pool, cells.values, recipe.features)
    X = X[:, kept]
    for name, rows in _rows(parts).items():
        _save(places[name], {"X": X[np.sort(rows)]})
    scaler = Scaler.of(*mean_and_variance(pool[:, kept]), values=cells.values)
    known: Arrays = {} if cells.codes is None else {LABELS: cells.codes}
    if cells.units is not None:
        known["units"] = cells.units
    if cells.target is not None:
        known[TARGETS] = cells.target
    if cells.latent is not None:
        known[f"obsm_{LATENT}"] = cells.latent
    return _Written(
        parts=parts,
        shape=(X.shape[0], X.shape[1]),
        nonnegative=bool(X.min(initial=0) >= 0),
        learnt=_learnt(scaler, kept),
        known=known,
        batches=cells.batches,
        depth=depths(cells.matrix, cells.values) if cells.values in COUNTED else None,
    )


def _streamed(places: Places, cells: Cells, recipe: Recipe, held_out: int | None) -> _Written:
    """Sparse data are read twice, block by block; the parts are written as they are read."""
    assert cells.stream is not None
    values = cells.values
    first, second = (step(recipe.on_share, number, 2) for number in (0, 1))
    found = streaming.survey(
        cells.stream,
        values,
        recipe.repeat,
        recipe.seed,
        first,
        held_out,
        _split_by(cells, recipe),
    )
    kept = select(found.sums, values, recipe.features)
    rows = {places[name]: rows for name, rows in _rows(found.parts).items()}
    streaming.write(cells.stream, values, found.full, kept, rows, second)
    mean, variance = found.sums.moments()
    empty = int((~found.full).sum())
    left_out = "1 cell" if empty == 1 else f"{empty:,} cells"
    known: Arrays = {} if found.codes is None else {LABELS: found.codes}
    known |= {f"obsm_{name}": read()[found.full] for name, read in cells.stream.obsm.items()}
    if cells.units is not None:
        known["units"] = cells.units[found.full]
    if cells.target is not None:
        known[TARGETS] = cells.target[found.full]
    if cells.latent is not None:
        known[f"obsm_{LATENT}"] = cells.latent[found.full]
    return _Written(
        parts=found.parts,
        shape=(int(found.full.sum()), kept.size),
        nonnegative=found.sums.lowest() >= 0,
        learnt=_learnt(Scaler.of(mean[kept], variance[kept], values=values), kept),
        known=known,
        batches=None if cells.batches is None else cells.batches[found.full],
        depth=None if found.depth is None else found.depth[found.full],
        full=found.full,
        notes=(f"{left_out} without any value above zero left out.",) if empty else (),
    )


def _split_by(cells: Cells, recipe: Recipe) -> NDArray[np.int64] | None:
    """Codes of the units that the cells are split by; None where they are split by themselves."""
    if not recipe.source.grouped:
        return None
    if cells.units is None:
        raise DataError(f"{recipe.source.name}: its units are not known; state their column.")
    return cells.units


def _learnt(scaler: Scaler, kept: NDArray[np.int64]) -> Arrays:
    return {"mean": scaler.mean, "sd": scaler.sd, "features": kept}
