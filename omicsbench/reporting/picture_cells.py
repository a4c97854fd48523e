"""Cells for pictures: where those of a run lie, their classes, and the colours of these."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omicsbench.records.embeddings import read_embedding
from omicsbench.records.spec import RunRecord

Points = tuple[NDArray[Any], NDArray[Any] | None]  # embedding (m, 2), label codes (m,)

CLASS_COLOURS = (
    "#4477aa",
    "#ee6677",
    "#228833",
    "#ccbb44",
    "#66ccee",
    "#aa3377",
    "#e08214",
    "#1b4f72",
    "#8c564b",
    "#9467bd",
    "#2ca58d",
    "#f4a6c0",
    "#7f7f00",
    "#b2df8a",
    "#5a3e85",
)
OTHER, MISSING = "#9aa0a6", "#dadce0"
MAX_CODE = 100_000  # a larger label code is a damaged file
NO_LABEL = "no label"


@dataclass(frozen=True)
class Colours:
    """Of all pictures of a data set and task: names and colours by class code.

    The last of both is for cells without label; ``legend`` is of (class, colour), the most
    frequent first, and empty where there are no labels.
    """

    names: list[str]
    palette: list[str]
    legend: list[tuple[str, str]]


@dataclass(frozen=True)
class PictureCells:
    """Cells that have a place in a picture: ``at`` (m, 2), and the code (m,) of each class.

    ``left_out`` have none, as their coordinates are not finite.
    """

    at: NDArray[Any]
    which: NDArray[Any]
    colours: Colours
    left_out: int

    @property
    def classes(self) -> list[str]:
        """The class of each."""
        return [self.colours.names[i] for i in self.which]

    @property
    def groups(self) -> list[str]:
        """The class of each as the legend has it, where rare ones are one."""
        name_of = {colour: name for name, colour in self.colours.legend}
        return [name_of[self.colours.palette[i]] for i in self.which]


def load_points(folder: Path, run: RunRecord, part: str) -> Points | None:
    """Embedding (m, 2) and label codes (m,) if stored; None if there is no usable file."""
    if not run.embedding:
        return None
    Z, codes = read_embedding(folder, run.embedding, part)
    if Z is None or Z.ndim != 2 or Z.shape[1] != 2 or Z.dtype.kind not in "fiu":
        return None
    if part == "train" and len(Z) != run.spec.size:  # not of this run
        return None
    usable = codes is not None and codes.shape == (len(Z),) and codes.dtype.kind in "iu"
    usable = usable and codes is not None and (not codes.size or codes.max() <= MAX_CODE)
    return Z, codes if usable else None


def finite(Z: NDArray[Any]) -> NDArray[np.bool_]:
    """Which rows (m,) have a place in a picture."""
    fine: NDArray[np.bool_] = np.isfinite(Z).all(axis=1)
    return fine


def drawable(
    Z: NDArray[Any], codes: NDArray[Any] | None, palette: list[str]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """The finite rows (m, 2), and the index (m,) of their colours; -1, the last, without label."""
    fine = finite(Z)
    if codes is None:
        return Z[fine], np.full(int(fine.sum()), -1)
    return Z[fine], np.where((codes >= 0) & (codes < len(palette) - 1), codes, -1)[fine]


def colours_of(codes: NDArray[Any] | None, names: list[str]) -> Colours:
    """Of the most frequent classes among codes each has a colour of its own."""
    if codes is None:
        return Colours([NO_LABEL], [CLASS_COLOURS[0]], [])
    counts = np.bincount(codes[codes >= 0], minlength=len(names))
    names = names + [f"class {i}" for i in range(len(names), len(counts))]
    frequent = [int(i) for i in np.argsort(-counts, kind="stable")[: len(CLASS_COLOURS)]]
    palette = [OTHER] * len(counts)
    for colour, i in zip(CLASS_COLOURS, frequent, strict=False):
        palette[i] = colour
    legend = [(names[i], palette[i]) for i in frequent if counts[i]]
    if len(counts) > len(CLASS_COLOURS):
        legend.append((f"{len(counts) - len(CLASS_COLOURS)} other classes", OTHER))
    if (codes < 0).any():
        legend.append((NO_LABEL, MISSING))
    return Colours([*names, NO_LABEL], [*palette, MISSING], legend)
