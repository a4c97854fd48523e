"""Contestants over several data sets: who is ahead of whom, and who cannot be told apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from omicsbench.records.table import base_name
from omicsbench.stats.differences import Floats
from omicsbench.stats.letters import letters
from omicsbench.stats.ranks import FEWEST, Ranks, profile, ranks
from omicsbench.verdict.curves import Field

TAUS = tuple(0.5 * step for step in range(21))  # margins


@dataclass(frozen=True)
class Standings:
    """The contestants that have a result at the largest size of each of several data sets.

    ``contestants`` and ``families`` are in the order of ``ranks``; ``profile`` (T, P) is taken at
    ``TAUS``; ``left_out`` are contestants that some data set lacks. Data sets are of one ``kind``.
    """

    metric: str
    task: str
    device: str
    output_dim: int | None
    tuning: str
    kind: str
    datasets: tuple[str, ...]
    contestants: tuple[str, ...]
    families: tuple[str, ...]
    ranks: Ranks
    profile: Floats
    left_out: tuple[str, ...]

    @property
    def order(self) -> list[int]:
        """Places of the contestants, the best mean rank first."""
        return [int(place) for place in np.argsort(self.ranks.mean, kind="stable")]

    @property
    def letters(self) -> list[str]:
        """Beside each contestant; two share one if and only if they cannot be told apart."""
        return letters(self.ranks.groups, len(self.contestants))


def standings(found: Iterable[Field], kind_of: Mapping[str, str]) -> list[Standings]:
    """By metric, terms and kind of data set, where there are at least three data sets."""
    groups: dict[tuple[Any, ...], dict[str, Field]] = defaultdict(dict)
    # Of one data set split in several ways one counts: most contestants, then the plain split.
    for field in sorted(found, key=lambda field: (-len(field.curves), field.spec.dataset)):
        s = field.spec
        key = (s.task, s.device, field.output_dim, s.tuned_as, field.metric.name)
        groups[*key, kind_of[s.dataset]].setdefault(base_name(s.dataset), field)
    made = (_standings(key, own) for key, own in groups.items() if len(own) >= FEWEST)
    return [one for one in made if one]


def _standings(key: tuple[Any, ...], own: Mapping[str, Field]) -> Standings | None:
    task, device, dim, tuning, metric, kind = key
    means = [_at_largest(field) for field in own.values()]
    every = dict.fromkeys(name for of in means for name in of)
    names = [name for name in every if all(name in of for of in means)]
    if len(names) < 2:
        return None
    family = {c.pipeline: c.family for field in own.values() for c in field.curves}
    scores = np.array([[of[name] for name in names] for of in means])
    margins = np.array([field.margin for field in own.values()])
    return Standings(
        metric,
        task,
        device,
        dim,
        tuning,
        kind,
        tuple(field.spec.dataset for field in own.values()),
        tuple(names),
        tuple(family[name] for name in names),
        ranks(scores, margins),
        profile(scores, np.maximum(margins, np.finfo(float).tiny), TAUS),
        tuple(name for name in every if name not in names),
    )


def _at_largest(field: Field) -> dict[str, float]:
    """Mean score of each contestant that has one at the largest size; larger is better."""
    return {
        c.pipeline: float(np.nanmean(c.scores[:, -1]))
        for c in field.curves
        if np.isfinite(c.scores[:, -1]).any()
    }
