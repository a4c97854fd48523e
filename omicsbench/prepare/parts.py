"""What lies in a folder of prepared data, and what of it a process is handed.

The rows of each part of the split lie in a folder of their own, and labels in another one. So the
process that runs a method can be told of the training rows alone, and of others when their time
has come.

- ``train/``, ``validation/``, ``test/``: the rows of the part, in the order of the data set; of
  several modalities a folder each. ``train/`` has what the training pool tells besides:
  ``features``, ``mean`` and ``sd``. Where the data set names batches, ``batches`` holds the code
  of each row's, in the split's order.
- ``labels/``: codes of ``all`` cells, and of those of each part in the split's order;
  ``targets/`` likewise, where the cells have a measured number to be predicted.
- ``validation_half/``, ``test_half/``: where half of the molecules are held out of all methods,
  that half of the part's rows, laid out as the part is.
- ``held_out/``: features held out of all methods, in the rows of each part; what the pool tells
  of them.
- ``scoring/``: row numbers of the parts in the data set, units of the test rows, and whatever else
  is known of the cells.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from omicsbench.prepare.contents import Contents
from omicsbench.prepare.mapped_array import mapped
from omicsbench.prepare.mapped_rows import MappedCsr
from omicsbench.prepare.scaling import Scaler

PartName = Literal["train", "validation", "test", "validation_half", "test_half"]
NAMES: tuple[PartName, ...] = ("train", "validation", "test")
HALVES: dict[PartName, PartName] = {"validation": "validation_half", "test": "test_half"}
LABELS = "labels"
TARGETS = "targets"
SCORING = "scoring"
HELD_OUT = "held_out"
BATCHES = "batches"
EMBEDDING = "embedding"  # the array of a part's rows, in a folder of its own


def part_of(name: PartName) -> PartName:
    """The part whose rows these are, of one or the other half."""
    return next((part for part, half in HALVES.items() if half == name), name)


def array(path: Path, name: str) -> NDArray[Any]:
    """A stored array, mapped."""
    return mapped(path / f"{name}.npy")


@dataclass(frozen=True)
class Part:
    """The rows of one part, of one matrix: log-normalised but unscaled, memory-mapped."""

    folder: Path
    contents: Contents
    beside: Path | None = None  # where the rows of an embedding computed elsewhere lie

    @cached_property
    def X(self) -> MappedCsr | NDArray[np.float32]:
        """(rows, selected features) float32."""
        if not self.contents.sparse:
            return array(self.folder, "X")
        return MappedCsr.open(self.folder, self.contents.shape[1])

    def __len__(self) -> int:
        return int(self.X.shape[0])

    @cached_property
    def order(self) -> NDArray[np.int64]:
        """Where the split's first row lies in ``X``, its second...; of test and validation rows."""
        return array(self.folder, "order")

    @cached_property
    def depth(self) -> NDArray[np.float32] | None:
        """What ``normalise.measured`` needs of every row: of counts, each one's total."""
        return array(self.folder, "depth") if (self.folder / "depth.npy").is_file() else None

    @property
    def embedding(self) -> NDArray[np.float32]:
        """(rows, d) what was computed of the rows elsewhere, where a method asks for it."""
        assert self.beside is not None  # planning has it written
        return array(self.beside, EMBEDDING)

    @cached_property
    def features(self) -> NDArray[np.int64]:
        """Place of each selected feature among those measured; of the training part."""
        return np.array(array(self.folder, "features"))  # a copy: methods may keep it, and write

    def scaler(self) -> Scaler:
        """The fixed space in which every size is scored: scaled by the pool; of the training part.

        The pool are the rows of the parts train and validation.
        """
        return Scaler(array(self.folder, "sd"), array(self.folder, "mean"), self.contents.scale)


@dataclass(frozen=True)
class Handed:
    """What a process is told of prepared data: the parts it may read by now, and labels.

    ``folders`` are those of parts; ``labels`` those files of codes that it may see, ``targets``
    those of measured numbers; ``embeddings`` the folders of the rows of an embedding computed
    elsewhere, where the method asks for one.
    """

    contents: Contents
    folders: dict[PartName, Path]
    labels: dict[PartName, Path] = field(default_factory=dict)
    embeddings: dict[PartName, Path] = field(default_factory=dict)
    targets: dict[PartName, Path] = field(default_factory=dict)

    def matrices(self, name: PartName) -> dict[str, Part]:
        """The rows of a part: of each modality by its name, of one matrix alone by ""."""
        several = self.contents.modalities
        if not several:
            return {"": Part(self.folders[name], self.contents, self.embeddings.get(name))}
        return {own: Part(self.folders[name] / own, several[own]) for own in several}

    def codes(self, name: PartName) -> NDArray[np.int32] | None:
        """Label codes of a part in the split's order; None if they are not to be seen."""
        return _known(self.labels, name)

    def target(self, name: PartName) -> NDArray[np.float32] | None:
        """Targets of a part in the split's order, NaN where missing; None if not to be seen."""
        return _known(self.targets, name)

    def batches(self, name: PartName) -> NDArray[np.int32] | None:
        """Codes of the batches of a part in the split's order; None if the data set names none."""
        known = self.contents.facts.batch
        if not known or name not in self.folders:
            return None
        return array(self.folders[name].with_name(part_of(name)), BATCHES)

    def as_json(self) -> dict[str, Any]:
        """Plain values for a message."""
        return {
            "contents": self.contents.model_dump(mode="json", by_alias=True),
            "folders": {name: str(path) for name, path in self.folders.items()},
            "labels": {name: str(path) for name, path in self.labels.items()},
            "embeddings": {name: str(path) for name, path in self.embeddings.items()},
            "targets": {name: str(path) for name, path in self.targets.items()},
        }

    @classmethod
    def of_json(cls, told: dict[str, Any]) -> Handed:
        return cls(
            Contents.model_validate(told["contents"]),
            {name: Path(path) for name, path in told["folders"].items()},
            {name: Path(path) for name, path in told["labels"].items()},
            {name: Path(path) for name, path in told["embeddings"].items()},
            {name: Path(path) for name, path in told["targets"].items()},
        )


def _known(files: dict[PartName, Path], name: PartName) -> NDArray[Any] | None:
    path = files.get(name)
    return array(path.parent, path.stem) if path else None


def handed(
    folder: Path, contents: Contents, parts: Collection[PartName], labels: Collection[PartName] = ()
) -> Handed:
    """These parts of prepared data in ``folder``, and labels and targets of these, if any."""
    facts = contents.facts
    return Handed(
        contents,
        {name: folder / name for name in parts},
        {n: folder / LABELS / f"{part_of(n)}.npy" for n in labels if facts.label_names},
        targets={n: folder / TARGETS / f"{part_of(n)}.npy" for n in labels if facts.target},
    )
