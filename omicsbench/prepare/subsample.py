"""The rows of one run: subsampled, scaled by the training rows, and in the space scored in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omicsbench.plugin import MethodInfo, Modality
from omicsbench.prepare.features import select_rows
from omicsbench.prepare.mapped_rows import MappedCsr, ScaledRows
from omicsbench.prepare.normalise import LIKELIHOODS, measured
from omicsbench.prepare.prepared import Prepared
from omicsbench.prepare.scaling import Matrix, Scaler
from omicsbench.prepare.split import order
from omicsbench.records.spec import RunSpec

Float32Array = NDArray[np.float32]
Chosen = dict[str, NDArray[np.int64]]


@dataclass
class Rows:
    """The rows of one run as methods see them (scaled by the n training rows), and as scored.

    ``X`` holds a matrix for each part, or in task ``integrate`` its modalities. ``scored`` holds
    expression in the fixed space: all background rows of the parts validation and test, whose
    first ``spec.scored`` are scored; and in_sample, some training rows, those of numbers
    ``in_sample``. Of several modalities it is a dict of them, as are ``to_scored`` and the
    identities.
    """

    X: dict[str, Any]
    codes: dict[str, NDArray[np.int32] | None]
    scored: dict[str, Any]
    in_sample: NDArray[np.int64]
    to_scored: Any  # values in the units of methods to the fixed space
    identities: dict[str, Any]  # identity of each scored part, for shared neighbours
    units: NDArray[np.int64] | None  # of the scored test rows; None where each repeat has its own
    places: NDArray[np.int64] | None = None  # of the features among those measured
    classes: int = 0
    outliers: NDArray[np.bool_] | None = None  # test rows of a class held out of training
    notes: tuple[str, ...] = ()


def rows_for(info: MethodInfo, spec: RunSpec, prepared: Prepared) -> Rows:
    """The rows of a run as the first method of its pipeline takes them."""
    if not prepared.modalities:
        rows = take_rows(spec, prepared)
        if not info.streams:
            rows.X = {p: in_memory(X, info.accepts_sparse) for p, X in rows.X.items()}
        return _labelled(rows, spec, prepared) if spec.task == "predict" else rows
    by_name = {name: take_rows(spec, own) for name, own in prepared.modalities.items()}
    first = next(iter(by_name.values()))
    parts = chosen_rows(spec, prepared)[0]
    joined: dict[str, dict[str, Modality]] = {part: {} for part in first.X}
    for name, own in prepared.modalities.items():
        values = own.values
        for part, X in by_name[name].X.items():
            raw, depth = measured(own.X, own.depth, parts[part], values)
            joined[part][name] = Modality(in_memory(X), LIKELIHOODS[values], raw, depth)
    return replace(
        first,
        X=joined,
        scored={p: {name: r.scored[p] for name, r in by_name.items()} for p in first.scored},
        to_scored={name: r.to_scored for name, r in by_name.items()},
        identities={
            p: {name: [name, *r.identities[p]] for name, r in by_name.items()}
            for p in first.identities
        },
    )


def _labelled(rows: Rows, spec: RunSpec, prepared: Prepared) -> Rows:
    """Rows for a predictor: what cannot be both learnt and tested counts as without a label."""
    assert prepared.labels is not None  # a run without labels is set aside when planned
    names = prepared.facts.label_names
    left_out = np.flatnonzero(class_sizes(prepared) == 1)
    held_out = prepared.held_out
    outliers = None
    if held_out is not None:
        test = rows.codes["test"]
        assert test is not None
        outliers = test == held_out
        left_out = np.append(left_out, held_out)
    codes = {
        part: None if known is None else np.where(np.isin(known, left_out), -1, known)
        for part, known in rows.codes.items()
    }
    alone = [names[code] for code in left_out if code != held_out]
    notes = (f"Classes with one member are neither learnt nor scored: {', '.join(alone)}.",)
    return replace(rows, codes=codes, outliers=outliers, notes=notes if alone else ())


def class_sizes(prepared: Prepared) -> NDArray[np.int64]:
    """Cells of each class, (c,), in the whole data set."""
    codes = np.asarray(prepared.labels)
    classes = len(prepared.facts.label_names)
    return np.bincount(codes[codes >= 0], minlength=classes).astype(np.int64)


def chosen_rows(spec: RunSpec, prepared: Prepared) -> tuple[Chosen, NDArray[np.int64]]:
    """Numbers of the rows of each part, and the places of the in-sample ones among training."""
    parts = prepared.split
    ordered = parts.train[order(parts.train.size, spec.repeat, spec.seed)][: spec.size]
    chosen = {
        "train": np.sort(ordered),
        "validation": np.asarray(parts.validation[: spec.background]),
        "test": np.asarray(parts.test[: spec.background]),
    }
    return chosen, np.searchsorted(chosen["train"], ordered[: spec.scored_in_sample])


def take_rows(spec: RunSpec, prepared: Prepared) -> Rows:
    """The first n rows of the repeat's order, and the background rows of validation and test.

    The training rows come in the order in which they are stored, so that they are read
    quickly; methods that care about order shuffle for themselves.
    """
    chosen, in_sample = chosen_rows(spec, prepared)
    space = prepared.scaler()
    taken = _take_selected if spec.features_per_size else _take
    X, scored, own, space, places = taken(prepared, chosen, in_sample, spec, space)
    codes, donors = prepared.labels, prepared.units
    known = None if donors is None else np.asarray(donors[chosen["test"]])
    return Rows(
        X=X,
        codes={p: None if codes is None else np.asarray(codes[i]) for p, i in chosen.items()},
        scored=scored,
        in_sample=in_sample,
        to_scored=lambda values: values if not space.on else own.inverse(values) / space.sd,
        identities={
            part: [spec.dataset_id, part, values.shape, spec.scored, spec.seed]
            # A hold-out has one test set; a fold or a subsample belongs to its repeat.
            + ([] if spec.split == "holdout" and part != "in_sample" else [spec.repeat])
            + ([spec.size, spec.repeat] if spec.features_per_size else [])
            for part, values in scored.items()
        },
        units=units(known, min(spec.scored, len(chosen["test"])))
        if spec.split == "holdout"
        else None,
        places=places,
        classes=len(prepared.facts.label_names),
    )


Taken = tuple[dict[str, Matrix], dict[str, Float32Array], Scaler, Scaler, NDArray[np.int64]]


def _take(
    prepared: Prepared, chosen: Chosen, in_sample: NDArray[np.int64], spec: RunSpec, space: Scaler
) -> Taken:
    """Rows of the selected features; of mapped data nothing but the scored rows is read."""
    X = prepared.X
    samples = chosen["train"][in_sample]
    wanted = {"validation": chosen["validation"], "test": chosen["test"], "in_sample": samples}
    if isinstance(X, MappedCsr):
        own = Scaler.of(*ScaledRows(X, chosen["train"], None).moments(), space.on)
        rows = {part: ScaledRows(X, index, own) for part, index in chosen.items()}
        scored = {part: ScaledRows(X, index, space).toarray() for part, index in wanted.items()}
        return rows, scored, own, space, prepared.features
    own = Scaler.fit(X[chosen["train"]], space.on)
    scored = {part: in_memory(space.transform(X[index])) for part, index in wanted.items()}
    rows = {part: own.transform(X[i]) for part, i in chosen.items()}
    return rows, scored, own, space, prepared.features


def _take_selected(
    prepared: Prepared, chosen: Chosen, in_sample: NDArray[np.int64], spec: RunSpec, space: Scaler
) -> Taken:
    """Rows of the features selected on the n rows, in memory; the space scored in is theirs."""
    raw = {part: prepared.X[index] for part, index in chosen.items()}
    kept = select_rows(raw["train"], prepared.values, spec.features)
    raw = {part: X[:, kept] for part, X in raw.items()}
    own = Scaler.fit(raw["train"], space.on)
    rows = {part: own.transform(X) for part, X in raw.items()}
    scored = {part: in_memory(rows[part]) for part in ("validation", "test")}
    scored["in_sample"] = in_memory(rows["train"][in_sample])
    return rows, scored, own, own, prepared.features[kept]


def in_memory(X: Matrix, sparse: bool = False) -> Matrix:
    """A matrix (n, p) float32 for methods that take no mapped rows: CSR if ``sparse``, or dense."""
    if isinstance(X, ScaledRows) and sparse:
        return X.tocsr()
    if sparse and not isinstance(X, np.ndarray):
        return X
    dense = X if isinstance(X, np.ndarray) else X.toarray()
    return np.ascontiguousarray(dense, dtype=np.float32)


GROUPS = 20  # random groups of scored rows, where no better unit is known


def units(codes: NDArray[np.int64] | None, scored: int) -> NDArray[np.int64]:
    """Unit of each scored row, (m,), 0 to g - 1: those of ``codes``, else random groups of rows.

    Scored rows come in random order, so that every ``GROUPS``-th makes a random group. Rows of
    one unit may be alike (a donor's cells), those of different units are taken as independent.
    """
    if codes is not None:
        return np.unique(codes[:scored], return_inverse=True)[1].astype(np.int64)
    return np.arange(scored) % max(1, min(GROUPS, scored // 2))
