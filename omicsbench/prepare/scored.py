"""What the outputs of a run are scored on: measured values in the fixed space, labels, units."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omicsbench.prepare.contents import Contents
from omicsbench.prepare.held_out_rows import HeldOutRows
from omicsbench.prepare.parts import PartName
from omicsbench.prepare.prepared import Prepared
from omicsbench.prepare.subsample import View, chosen_train, in_memory, learnable
from omicsbench.records.spec import RunSpec

BESIDE_TRAIN: tuple[PartName, ...] = ("validation", "test")
GROUPS = 20  # random groups of scored rows, where no better unit is known


@dataclass
class ScoredRows:
    """The rows of one run as they are scored.

    Attributes
    ----------
    sizes : rows of each part that a method is given.
    codes : label codes of the rows of each part, None without labels.
    targets : measured numbers of each part, None without a target; of task ``regress`` alone.
    batches : codes of their batches, None where the data set names none.
    latent : the coordinates from which the rows of each part were simulated, None of others.
    expression : in the fixed space, dense: all background rows of the parts validation and test,
        whose first ``spec.scored`` are scored; and ``in_sample``, some training rows, those of
        numbers ``in_sample``. Of several modalities a dict of them, as are the identities.
        Empty for predictions, which are not held against measured values.
    identities : of each of these, for shared neighbours.
    units : of the scored test rows; None where each repeat has its own.
    classes : how many the data set has.
    outliers : (m,) bool, test rows of a class held out of training; None without such a class.
    hold_out : what was held out of all methods, of these rows; None where nothing was.
    """

    sizes: dict[str, int]
    in_sample: NDArray[np.int64]
    codes: dict[str, NDArray[np.int32] | None]
    batches: dict[str, NDArray[np.int32] | None]
    units: NDArray[np.int64] | None
    classes: int
    targets: dict[str, NDArray[np.float32] | None] = field(default_factory=dict)
    latent: dict[str, NDArray[np.float32] | None] = field(default_factory=dict)
    expression: dict[str, Any] = field(default_factory=dict)
    identities: dict[str, Any] = field(default_factory=dict)
    outliers: NDArray[np.bool_] | None = None
    hold_out: HeldOutRows | None = None
    notes: tuple[str, ...] = ()


def scored_rows(spec: RunSpec, prepared: Prepared) -> ScoredRows:
    """What a run is scored on."""
    contents, rows = prepared.contents, prepared.split
    chosen, in_sample = chosen_train(spec, rows.train.size)
    # Where the rows of each part lie in the split's order.
    places: dict[PartName, Any] = {"train": chosen}
    places |= {part: slice(spec.background) for part in BESIDE_TRAIN}
    known = {part: prepared.codes(part) for part in places}
    handed = prepared.hand(list(places))
    batches = {part: handed.batches(part) for part in places}
    test = np.asarray(rows.test[: spec.background])
    scored = ScoredRows(
        sizes={
            "train": chosen.size,
            "validation": rows.validation[: spec.background].size,
            "test": test.size,
        },
        in_sample=in_sample,
        codes={
            part: None if codes is None else np.asarray(codes[places[part]])
            for part, codes in known.items()
        },
        batches={
            part: None if codes is None else np.asarray(codes[places[part]])
            for part, codes in batches.items()
        },
        units=_units(spec, prepared, test),
        classes=len(contents.facts.label_names),
    )
    if spec.task == "predict":
        return _labelled(scored, contents)
    if spec.task == "regress":
        targets = {part: prepared.target(part) for part in BESIDE_TRAIN}
        return replace(
            scored,
            targets={
                part: None if own is None else np.asarray(own[places[part]])
                for part, own in targets.items()
            },
        )
    truth = prepared.latent
    scored.latent = {
        part: None if truth is None else np.asarray(truth[getattr(rows, part)[places[part]]])
        for part in places
    }
    return _measured(scored, spec, prepared, chosen)


def _units(spec: RunSpec, prepared: Prepared, test: NDArray[np.int64]) -> NDArray[np.int64] | None:
    if spec.split != "holdout":
        return None
    known = prepared.units
    return units(None if known is None else np.asarray(known[test]), min(spec.scored, test.size))


def _labelled(scored: ScoredRows, contents: Contents) -> ScoredRows:
    """For predictions: what cannot be both learnt and tested counts as without a label."""
    outliers = None
    if contents.held_out is not None and scored.codes["test"] is not None:
        outliers = scored.codes["test"] == contents.held_out
    names, held_out = contents.facts.label_names, contents.held_out
    alone = [names[code] for code in contents.alone if code != held_out]
    notes = (f"Classes with one member are neither learnt nor scored: {', '.join(alone)}.",)
    return replace(
        scored,
        codes={p: None if c is None else learnable(c, contents) for p, c in scored.codes.items()},
        outliers=outliers,
        notes=notes if alone else (),
    )


def _measured(
    scored: ScoredRows, spec: RunSpec, prepared: Prepared, chosen: NDArray[np.int64]
) -> ScoredRows:
    """For embeddings: the measured values, in the space that every size is scored in."""
    if prepared.facts.hold_out is not None:
        scored.hold_out = HeldOutRows(spec, prepared)
    spaces = {
        name: View.learnt(part, chosen, spec) if spec.features_per_size else View(part.scaler())
        for name, part in prepared.matrices("train").items()
    }
    background = slice(spec.background)
    wanted: dict[str, Any] = {
        part: {m: (own, own.order[background]) for m, own in prepared.matrices(part).items()}
        for part in BESIDE_TRAIN
    }
    samples = chosen[scored.in_sample]
    wanted |= {"in_sample": {m: (own, samples) for m, own in prepared.matrices("train").items()}}
    for part, matrices in wanted.items():
        values = {
            m: in_memory(spaces[m].rows(own.X, index)) for m, (own, index) in matrices.items()
        }
        identities = {
            m: [*([m] if m else []), *_identity(spec, part, seen)] for m, seen in values.items()
        }
        several = "" not in values
        scored.expression[part] = values if several else values[""]
        scored.identities[part] = identities if several else identities[""]
    return scored


def _identity(spec: RunSpec, part: str, values: NDArray[np.float32]) -> list[Any]:
    """What the neighbours among these rows depend on."""
    identity = [spec.dataset_id, part, values.shape, spec.scored, spec.seed]
    # A hold-out has one test set; a fold or a subsample belongs to its repeat.
    if spec.split != "holdout" or part == "in_sample":
        identity.append(spec.repeat)
    return identity + ([spec.size, spec.repeat] if spec.features_per_size else [])


def units(codes: NDArray[np.int64] | None, scored: int) -> NDArray[np.int64]:
    """Unit of each scored row, (m,), 0 to g - 1: those of ``codes``, else random groups of rows.

    ScoredRows rows come in random order, so that every ``GROUPS``-th makes a random group. Rows of
    one unit may be alike (a donor's cells), those of different units are taken as independent.
    """
    if codes is not None:
        return np.unique(codes[:scored], return_inverse=True)[1].astype(np.int64)
    return np.arange(scored) % max(1, min(GROUPS, scored // 2))
