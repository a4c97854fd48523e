"""Which contestant to use at a size: the cheapest that no other is shown to beat.

Contestants are looked at in the order of their cost, which is fixed before any score is seen. One
is beaten by a metric if some other is shown to be better by more than the margin, at a level that
rivals and metrics share (Bonferroni); the first that is beaten by none is used. What is open beats
nobody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from omicsbench.stats.crossover import ALPHA
from omicsbench.stats.differences import Differences, moments
from omicsbench.verdict.curves import Curve, Field
from omicsbench.verdict.pairs import step_of

NEED = 5  # repeats that carry a claim
# What metrics of a group are asked for; a group of one's own speaks for itself.
PURPOSES = {
    "molecules": "predict held-out molecules",
    "truth": "recover the simulated truth",
    "reconstruction": "reconstruct the data",
    "neighbours": "keep neighbours",
    "distances": "keep neighbours",
    "labels": "find cell types or classes",
    "clusters": "find cell types or classes",
    "classes": "predict classes",
    "numbers": "predict numbers",
    "calibration": "know how sure it is",
    "uncertainty": "know how sure it is",
    "modalities": "join modalities",
    "batch removal": "mix batches",
    "biology": "keep biology across batches",
}


def purpose_of(group: str) -> str:
    """What somebody wants who looks at a group of metrics."""
    return PURPOSES.get(group, group)


def to_use(fields: Sequence[Field], n: int, seconds: Mapping[str, float]) -> dict[str, str]:
    """By purpose, what to use of the contestants with a known cost at the tested size ``n``.

    Empty for a purpose for which each contestant is beaten by another.
    """
    purposes: dict[str, list[Field]] = {}
    for field in fields:
        if n in field.sizes:
            purposes.setdefault(purpose_of(field.metric.group), []).append(field)
    order = sorted(seconds, key=lambda name: (seconds[name], name))
    return {purpose: _first_unbeaten(own, n, order) for purpose, own in purposes.items()}


def _first_unbeaten(fields: Sequence[Field], n: int, order: Sequence[str]) -> str:
    able = [{c.pipeline: c for c in field.curves if _enough(field, c, n)} for field in fields]
    candidates = [name for name in order if all(name in own for own in able)]
    for name in candidates:
        level = ALPHA / 2 / len(fields)
        beaten = (
            _beaten(field, own[name], [c for c in own.values() if c.pipeline != name], n, level)
            for field, own in zip(fields, able, strict=True)
        )
        if not any(beaten):
            return name
    return ""


def _enough(field: Field, curve: Curve, n: int) -> bool:
    return bool(np.isfinite(curve.scores[:, field.sizes.index(n)]).sum() >= NEED)


def _beaten(field: Field, own: Curve, rivals: Sequence[Curve], n: int, level: float) -> bool:
    place = field.sizes.index(n)
    kept = slice(0, place + 1)
    for rival in rivals:
        units = None
        if own.by_unit is not None and rival.by_unit is not None and not field.folds:
            with np.errstate(invalid="ignore"):
                units = np.nanmean(rival.by_unit[:, kept] - own.by_unit[:, kept], axis=0).T
        step = step_of(field.metric, field.spec, len(field.repeats))
        off = rival.scores[:, kept] - own.scores[:, kept]
        found = moments(Differences(off, units, folds=field.folds, step=step))
        if found.p_above(field.margin)[place] <= level / len(rivals):
            return True
    return False
