"""From a data set to what methods are given: normalised, genes selected, split, on disk.

Normalisation is per cell; genes are selected on the training pool: no step sees a test
row. The result is a folder of memory-mapped ``.npy`` arrays (``prepare.parts``), written beside
and renamed when whole, named by the hash of everything it was made from.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from omicsbench.inputs.cache import cache_folder
from omicsbench.prepare import split as splitting
from omicsbench.prepare.contents import FILE, LAYOUT, Contents
from omicsbench.prepare.parts import LABELS, NAMES, SCORING, Handed, Name, Part, array, handed
from omicsbench.prepare.writing import OnShare, Recipe, make
from omicsbench.records.facts import DatasetFacts
from omicsbench.records.ids import digest

if TYPE_CHECKING:
    from omicsbench.inputs.source import Source

PREPARE_VERSION = 2  # raise it when prepared values change: it is in the keys of runs


@dataclass(frozen=True)
class Prepared:
    """A prepared split on disk, whole: the rows of each part, and all that is known of them."""

    folder: Path

    @cached_property
    def contents(self) -> Contents:
        """What is to be known of the arrays before they are read."""
        return Contents.read(self.folder)

    @property
    def facts(self) -> DatasetFacts:
        """What records tell of these data."""
        return self.contents.facts

    def hand(self, parts: Collection[Name], labels: Collection[Name] = ()) -> Handed:
        """These parts of the data, and these of their labels, to be told to a process."""
        return handed(self.folder, self.contents, parts, labels)

    def matrices(self, name: Name) -> dict[str, Part]:
        """The rows of a part: of each modality by its name, of one matrix alone by ""."""
        return self.hand([name]).matrices(name)

    @cached_property
    def split(self) -> splitting.Split:
        """Row numbers in the data set; of parts, rows lie in their ascending order."""
        return splitting.Split(*(array(self.folder / SCORING, name) for name in NAMES))

    def codes(self, name: Name) -> NDArray[np.int32] | None:
        """Label code of every row of a part, in the split's order, -1 where missing."""
        return self.hand((), [name]).codes(name)

    @cached_property
    def labels(self) -> NDArray[np.int32] | None:
        """Label code of every cell, -1 where missing; None without labels."""
        return array(self.folder / LABELS, "all") if self.facts.label_names else None

    @cached_property
    def units(self) -> NDArray[np.int64] | None:
        """Unit code of every cell (its donor or batch), None where none is stated."""
        return array(self.folder / SCORING, "units") if self.facts.unit else None

    def obsm(self, name: str) -> NDArray[np.float32]:
        """What the data set knows of every cell besides labels, (cells, d)."""
        return array(self.folder / SCORING, f"obsm_{name}")


def prepared_folder() -> Path:
    """Where prepared data are kept; what other layouts left in the cache lies elsewhere."""
    return cache_folder() / f"prepared-{LAYOUT}"


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
        single = prepared_folder() / f"{source.slug}-{made_id}"
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
        _ = prepared.split, prepared.labels, prepared.units
        for name in NAMES:
            for part in prepared.matrices(name).values():
                _ = part.X, part.scaler() if name == "train" else part.order
    except (OSError, ValueError, EOFError, KeyError):
        shutil.rmtree(folder, ignore_errors=True)
        return False
    return True
