"""From a data set to what methods are given: normalised, genes selected, split, on disk.

Normalisation is per cell; genes are selected on the training pool: no step sees a test
row. The result is a folder of memory-mapped ``.npy`` arrays, written beside and renamed
when whole, named by the hash of everything it was made from.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from omicsbench.errors import DataError
from omicsbench.inputs.cache import cache_folder, made_whole
from omicsbench.plugin import Values
from omicsbench.prepare import split as splitting
from omicsbench.prepare import streaming
from omicsbench.prepare.features import select, select_rows
from omicsbench.prepare.mapped_rows import MappedCsr
from omicsbench.prepare.normalise import depths, normalize
from omicsbench.prepare.scaling import Scaler, moments
from omicsbench.records.facts import DatasetFacts
from omicsbench.records.ids import digest

if TYPE_CHECKING:
    from omicsbench.inputs.source import Cells, Source

PREPARE_VERSION = 2  # raise it when prepared values change
Progress = Callable[[float], None]  # told the share done, from 0 to 1


@dataclass(frozen=True)
class Prepared:
    """A prepared split on disk: (cells, features) float32 plus row numbers and labels."""

    folder: Path

    @cached_property
    def meta(self) -> dict[str, Any]:
        return dict(json.loads((self.folder / "meta.json").read_text(encoding="utf-8")))

    @cached_property
    def facts(self) -> DatasetFacts:
        """What records tell of these data."""
        return DatasetFacts.model_validate(self.meta["info"])

    @property
    def values(self) -> Values:
        """What the cells hold; of one modality, as several may hold different things."""
        return cast(Values, self.facts.values)

    def _array(self, name: str) -> NDArray[Any]:
        return np.load(self._home / f"{name}.npy", mmap_mode="r")  # type: ignore[no-any-return]

    @property
    def _home(self) -> Path:
        """Where the split and the labels lie; modalities share them, and the first is asked."""
        return self.folder / next(iter(self.meta.get("modalities", ())), "")

    @cached_property
    def modalities(self) -> dict[str, Prepared]:
        """Each modality's own prepared cells, by name; empty where there is one alone."""
        return {name: Prepared(self.folder / name) for name in self.meta.get("modalities", ())}

    @cached_property
    def X(self) -> MappedCsr | NDArray[np.float32]:
        """All cells x selected features, log-normalised but unscaled, memory-mapped."""
        if not self.meta["sparse"]:
            return self._array("X")
        return MappedCsr.open(self._home, int(self.meta["shape"][1]))

    @cached_property
    def split(self) -> splitting.Split:
        return splitting.Split(*(self._array(part) for part in ("train", "validation", "test")))

    @cached_property
    def labels(self) -> NDArray[np.int32] | None:
        """Label code of every cell, -1 where missing; None without labels."""
        return self._array("labels") if self.facts.label_names else None

    @cached_property
    def units(self) -> NDArray[np.int64] | None:
        """Unit code of every cell (its donor or batch), None where none is stated."""
        return self._array("units") if self.facts.unit else None

    @cached_property
    def features(self) -> NDArray[np.int64]:
        """Place of each selected feature among those measured."""
        return np.array(self._array("features"))  # a copy: methods may keep it, and write

    @cached_property
    def depth(self) -> NDArray[np.float32] | None:
        """What ``normalise.measured`` needs of every cell; of modalities only."""
        return self._array("depth") if (self._home / "depth.npy").is_file() else None

    @property
    def held_out(self) -> int | None:
        """Code of the class that is in the test set alone, None if there is none."""
        name = self.facts.held_out
        return None if name is None else self.facts.label_names.index(name)

    def obsm(self, name: str) -> NDArray[np.float32]:
        """What the data set knows of every cell besides labels, (cells, d)."""
        return self._array(f"obsm_{name}")

    def scaler(self) -> Scaler:
        """The fixed space in which every size is scored: scaled by the training pool."""
        return Scaler(self._array("sd"), self._array("mean"), bool(self.meta["scale"]))


def prepare(
    source: Source,
    repeats: Sequence[int],
    *,
    seed: int,
    features: int,
    per_size: bool,
    on_share: Progress | None = None,
) -> dict[int, Prepared]:
    """Prepared split of each repeat, made where the cache does not hold it yet.

    A hold-out has one split for all repeats. With ``per_size`` all features are kept:
    the selection happens on the n rows of each run. ``on_share`` is told how far it is.
    Raises DataError if the data cannot be used.
    """
    made: dict[int, Prepared] = {}
    cohort: bool | None = None
    for repeat in repeats:
        if cohort is False:
            made[repeat] = made[repeats[0]]
            continue
        key = [PREPARE_VERSION, source.identity, seed, features, per_size]
        single = cache_folder() / "prepared" / f"{source.slug}-{digest(key)}"
        folder = single if _whole(single) else single.with_name(f"{single.name}-{repeat}")
        if not _whole(folder):
            cohort = splitting.kind(source.shape[0]) == "kfold"
            folder = folder if cohort else single
            _make(folder, source, repeat, seed, None if per_size else features, on_share, key)
        cohort = folder is not single
        made[repeat] = Prepared(folder)
    return made


def _whole(folder: Path) -> bool:
    """Whether the folder is there and can be read; a damaged one is removed, to be made again."""
    if not (folder / "meta.json").is_file():
        return False
    try:
        prepared = Prepared(folder)
        for part in prepared.modalities.values() or [prepared]:
            _ = part.facts, part.X, part.split, part.labels, part.scaler()
    except (OSError, ValueError, EOFError, KeyError):
        shutil.rmtree(folder, ignore_errors=True)
        return False
    return True


def _make(
    folder: Path,
    source: Source,
    repeat: int,
    seed: int,
    features: int | None,
    on_share: Progress | None,
    key: list[Any],
) -> None:
    start = time.perf_counter()
    with made_whole(folder) as temporary:
        if isinstance(source.cells, Mapping):
            parts = {}
            for name, own in source.cells.items():
                (temporary / name).mkdir()
                parts[name] = _write(
                    temporary / name, own, source, repeat, seed, features, on_share, key
                )
            meta = _joined(parts, source.name)
        else:
            meta = _write(temporary, source.cells, source, repeat, seed, features, on_share, key)
        meta["dataset_prepare_s"] = time.perf_counter() - start
        (temporary / "meta.json").write_text(json.dumps(meta), encoding="utf-8")


def _write(
    folder: Path,
    cells: Cells,
    source: Source,
    repeat: int,
    seed: int,
    features: int | None,
    on_share: Progress | None,
    key: list[Any],
) -> dict[str, Any]:
    """Write the arrays of one matrix; returns what is to be known of them, written too."""
    held_out = _code_of(source.held_out, cells)
    if cells.matrix is not None:
        arrays, facts = _dense(cells, repeat, seed, features, held_out)
    else:
        arrays, facts = _streamed(folder, cells, repeat, seed, features, on_share, held_out)
    if isinstance(source.cells, Mapping) and cells.values in ("counts", "proteins"):
        arrays["depth"] = _depths(cells)
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array, allow_pickle=False)
    shape = facts["shape"]
    meta = {
        "id": digest(key),
        **facts,
        "scale": source.scale,
        "split": splitting.kind(shape[0]),
        "info": {
            **source.describe,
            "values": cells.values,
            "n_cells": shape[0],
            "n_features": cells.shape[1],
            "n_selected": shape[1],
            "label_names": list(cells.label_names),
            "notes": [*cells.notes, *facts.pop("notes")],
        },
    }
    if source.held_out is not None:
        meta["info"]["held_out"] = source.held_out
    (folder / "meta.json").write_text(json.dumps(meta), encoding="utf-8")
    return meta


def _joined(parts: dict[str, dict[str, Any]], name: str) -> dict[str, Any]:
    """What is to be known of several modalities together."""
    first = next(iter(parts.values()))
    cells = {part["shape"][0] for part in parts.values()}
    if len(cells) > 1:
        raise DataError(f"{name}: its modalities have {sorted(cells)} cells; give the same cells.")
    infos = {modality: part["info"] for modality, part in parts.items()}
    known = ("values", "n_features", "n_selected")
    return first | {
        "modalities": list(parts),
        "shape": [first["shape"][0], sum(part["shape"][1] for part in parts.values())],
        "nonnegative": all(part["nonnegative"] for part in parts.values()),
        "info": first["info"]
        | {
            "values": " + ".join(info["values"] for info in infos.values()),
            "n_features": sum(info["n_features"] for info in infos.values()),
            "n_selected": sum(info["n_selected"] for info in infos.values()),
            "modalities": {m: {k: info[k] for k in known} for m, info in infos.items()},
            "notes": list(dict.fromkeys(n for info in infos.values() for n in info["notes"])),
        },
    }


def _code_of(held_out: str | None, cells: Cells) -> int | None:
    if held_out is None:
        return None
    if held_out not in cells.label_names:
        shown = ", ".join(cells.label_names[:8]) or "none, without labels"
        raise DataError(f"There is no class {held_out!r} to hold out; the classes are {shown}.")
    return cells.label_names.index(held_out)


def _depths(cells: Cells) -> NDArray[np.float32]:
    if cells.matrix is not None:
        return depths(cells.matrix, cells.values)
    assert cells.stream is not None
    return np.concatenate([depths(X, cells.values) for X in cells.stream.blocks()])


def _dense(
    cells: Cells, repeat: int, seed: int, features: int | None, held_out: int | None
) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Dense data are held in memory, as they were given. Returns arrays and facts to store."""
    X: NDArray[np.float32] = normalize(cells.matrix, cells.values)
    parts = splitting.split(cells.codes, X.shape[0], repeat, seed, held_out)
    pool = X[np.sort(np.concatenate([parts.train, parts.validation]))]
    kept = select_rows(pool, cells.values, features)
    X = X[:, kept]
    scaler = Scaler.of(*moments(pool[:, kept]))
    arrays = _arrays(parts, scaler, kept, cells.codes) | {"X": X}
    if cells.units is not None:
        arrays["units"] = cells.units
    nonnegative = bool(X.min(initial=0) >= 0)
    facts = {"shape": list(X.shape), "sparse": False, "nonnegative": nonnegative, "notes": []}
    return arrays, facts


def _streamed(
    folder: Path,
    cells: Cells,
    repeat: int,
    seed: int,
    features: int | None,
    on_share: Progress | None,
    held_out: int | None,
) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Sparse data are read twice, block by block; the matrix is written as it is read."""
    assert cells.stream is not None
    first, second = (
        (lambda share, k=k: on_share((k + share) / 2)) if on_share else None for k in (0, 1)
    )
    found = streaming.survey(cells.stream, cells.values, repeat, seed, first, held_out)
    kept = select(found.sums, cells.values, features)
    streaming.write(cells.stream, cells.values, found.full, kept, folder, second)
    mean, variance = found.sums.moments()
    scaler = Scaler.of(mean[kept], variance[kept])
    empty = int((~found.full).sum())
    left_out = "1 cell" if empty == 1 else f"{empty:,} cells"
    facts = {
        "shape": [int(found.full.sum()), kept.size],
        "sparse": True,
        "nonnegative": cells.values != "continuous" or found.sums.lowest() >= 0,
        "notes": [f"{left_out} without any value above zero left out."] if empty else [],
    }
    arrays = _arrays(found.parts, scaler, kept, found.codes)
    known: dict[str, NDArray[Any]] = {
        f"obsm_{name}": read()[found.full] for name, read in cells.stream.obsm.items()
    }
    if cells.units is not None:
        known["units"] = cells.units[found.full]
    return arrays | known, facts


def _arrays(
    parts: splitting.Split, scaler: Scaler, kept: NDArray[np.int64], codes: streaming.Codes | None
) -> dict[str, NDArray[Any]]:
    arrays: dict[str, NDArray[Any]] = {
        "train": parts.train,
        "validation": parts.validation,
        "test": parts.test,
        "mean": scaler.mean,
        "sd": scaler.sd,
        "features": kept,
    }
    return arrays if codes is None else arrays | {"labels": codes}
