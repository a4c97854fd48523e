"""Which differences the repeats of a suite can show, before anything is run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np

from omicsbench.metrics.known import known
from omicsbench.planning.known_data import KnownData
from omicsbench.planning.outline import Wanted
from omicsbench.records.spec import RunRecord, Status
from omicsbench.records.table import current, equal_terms
from omicsbench.stats.power import POWER, detectable

FEWEST = 3  # stored pairs that tell a spread


@dataclass(frozen=True)
class Showable:
    """The gap beyond the margin that is shown with 80 % power, in standard deviations.

    ``gap`` is in standard deviations of the paired difference over repeats; None where no repeats
    can. ``contestants`` are the deep ones, which share the level. ``spread`` is that standard
    deviation by metric, the median over stored pairs of a deep and a simple pipeline at the
    largest stored size; empty where no such pair is stored.
    """

    dataset: str
    repeats: int
    contestants: int
    folds: bool
    gap: float | None
    spread: dict[str, float] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """The whole in words."""
        repeats = f"{self.repeats} {'fold' if self.folds else 'repeat'}{'s'[: self.repeats != 1]}"
        if self.gap is None:
            return f"{repeats} cannot show any difference; two are the least."
        several = f" for each of {self.contestants} deep contestants" * (self.contestants > 1)
        said = (
            f"{repeats} show a difference of {self.gap:.2g} sd over repeats beyond the margin, "
            f"with {100 * POWER:.0f} % power{several}"
        )
        if not self.spread:
            return f"{said}; no runs are stored that tell the sd."
        gaps = ", ".join(f"{name} {self.gap * sd:.2g}" for name, sd in self.spread.items())
        return f"{said}. By the stored runs: {gaps}."


def showable(
    wanted: Sequence[Wanted], data: KnownData, records: Iterable[RunRecord]
) -> Showable | None:
    """Of all that is wanted of one data set; None where deep and simple are not compared.

    Where the number of cells is not known yet, a hold-out is assumed.
    """
    chosen = {w.contestant.label: w.contestant for w in wanted}.values()
    fighting = [c for c in chosen if not c.pipeline.is_control]
    deep = [c for c in fighting if c.pipeline.family == "deep"]
    simple = [c for c in fighting if c.pipeline.family == "simple"]
    if not (deep and simple):
        return None
    terms = data.terms
    most = terms.most_repeats if terms else None
    repeats = min(max(c.repeats for c in deep), most or max(c.repeats for c in deep))
    folds = terms is not None and terms.split != "holdout"
    # Tuned and untuned pipelines are comparisons of their own.
    contestants = max(sum(c.tuning == t for c in deep) for t in {c.tuning for c in deep})
    task = wanted[0].suite.task
    stored = [r for r in records if (r.spec.dataset, r.spec.task) == (data.name, task)]
    gap = detectable(repeats, contestants, folds=folds)
    return Showable(data.name, repeats, contestants, folds, gap, spreads(stored))


def spreads(records: Sequence[RunRecord]) -> dict[str, float]:
    """Standard deviation over repeats of deep minus simple, by metric; see `Showable`."""
    groups: dict[tuple[Any, ...], list[RunRecord]] = defaultdict(list)
    newest = current(records)
    for r in newest:
        if r.status is Status.OK and not r.is_control and r.family != "control":
            groups[equal_terms(r)].append(r)
    found: dict[str, list[float]] = defaultdict(list)
    for runs in groups.values():
        largest = max(r.spec.size for r in runs)
        sides: dict[tuple[str, str], dict[int, RunRecord]] = defaultdict(dict)
        for r in runs:
            if r.spec.size == largest:
                sides[r.family, r.spec.pipeline][r.spec.repeat] = r
        deep, simple = ([of for (f, _), of in sides.items() if f == s] for s in ("deep", "simple"))
        for one, other in product(deep, simple):
            for name, values in _differences(one, other).items():
                if len(values) >= FEWEST:
                    found[name].append(float(np.std(values, ddof=1)))
    counted = [m for m in known(newest).values() if not m.secondary]
    return {m.name: float(np.median(found[m.name])) for m in counted if m.name in found}


def _differences(one: dict[int, RunRecord], other: dict[int, RunRecord]) -> dict[str, list[float]]:
    """Differences of two pipelines' scores in the repeats that both have, by metric."""
    made: dict[str, list[float]] = defaultdict(list)
    for repeat in one.keys() & other.keys():
        a, b = one[repeat], other[repeat]
        if a.output_dim == b.output_dim:
            for name in a.scores.keys() & b.scores.keys():
                made[name].append(a.scores[name] - b.scores[name])
    return made
