"""Whether a run is tried at all: not after a smaller size took too much, nor if it clearly would.

A run is left out where the **low end** of the 95 % interval of its predicted cost lies above its
limit. A run that might just fit is thus tried, and what is left out would, at such odds, only have
burnt its whole limit. Only sizes beyond every size tried on the same data set are judged, from runs
on that data set alone, and all repeats of a size get the same answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from omicsbench.records.costs import (
    LIMITED,
    PREDICTED,
    Observation,
    forecasts,
    in_words,
    observe,
    predicted,
)
from omicsbench.records.spec import RunRecord, RunSpec, Status


@dataclass(frozen=True)
class LeftOut:
    """Why a run is not tried, and what it would cost where that can be told."""

    reason: str
    predicted: dict[str, float]


class Budget:
    """The limits of one contestant's runs, and what is known of their cost so far."""

    def __init__(
        self, limits: Mapping[str, float], known: Iterable[Observation] = (), force: bool = False
    ) -> None:
        """``known`` are earlier runs under equal terms; ``force`` lets predicted failures run."""
        self.limits = dict(limits)
        self.known = list(known)
        self.force = force
        self._too_much: dict[str, tuple[int, Status]] = {}  # by data set: what took too much
        self._judged: dict[tuple[str, int], LeftOut | None] = {}

    def learn(self, record: RunRecord) -> None:
        """Take in how a run ended."""
        seen = observe(record)
        if seen:
            self.known.append(seen)
        if record.status in (Status.TIMEOUT, Status.OUT_OF_MEMORY):
            self._too_much.setdefault(record.spec.dataset, (record.spec.size, record.status))

    def left_out(self, spec: RunSpec) -> LeftOut | None:
        """Why this run is not to be tried; None if it is."""
        size, status = self._too_much.get(spec.dataset, (spec.size, None))
        if spec.size > size:
            reason = f"{status} already at the smaller size {size}"
            return LeftOut(reason, predicted(forecasts(self.known, spec)))
        place = (spec.dataset, spec.size)
        if place not in self._judged:
            self._judged[place] = None if self.force else self._judge(spec)
        return self._judged[place]

    def _judge(self, spec: RunSpec) -> LeftOut | None:
        if any(o.dataset == spec.dataset and o.size >= spec.size for o in self.known):
            return None
        found = forecasts(self.known, spec)
        for quantity, name, word in LIMITED:
            cost = found.get(quantity)
            limit = self.limits[name]
            limit = spec.time_limit_s(limit) if quantity == "wall_s" else limit
            if cost and cost.low > limit:
                shown = f"{limit:g} s" if quantity == "wall_s" else f"{limit / 2**30:.3g} GiB"
                reason = (
                    f"{PREDICTED} its {word} limit of {shown}: about "
                    f"{in_words(quantity, cost.value, cost.low, cost.high)}, {cost.basis}"
                )
                return LeftOut(reason, predicted(found))
        return None
