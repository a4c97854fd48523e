"""From a data set to what methods are given: normalised, genes selected, split, on disk.

Normalisation is per cell; genes are selected on the training pool: no step sees a test
row. The result is a folder of memory-mapped ``.npy`` arrays, written beside and renamed
when whole, named by the hash of everything it was made from.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from omicsbench.inputs.cache import cache_folder
from omicsbench.plugin import Values
from omicsbench.prepare import split as splitting
from omicsbench.prepare.contents import FILE, Contents
from omicsbench.prepare.mapped_rows import MappedCsr
from omicsbench.prepare.scaling import Scaler
from omicsbench.prepare.writing import OnShare, Recipe, make
from omicsbench.records.facts import DatasetFacts
from omicsbench.records.ids import digest

if TYPE_CHECKING:
    from omicsbench.inputs.source import Source

PREPARE_VERSION = 2  # raise it when prepared values change


@dataclass(frozen=True)
class Prepared:
    """A prepared split on disk: (cells, features) float32 plus row numbers and labels."""

    folder: Path

    @cached_property
    def contents(self) -> Contents:
        """What is to be known of the arrays before they are read."""
        return Contents.read(self.folder)

    @property
    def facts(self) -> DatasetFacts:
        """What records tell of these data."""
        return self.contents.facts

    @property
    def values(self) -> Values:
        """What the cells hold; of one modality, as several may hold different things."""
        return cast(Values, self.facts.values)

    def _array(self, name: str) -> NDArray[Any]:
        return np.load(self._home / f"{name}.npy", mmap_mode="r")  # type: ignore[no-any-return]

    @property
    def _home(self) -> Path:
        """Where the split and the labels lie; modalities share them, and the first is asked."""
        return self.folder / next(iter(self.contents.modalities), "")

    @cached_property
    def modalities(self) -> dict[str, Prepared]:
        """Each modality's own prepared cells, by name; empty where there is one alone."""
        return {name: Prepared(self.folder / name) for name in self.contents.modalities}

    @cached_property
    def X(self) -> MappedCsr | NDArray[np.float32]:
        """All cells x selected features, log-normalised but unscaled, memory-mapped."""
        if not self.contents.sparse:
            return self._array("X")
        return MappedCsr.open(self._home, self.contents.shape[1])

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
        return Scaler(self._array("sd"), self._array("mean"), self.contents.scale)


def prepare(
    source: Source,
    repeats: Sequence[int],
    *,
    seed: int,
    features: int,
    per_size: bool,
    on_share: OnShare | None = None,
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
        made_id = digest([PREPARE_VERSION, source.identity, seed, features, per_size])
        single = cache_folder() / "prepared" / f"{source.slug}-{made_id}"
        folder = single if _whole(single) else single.with_name(f"{single.name}-{repeat}")
        if not _whole(folder):
            cohort = splitting.kind(source.shape[0]) == "kfold"
            folder = folder if cohort else single
            kept = None if per_size else features
            make(folder, Recipe(source, made_id, repeat, seed, kept, on_share))
        cohort = folder is not single
        made[repeat] = Prepared(folder)
    return made


def _whole(folder: Path) -> bool:
    """Whether the folder is there and can be read.

    A damaged one, or one of another version, is removed, to be made again.
    """
    if not (folder / FILE).is_file():
        return False
    try:
        prepared = Prepared(folder)
        for part in prepared.modalities.values() or [prepared]:
            _ = part.facts, part.X, part.split, part.labels, part.scaler()
    except (OSError, ValueError, EOFError, KeyError):
        shutil.rmtree(folder, ignore_errors=True)
        return False
    return True
