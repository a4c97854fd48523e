"""From a data set to what methods are given: normalised, genes selected, split, on disk.

Normalisation is per cell; genes are selected on the training pool: no step sees a test
row. The result is a folder of memory-mapped ``.npy`` arrays (``prepare.parts``), written beside
and renamed when whole, named by the hash of everything it was made from.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from omicsbench.errors import StoreError
from omicsbench.inputs.cache import look_in, remove
from omicsbench.inputs.cells import LATENT
from omicsbench.prepare import remote_cache
from omicsbench.prepare import split as splitting
from omicsbench.prepare.checksums import damaged
from omicsbench.prepare.contents import LAYOUT, Contents
from omicsbench.prepare.parts import LABELS, NAMES, SCORING, Handed, Part, PartName, array, handed
from omicsbench.prepare.share import OnShare
from omicsbench.prepare.writing import Recipe, make
from omicsbench.records.facts import DatasetFacts
from omicsbench.records.ids import digest

if TYPE_CHECKING:
    from omicsbench.inputs.source import Source

PREPARE_VERSION = 2  # raise it when prepared values change: it is in the keys of runs


@dataclass(frozen=True)
class Prepared:
    """A prepared split on disk, whole: the rows of each part, and all that is known of them.

    ``embedding`` is the folder of an embedding computed elsewhere (``prepare.embeddings``), for
    the runs that read one.
    """

    folder: Path
    embedding: Path | None = None

    @cached_property
    def contents(self) -> Contents:
        """What is to be known of the arrays before they are read."""
        return Contents.read(self.folder)

    @property
    def facts(self) -> DatasetFacts:
        """What records tell of these data."""
        return self.contents.facts

    def hand(self, parts: Collection[PartName], labels: Collection[PartName] = ()) -> Handed:
        """These parts of the data, and of these labels and targets, to be told to a process."""
        told = handed(self.folder, self.contents, parts, labels)
        if self.embedding is None:
            return told
        return replace(told, embeddings={name: self.embedding / name for name in parts})

    def matrices(self, name: PartName) -> dict[str, Part]:
        """The rows of a part: of each modality by its name, of one matrix alone by ""."""
        return self.hand([name]).matrices(name)

    @cached_property
    def split(self) -> splitting.Split:
        """Row numbers in the data set; of parts, rows lie in their ascending order."""
        return splitting.Split(*(array(self.folder / SCORING, name) for name in NAMES))

    def codes(self, name: PartName) -> NDArray[np.int32] | None:
        """Label code of every row of a part, in the split's order, -1 where missing."""
        return self.hand((), [name]).codes(name)

    def target(self, name: PartName) -> NDArray[np.float32] | None:
        """Target of every row of a part, in the split's order, NaN where missing."""
        return self.hand((), [name]).target(name)

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

    @cached_property
    def latent(self) -> NDArray[np.float32] | None:
        """The coordinates (cells, q) from which every cell was simulated; None of other data."""
        known = (self.folder / SCORING / f"obsm_{LATENT}.npy").is_file()
        return self.obsm(LATENT) if known else None


def prepared_folders() -> list[Path]:
    """Where prepared data may lie; the last is where they are made. Other layouts lie elsewhere."""
    return look_in(f"prepared-{LAYOUT}")


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

    A hold-out has one split for all repeats; of few units there are as many as units. With
    ``per_size`` all features are kept: the selection happens on the n rows of each run.
    ``on_share`` is told how far it is.
    Raises DataError if the data cannot be used.
    """
    made: dict[int, Prepared] = {}
    cohort: bool | None = None
    for repeat in repeats:
        if made and (most := made[repeats[0]].contents.most_repeats) and repeat >= most:
            break
        if cohort is False:
            made[repeat] = made[repeats[0]]
            continue
        made_id = digest([PREPARE_VERSION, source.identity, seed, features, per_size])
        single = f"{source.slug}-{made_id}"
        own = f"{single}-{repeat}"  # of a cohort
        folder = _found(single) or _found(own) or _fetched(single) or _fetched(own)
        if folder is None:
            each = source.grouped or splitting.kind(source.shape[0]) == "kfold"
            name = own if each else single
            folder = prepared_folders()[-1] / name
            kept = None if per_size else features
            make(folder, Recipe(source, made_id, repeat, seed, kept, on_share))
            remote_cache.share(folder)
        cohort = folder.name == own
        made[repeat] = Prepared(folder)
    return made


def folders_of(source: Source) -> list[Path]:
    """Folders of the data set prepared in any way, repeats of a cohort too, right or damaged."""
    name = re.compile(re.escape(source.slug) + r"-[0-9a-f]{16}(-\d+)?")
    places = [path for home in prepared_folders() if home.is_dir() for path in home.iterdir()]
    return [path for path in sorted(places) if name.fullmatch(path.name)]


def verify(source: Source) -> list[Path]:
    """Read all that is prepared of the data set; returns the folders that are right to a byte.

    A damaged one is removed, and that is told. Raises StoreError if it cannot be.
    """
    return [folder for folder in folders_of(source) if _right(folder, every_block=True)]


def _found(name: str) -> Path | None:
    """The folder of that name, if it is there and right; of several the first."""
    places = (home / name for home in prepared_folders())
    return next((folder for folder in places if folder.is_dir() and _right(folder)), None)


def _fetched(name: str) -> Path | None:
    """The folder of that name, if it could be had from the address that machines share."""
    folder = prepared_folders()[-1] / name
    return folder if remote_cache.fetched(folder) and _right(folder) else None


def _right(folder: Path, every_block: bool = False) -> bool:
    """Whether what lies there was written so, and by this version; else it goes, to be made again.

    What another user has made stays, where there is a cache of one's own. Raises StoreError where
    there is none.
    """
    wrong: str | None = "may not be read by you"
    try:
        seen = _stamp(folder)
        wrong = damaged(folder, every_block) or _unreadable(folder)
        if wrong is None:
            return True
        if _stamp(folder) != seen:  # another process has just made it again
            return _right(folder, every_block)
        told = f"What is prepared in {folder} {wrong} and is made again when it is needed."
        print(told, file=sys.stderr)
        remove(folder)
    except FileNotFoundError:  # another process has just removed it
        return False
    except OSError as error:
        if folder.parent == prepared_folders()[-1]:
            raise StoreError(
                f"{folder} {wrong}, and you may not replace it: ask its owner to, or set "
                "OMICSBENCH_CACHE to another folder."
            ) from error
    return False


def _stamp(folder: Path) -> tuple[int, int]:
    status = folder.stat()
    return status.st_ino, status.st_ctime_ns


def _unreadable(folder: Path) -> str | None:
    try:
        prepared = Prepared(folder)
        _ = prepared.split, prepared.labels, prepared.units
        for name in NAMES:
            for part in prepared.matrices(name).values():
                _ = part.X, part.scaler() if name == "train" else part.order
    except (OSError, ValueError, EOFError, KeyError):
        return "is of another version"
    return None
