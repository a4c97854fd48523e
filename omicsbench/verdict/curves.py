"""From records to learning curves: every contestant's scores by one metric, under equal terms."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from omicsbench.metrics import Metric
from omicsbench.metrics.known import known
from omicsbench.records.analysis import UNSTATED, Analysis
from omicsbench.records.spec import RunRecord, RunSpec, Status
from omicsbench.records.table import current, equal_terms
from omicsbench.stats.differences import Differences, Floats
from omicsbench.verdict.choose import sign
from omicsbench.verdict.margins import margin_of
from omicsbench.verdict.pairs import step_of

FAMILIES = ("deep", "simple")


@dataclass(frozen=True)
class Curve:
    """One contestant: ``scores`` (R, S), larger is better, NaN where a run has none.

    ``by_unit`` (R, S, G) are its scores in each unit of test cells; None where one is not known.
    """

    pipeline: str
    family: str
    scores: Floats
    by_unit: Floats | None


@dataclass(frozen=True)
class Field:
    """All contestants of one metric and output dimension under equal terms; no controls.

    ``sizes`` and ``repeats`` are those of the scores, ascending; ``margin`` is in the unit of the
    metric; ``turn`` is -1 where a smaller value of the metric is better.
    """

    spec: RunSpec
    metric: Metric
    output_dim: int | None
    margin: float
    sizes: tuple[int, ...]
    repeats: tuple[int, ...]
    curves: tuple[Curve, ...]
    unit: str

    @property
    def folds(self) -> bool:
        return self.spec.split != "holdout"

    @property
    def turn(self) -> float:
        return sign(self.metric)

    def of(self, family: str) -> list[Curve]:
        return [curve for curve in self.curves if curve.family == family]

    def scores_of(self, curve: Curve, need: int) -> tuple[tuple[int, ...], Differences]:
        """A contestant's scores at the sizes with ``need`` repeats or more, for tests on them.

        Units of test cells are those of the mean over repeats; under cross-validation each repeat
        has test rows of its own.
        """
        kept = np.flatnonzero(np.isfinite(curve.scores).sum(axis=0) >= need)
        units = None
        if curve.by_unit is not None and not self.folds:
            with np.errstate(invalid="ignore"):
                units = np.nanmean(curve.by_unit[:, kept], axis=0).T
        sizes = tuple(self.sizes[i] for i in kept)
        step = step_of(self.metric, self.spec, len(self.repeats))
        return sizes, Differences(curve.scores[:, kept], units, folds=self.folds, step=step)


def fields(records: Iterable[RunRecord], analysis: Analysis = UNSTATED) -> Iterator[Field]:
    """Every comparison of contestants, by the metrics that count.

    Runs that selected their features anew at each size are left out: their scores do not compare
    across sizes.
    """
    newest = current(records)
    metrics = known(newest)
    groups: dict[tuple[Any, ...], list[RunRecord]] = defaultdict(list)
    for r in newest:
        if _counts(r):
            groups[equal_terms(r)].append(r)
    for runs in groups.values():
        dims: dict[str, int | None] = {}
        for r in sorted(runs, key=lambda r: r.spec.size):
            dims[r.spec.pipeline] = r.output_dim  # at the largest size
        for dim in sorted(set(dims.values()), key=str):
            alike = [r for r in runs if dims[r.spec.pipeline] == r.output_dim == dim]
            for name in sorted({m for r in alike for m in r.scores} & metrics.keys()):
                if not metrics[name].secondary:
                    yield _field(alike, metrics[name], dim, analysis.margins)


def _counts(r: RunRecord) -> bool:
    contestant = r.family in FAMILIES and not r.is_control
    return r.status is Status.OK and contestant and not r.spec.features_per_size


def _field(
    runs: Sequence[RunRecord], metric: Metric, dim: int | None, margins: Mapping[str, float]
) -> Field:
    scored = [r for r in runs if metric.name in r.scores]
    sizes = sorted({r.spec.size for r in scored})
    repeats = sorted({r.spec.repeat for r in scored})
    own: dict[tuple[str, str], list[RunRecord]] = defaultdict(list)
    for r in scored:
        own[r.family, r.spec.pipeline].append(r)
    return Field(
        scored[0].spec,
        metric,
        dim,
        margin_of(metric, scored, margins).value,
        tuple(sizes),
        tuple(repeats),
        tuple(
            _curve(name, family, own[family, name], metric, sizes, repeats)
            for family, name in sorted(own)
        ),
        next((r.unit for r in scored if r.unit), ""),
    )


def _curve(
    name: str,
    family: str,
    runs: Sequence[RunRecord],
    metric: Metric,
    sizes: Sequence[int],
    repeats: Sequence[int],
) -> Curve:
    scores = np.full((len(repeats), len(sizes)), np.nan)
    at = [(repeats.index(r.spec.repeat), sizes.index(r.spec.size)) for r in runs]
    for place, r in zip(at, runs, strict=True):
        scores[place] = sign(metric) * r.scores[metric.name]
    return Curve(name, family, scores, _by_unit(at, runs, metric, scores.shape))


def _by_unit(
    at: Sequence[tuple[int, int]],
    runs: Sequence[RunRecord],
    metric: Metric,
    shape: tuple[int, ...],
) -> Floats | None:
    known_units = [r.scores_by_unit.get(metric.name) for r in runs]
    lengths = {len(values or ()) for values in known_units}
    if len(lengths) != 1 or 0 in lengths:
        return None
    units = np.full((*shape, lengths.pop()), np.nan)
    for place, values in zip(at, known_units, strict=True):
        units[place] = values
    return np.asarray(sign(metric) * units)
