"""One line that says what was read: cells, features, values, label, and what is left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from omicsbench.reading.decisions import LEFT_OUT, Decision
from omicsbench.validation.wording import many

if TYPE_CHECKING:
    from omicsbench.stream import CellStream
    from omicsbench.validation.check import Checked

LONGEST = 40  # characters of a name


@dataclass(frozen=True)
class DataAccount:
    """What is told of one matrix.

    Attributes
    ----------
    shape : (cells, features), as they are used.
    values : what it holds.
    sparse : whether it is kept so.
    features : the first and the last feature.
    cells : the first cells; none where a stream does not say.
    classes, units, batches : how many there are of the label, unit and batch; 0 without.
    unlabelled : cells without a label; 0 where a stream does not say.
    measured : cells with a value of the target; 0 without one.
    decisions : what was decided of it, in order.
    """

    shape: tuple[int, int]
    values: str
    sparse: bool
    features: tuple[str, ...]
    cells: tuple[str, ...] = ()
    classes: int = 0
    units: int = 0
    batches: int = 0
    unlabelled: int = 0
    measured: int = 0
    decisions: tuple[Decision, ...] = ()

    @classmethod
    def held(cls, checked: Checked) -> DataAccount:
        """Of data in memory."""
        adata, codes, units = checked.adata, checked.codes, checked.units
        return cls(
            shape=adata.shape,
            values=checked.values,
            sparse=not isinstance(adata.X, np.ndarray),
            features=_ends(adata.var_names),
            cells=tuple(map(str, adata.obs_names[:3])),
            classes=len(checked.label_names),
            units=0 if units is None else int(units.max()) + 1,
            batches=0 if checked.batches is None else int(checked.batches.max()) + 1,
            unlabelled=0 if codes is None else int((codes < 0).sum()),
            measured=0 if checked.target is None else int(np.isfinite(checked.target).sum()),
            decisions=checked.decisions,
        )

    @classmethod
    def streamed(cls, stream: CellStream, values: str) -> DataAccount:
        """Of cells that are read by blocks, before any is read."""
        classes = len(stream.label_names)
        return cls(stream.shape, values, True, _ends(stream.features), classes=classes)


def line(described: Mapping[str, Any], told: Mapping[str, DataAccount]) -> str:
    """The line of a data set: of its modalities by name, of one matrix alone by "".

    ``described`` are ``title``, ``label``, ``target``, ``provenance``, ``unit``, ``batch``,
    ``grouped``, that no unit is both trained and tested on, and ``held_out``, a class that is in
    the test set alone, and ``hold_out``, that no method is given all that was measured; each but
    the title may be missing or None.
    """
    first = next(iter(told.values()))
    title, cells = described["title"], many(first.shape[0], "cell")
    if "" in told:
        parts = [f"{title}: {cells} x {_matrix(first)}"]
    else:
        parts = [f"{title}: {cells}", *(f"{name}: {_matrix(own)}" for name, own in told.items())]
    if first.measured:
        parts.append(_target(first, described))
    if first.classes or not first.measured:
        parts.append(_label(first, described))
    if first.units:
        parts.append(f"unit {_short(described['unit'])}: {many(first.units, 'value')}")
    if first.batches:
        parts.append(f"batch {_short(described['batch'])}: {many(first.batches, 'value')}")
    if described.get("grouped"):
        parts.append(f"tested on a new {_short(described['unit'])}")
    if first.cells:
        named = ", ".join(_short(name) for name in first.cells[:2])
        parts.append(f"cells named {named}{', ...' if len(first.cells) > 2 else ''}")
    if described.get("held_out") is not None:
        parts.append(f"never trained on: {_short(described['held_out'])}")
    if described.get("hold_out"):
        counted = first.values == "counts"
        held = "half of the molecules and some features" if counted else "some features"
        parts.append(f"held out of all methods: {held}")
    left_out = dict.fromkeys(
        decision.decided
        for own in told.values()
        for decision in own.decisions
        if decision.about == LEFT_OUT
    )
    if left_out:
        parts.append(f"left out: {', '.join(left_out)}")
    return printable("; ".join(parts))


def _matrix(own: DataAccount) -> str:
    between = " ... " if own.shape[1] > 2 else ", "
    names = f" ({between.join(map(_short, own.features))})" if own.features else ""
    kept = "sparse" if own.sparse else "dense"
    return f"{many(own.shape[1], 'feature')}{names}, {own.values}, {kept}"


def _target(own: DataAccount, described: Mapping[str, Any]) -> str:
    without = own.shape[0] - own.measured
    said = f"target {_short(described['target'])}"
    return said + (f", {many(without, 'cell')} without" if without else "")


def _label(own: DataAccount, described: Mapping[str, Any]) -> str:
    if not own.classes:
        return "no label"
    said = f"label {_short(described['label'])}: {many(own.classes, 'class', 'classes')}"
    if described.get("provenance"):
        said += f" ({described['provenance']})"
    return said + (f", {many(own.unlabelled, 'cell')} without" if own.unlabelled else "")


def _ends(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(str(names[place]) for place in (0, -1)[: len(names)])


def _short(name: str) -> str:
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 3]}..."


def printable(text: str) -> str:
    """Line breaks and whatever else a terminal would act on, as Python writes them."""
    shown = (c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return "".join(shown)
