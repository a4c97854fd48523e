"""The rows of one run as its method sees them: subsampled, and scaled by the training rows.

Nothing else is here: what runs are scored on is in ``prepare.scored``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omicsbench.plugin import MethodInfo, Modality
from omicsbench.prepare.contents import Contents
from omicsbench.prepare.evened import Evened, evened
from omicsbench.prepare.features import select_rows
from omicsbench.prepare.mapped_rows import MappedCsr, ScaledRows
from omicsbench.prepare.normalise import LIKELIHOODS, counted, measured
from omicsbench.prepare.parts import HALVES, Handed, Part, PartName
from omicsbench.prepare.scaling import Matrix, Scaler
from omicsbench.prepare.split import order
from omicsbench.records.spec import RunSpec
from omicsbench.stream import Counts

Float32Array = NDArray[np.float32]
LabelCodes = NDArray[np.int32]


@dataclass(frozen=True)
class View:
    """How rows are seen: the features kept of those prepared (None: all), and their scale."""

    scaler: Scaler
    kept: NDArray[np.int64] | None = None

    @classmethod
    def learnt(cls, train: Part, index: NDArray[np.int64], spec: RunSpec) -> View:
        """Learnt from the training rows ``index`` (n,), and from no others."""
        X, scale, values = train.X, train.contents.scale, train.contents.values
        if spec.features_per_size:
            raw = X[index]
            kept = select_rows(raw, values, spec.features)
            return cls(Scaler.fit(raw[:, kept], scale, values), kept)
        if isinstance(X, MappedCsr):
            return cls(Scaler.of(*ScaledRows(X, index, None).moments(), scale, values))
        return cls(Scaler.fit(X[index], scale, values))

    def rows(self, X: MappedCsr | Float32Array, index: NDArray[np.int64]) -> Matrix:
        """Some rows, scaled; of mapped ones nothing is read yet."""
        if self.kept is not None:
            return self.scaler.transform(X[index][:, self.kept])
        if isinstance(X, MappedCsr):
            return ScaledRows(X, index, self.scaler)
        return self.scaler.transform(X[index])


@dataclass
class Rows:
    """The rows of one run as methods see them; those of a part come when it is handed over.

    Attributes
    ----------
    X : a matrix for each part, or in task ``integrate`` its modalities.
    labels : of each part, what may be seen of its labels; in task ``regress``, of its targets.
    batches : of each part, the codes of its rows' batches, where the data set names them.
    views : of each modality, or of "", where there is one matrix alone.
    spaces : how the same is seen where it is scored.
    places : (p,) of the features among those measured.
    in_sample : numbers of the training rows that are scored in sample.
    """

    info: MethodInfo
    spec: RunSpec
    contents: Contents
    views: dict[str, View]
    spaces: dict[str, View]
    places: NDArray[np.int64]
    in_sample: NDArray[np.int64]
    X: dict[str, Any] = field(default_factory=dict)
    labels: dict[str, NDArray[Any]] = field(default_factory=dict)
    batches: dict[str, LabelCodes] = field(default_factory=dict)

    @classmethod
    def learnt(cls, info: MethodInfo, spec: RunSpec, handed: Handed) -> Rows:
        """The training rows as the first method of a pipeline takes them."""
        parts = handed.matrices("train")
        first = next(iter(parts.values()))
        index, in_sample = chosen_train(spec, len(first))
        # Counts and embeddings are not scaled, so nothing is learnt of their scale.
        learns = info.reads == "values" or spec.features_per_size
        views = {
            name: View.learnt(part, index, spec) if learns else View(part.scaler())
            for name, part in parts.items()
        }
        spaces = {
            name: views[name] if spec.features_per_size else View(part.scaler())
            for name, part in parts.items()
        }
        kept = next(iter(views.values())).kept
        places = first.features if kept is None else first.features[kept]
        rows = cls(info, spec, handed.contents, views, spaces, places, in_sample)
        rows._take("train", handed, index, index)
        return rows

    @property
    def features(self) -> int:
        """How many a method is given, of one matrix."""
        return self.places.size

    def add(self, part: PartName, handed: Handed) -> None:
        """The first rows of a part that has been handed over, as many as are looked at."""
        first = next(iter(handed.matrices(part).values()))
        index = np.asarray(first.order[: self.spec.background])
        self._take(part, handed, index, slice(index.size))

    def add_half(self, part: PartName, handed: Handed, order: NDArray[np.int64]) -> None:
        """The other half of a part's rows, in this order of them; known by the half's own name.

        All cells have the same depth there: both halves share it, and it would tell them again.
        """
        half = HALVES[part]
        (own,) = handed.matrices(half).values()
        rows = np.asarray(own.order[: self.spec.background])[order]
        even, index = evened(own, rows, self.spec.seed), np.arange(rows.size)
        if self.info.reads == "counts":
            self.X[half] = _counts(even, index, None)
        else:
            self.X[half] = self.views[""].rows(even.X, index)
        self._know(half, handed, order)

    def add_stand_ins(self) -> None:
        """Let the training rows stand for those of the other parts."""
        for known in (self.X, self.labels, self.batches):
            if "train" in known:
                known |= dict.fromkeys(("validation", "test"), known["train"])

    def without_rows(self) -> Rows:
        """The same, of no rows but those of training."""
        train, labels, batches = (
            {part: own for part, own in known.items() if part == "train"}
            for known in (self.X, self.labels, self.batches)
        )
        return replace(self, X=train, labels=labels, batches=batches)

    def beside(
        self, info: MethodInfo, part: str, first: int | None = None
    ) -> dict[str, LabelCodes]:
        """What else of a part's ``first`` rows (by default all) a method is handed, by keyword."""
        return {"batch": self.batches[part][:first]} if "batch" in info.uses else {}

    def taught(self, info: MethodInfo) -> dict[str, LabelCodes]:
        """Labels of the training rows, -1 where missing, for a method of batches that uses them."""
        if info.task != "batch" or "labels" not in info.uses:
            return {}
        none = np.full(self.batches["train"].size, -1, dtype=np.int32)
        return {"labels": self.labels.get("train", none).astype(np.int32)}

    def to_scored(self, values: Any, modality: str = "") -> Any:
        """Values (m, p) in the units of methods, in the fixed space."""
        own, space = self.views[modality].scaler, self.spaces[modality].scaler
        return values if not space.on else own.inverse(values) / space.sd

    def _take(
        self,
        name: PartName,
        handed: Handed,
        index: NDArray[np.int64],
        places: NDArray[np.int64] | slice,
    ) -> None:
        """``index`` are places among the stored rows, ``places`` in the split's order."""
        self.X[name] = self._given(handed.matrices(name), index)
        self._know(name, handed, places)

    def _know(self, name: PartName, handed: Handed, places: NDArray[np.int64] | slice) -> None:
        """What may be seen of rows of a part besides measurements."""
        known, batches = _answers(handed, name, self.spec), handed.batches(name)
        if batches is not None:
            self.batches[name] = np.array(batches[places])
        if known is not None:
            known = np.asarray(known[places])
            predicts = self.spec.task == "predict"
            self.labels[name] = learnable(known, self.contents) if predicts else known

    def _given(self, parts: Mapping[str, Part], index: NDArray[np.int64]) -> Any:
        """Some rows of a part in the form in which the method takes them."""
        if self.info.reads == "counts":
            return _counts(parts[""], index, self.views[""].kept)
        if self.info.reads == "embedding":
            return np.asarray(parts[""].embedding[index])
        seen = {m: self.views[m].rows(part.X, index) for m, part in parts.items()}
        if self.contents.modalities:
            return {m: _modality(seen[m], part, index) for m, part in parts.items()}
        return seen[""] if self.info.streams else in_memory(seen[""], self.info.accepts_sparse)


def _answers(handed: Handed, part: PartName, spec: RunSpec) -> NDArray[Any] | None:
    """What a task's methods may learn of a part's rows besides measurements: labels or targets."""
    return handed.target(part) if spec.task == "regress" else handed.codes(part)


def some(X: Any, rows: Any) -> Any:
    """Some rows of what a method is given, by slice or mask."""
    return X.some(rows) if isinstance(X, Counts) else X[rows]


def _counts(
    part: Part | Evened, index: NDArray[np.int64], kept: NDArray[np.int64] | None
) -> Counts:
    """Some rows of a part as they were counted, of the features that are ``kept``; None: all."""
    assert part.depth is not None  # planning sets others aside
    totals, X = np.asarray(part.depth), part.X

    def read(places: NDArray[np.int64]) -> Float32Array:
        rows = ScaledRows(X, places, None)[:] if isinstance(X, MappedCsr) else X[places]
        return counted(rows if kept is None else rows[:, kept], totals[places])

    features = X.shape[1] if kept is None else kept.size
    return Counts(read, totals[index], features, index)


def _modality(seen: Matrix, part: Part, index: NDArray[np.int64]) -> Modality:
    values = part.contents.values
    raw, depth = measured(part.X, part.depth, index, values)
    return Modality(in_memory(seen), LIKELIHOODS[values], raw, depth, values)


def learnable(codes: LabelCodes, contents: Contents) -> LabelCodes:
    """Label codes for predictions: -1 too where a class cannot be both learnt and tested."""
    left_out = [*contents.alone, *([] if contents.held_out is None else [contents.held_out])]
    return np.where(np.isin(codes, left_out), -1, codes)


def chosen_train(spec: RunSpec, pool: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Places in the training pool of the run's n rows, and places among these of in-sample ones.

    The n rows are the first of the repeat's order. They come in the order in which they are
    stored, so that they are read quickly; methods that care about order shuffle for themselves.
    """
    ordered = order(pool, spec.repeat, spec.seed)[: spec.size]
    chosen = np.sort(ordered)
    return chosen, np.searchsorted(chosen, ordered[: spec.scored_in_sample])


def in_memory(X: Matrix, sparse: bool = False) -> Matrix:
    """A matrix (n, p) float32 for methods that take no mapped rows: CSR if ``sparse``, or dense."""
    if isinstance(X, ScaledRows) and sparse:
        return X.tocsr()
    if sparse and not isinstance(X, np.ndarray):
        return X
    dense = X if isinstance(X, np.ndarray) else X.toarray()
    return np.ascontiguousarray(dense, dtype=np.float32)
