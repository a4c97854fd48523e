"""How many samples a contestant needs, and how sure it is to be the better one.

Of each contestant: its saturation n (``omicsbench.stats.saturation``) and whether its curve is
ill-shaped. Of each deep contestant against *each* simple one: how many times as many samples the
simple side needs, and how often deep is better on a new draw. Nothing is selected for a claim.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from omicsbench.stats.crossover import ALPHA
from omicsbench.stats.discoveries import q_values
from omicsbench.stats.efficiency import Efficiency, data_efficiency
from omicsbench.stats.improvement import Improvement, improvement
from omicsbench.stats.saturation import Saturation, saturation
from omicsbench.stats.shape import Shape, shape
from omicsbench.verdict.curves import Curve, Field

NEED = 5  # repeats at a size that counts, as for a verdict


@dataclass(frozen=True)
class OwnCurve:
    """What one contestant's curve says; ``q`` of the claim that it falls, among all of a table.

    ``saturation`` and ``shape`` are by place in ``sizes``.
    """

    field: Field
    pipeline: str
    family: str
    sizes: tuple[int, ...]
    saturation: Saturation
    shape: Shape
    q: float = 1.0

    @property
    def falls(self) -> bool:
        """Whether the curve is flagged: of all that are, at most 5 % are false, on average."""
        return self.q <= ALPHA

    @property
    def needs(self) -> str:
        """The saturation n in words: ``1,000``, ``more than 3,000``, or ``open``."""
        if self.saturation.low == 0 and self.saturation.open_above:
            return "open"
        return self._end(self.saturation.place)

    @property
    def interval(self) -> str:
        """Its interval in words."""
        low, high = self.saturation.low, self.saturation.high
        if low == high:
            return self._end(low)
        if self.saturation.open_above:
            first = f"{self.sizes[0]:,} or below" if low == 0 else f"{self.sizes[low]:,}"
            return f"{first} to more than {self.sizes[-2]:,}"
        return f"{self._end(low)} to {self._end(high)}"

    def _end(self, place: int) -> str:
        if place >= len(self.sizes):
            return "none: it falls"
        if place == len(self.sizes) - 1:
            return f"more than {self.sizes[-2]:,}"
        return f"{self.sizes[place]:,}" + (" or below" if place == 0 else "")

    @property
    def fall(self) -> str:
        """The flag in words; empty where there is none."""
        if not self.falls:
            return ""
        before, after = self.sizes[self.shape.before], self.sizes[self.shape.after]
        return f"{self.shape.kind}: worse at {after:,} than at {before:,}"


@dataclass(frozen=True)
class AgainstEach:
    """One deep contestant against each of ``rivals`` at ``size``, the largest where all ended.

    ``repeats`` are those in which all have results; ``efficiency`` is None with a single size.
    """

    field: Field
    pipeline: str
    rivals: tuple[str, ...]
    size: int
    repeats: int
    efficiency: Efficiency | None
    improvement: Improvement


def own_curves(found: Iterable[Field], need: int = NEED) -> list[OwnCurve]:
    """The curve of every contestant that has two sizes with ``need`` repeats or more."""
    made: list[OwnCurve] = []
    for field in found:
        for curve in field.curves:
            sizes, scores = field.scores_of(curve, need)
            if len(sizes) > 1:
                told = saturation(scores, field.margin), shape(scores, field.margin)
                made.append(OwnCurve(field, curve.pipeline, curve.family, sizes, *told))
    q = q_values([one.shape.p for one in made])
    return [replace(one, q=float(value)) for one, value in zip(made, q, strict=True)]


def against_each(found: Iterable[Field], need: int = NEED) -> list[AgainstEach]:
    """Every deep contestant against each simple one, where ``need`` repeats have both."""
    return [one for field in found for one in _of_field(field, need)]


def _of_field(field: Field, need: int) -> Iterator[AgainstEach]:
    for deep in field.of("deep"):
        sizes = np.flatnonzero(_enough(deep, need))
        rivals = [c for c in field.of("simple") if _enough(c, need)[sizes].all()]
        if not (sizes.size and rivals):
            continue
        scores = np.stack([c.scores[:, sizes] for c in (deep, *rivals)])  # (1 + J, R, S)
        scores = scores[:, np.isfinite(scores).all(axis=(0, 2))]
        if scores.shape[1] < need:
            continue
        at = [field.sizes[i] for i in sizes]
        yield AgainstEach(
            field,
            deep.pipeline,
            tuple(c.pipeline for c in rivals),
            at[-1],
            scores.shape[1],
            data_efficiency(scores[0], scores[1:], at, folds=field.folds) if len(at) > 1 else None,
            improvement(scores[0, :, -1] - scores[1:, :, -1], folds=field.folds),
        )


def _enough(curve: Curve, need: int) -> NDArray[np.bool_]:
    """At which sizes, (S,), a contestant has ``need`` repeats or more."""
    return np.asarray(np.isfinite(curve.scores).sum(axis=0) >= need)
