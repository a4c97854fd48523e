"""Where the scatter of a score comes from, as far as one design tells it apart.

A *hold-out* has one test set and a new draw of training rows, with a new seed, in each repeat: draw
and seed change together and cannot be told apart; test cells can, where a score is known by unit.
In *cross-validation* each fold has training and test rows of its own, so draw, seed and test cells
change together; partitions can be told from the folds within one. Folds of *donors* (or other
units) tell how much donors differ, training and test ones together. *Tuning* is what the variance
over repeats rises by where the same pipelines were tuned, on the same draws.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from omicsbench.stats.differences import Floats
from omicsbench.stats.variance import crossed, nested
from omicsbench.verdict.curves import Curve, Field

FOLDS = 5  # of one partition of a cohort
FEWEST = 3  # repeats


@dataclass(frozen=True)
class Scatter:
    """Parts of the variance of one run's score at ``size``, the mean over ``contestants``.

    ``parts`` are (what it comes from, variance in the metric's unit squared).
    """

    field: Field
    size: int
    contestants: int
    parts: tuple[tuple[str, float], ...]

    @property
    def sd(self) -> float:
        """Standard deviation of one run's score."""
        return float(sum(value for _, value in self.parts) ** 0.5)

    @property
    def shares(self) -> list[tuple[str, float]]:
        """The parts as shares of their sum; none where nothing scatters."""
        whole = sum(value for _, value in self.parts)
        return [(name, value / whole) for name, value in self.parts] if whole else []


def scatter(found: Sequence[Field]) -> list[Scatter]:
    """At the largest size of every field at which a contestant has three repeats or more."""
    plain = {_ground(f): _parts_by_pipeline(f) for f in found if not f.spec.tuning}
    made = []
    for field in found:
        own = _parts_by_pipeline(field)
        if not own:
            continue
        names = list(next(iter(own.values())))
        parts = {name: _mean(of[name] for of in own.values()) for name in names}
        untuned = plain.get(_ground(field), {})
        shared = [p for p in own if p in untuned and list(untuned[p]) == names]
        if field.spec.tuning and shared:
            first = names[-1] if field.folds else names[0]
            rise = _mean(own[p][first] - untuned[p][first] for p in shared)
            parts["tuning"] = min(max(rise, 0.0), parts[first])
            parts[first] -= parts["tuning"]
        made.append(Scatter(field, field.sizes[-1], len(own), tuple(parts.items())))
    return made


def _ground(field: Field) -> tuple[Any, ...]:
    """What a field shares with the one whose pipelines ran as written."""
    s = field.spec
    terms = (s.task, s.dataset, s.dataset_id, s.device, s.threads, s.features, s.scored, s.split)
    return *terms, field.output_dim, field.metric.name, field.sizes[-1]


def _parts_by_pipeline(field: Field) -> dict[str, dict[str, float]]:
    """The parts of each contestant; only those that tell the same parts as the first."""
    found = {c.pipeline: _parts(field, c) for c in field.curves}
    known = {name: parts for name, parts in found.items() if parts}
    first = list(next(iter(known.values()), {}))
    return {name: parts for name, parts in known.items() if list(parts) == first}


def _parts(field: Field, curve: Curve) -> dict[str, float]:
    scores = curve.scores[:, -1]
    done = np.isfinite(scores)
    if done.sum() < FEWEST:
        return {}
    if field.spec.split == "group":
        return {"fold of units, draw and seed": float(scores[done].var(ddof=1))}
    if field.spec.split == "kfold":
        table = _partitions(field.repeats, scores)
        if table is None:
            return {"fold, draw and seed": float(scores[done].var(ddof=1))}
        between, within = nested(table)
        return {"partition": between, "fold, draw and seed": within}
    if curve.by_unit is not None:
        units = curve.by_unit[done, -1]
        if units.shape[1] > 1 and np.isfinite(units).all():
            draws, cells, both = crossed(units)
            return {"draw and seed": draws, "test cells": cells, "draw x test cells": both}
    return {"draw and seed": float(scores[done].var(ddof=1))}


def _partitions(repeats: Sequence[int], scores: Floats) -> Floats | None:
    """Scores by partition and fold (T, K); None without two whole partitions."""
    at = dict(zip(repeats, scores, strict=True))
    rows = [
        [at.get(FOLDS * partition + fold, np.nan) for fold in range(FOLDS)]
        for partition in range(max(repeats) // FOLDS + 1)
    ]
    table = np.array(rows)
    whole = table[np.isfinite(table).all(axis=1)]
    return whole if len(whole) > 1 else None


def _mean(values: Iterable[float]) -> float:
    return float(np.mean(list(values)))
