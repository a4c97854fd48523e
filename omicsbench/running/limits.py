"""Whether a run is tried at all: not after a smaller size took too much, nor if it clearly would.

A run is left out where the **low end** of the 95 % interval of its predicted cost lies above its
limit. A run that might just fit is thus tried, and what is left out would, at such odds, only have
burnt its whole limit. Only sizes beyond every size tried on the same data set are judged, from runs
on that data set alone, and all repeats of a size get the same answer.
"""

from __future__ import annotations

from collections.abc import Iterable

from omicsbench.records.costs import (
    LIMITED,
    Observation,
    bounds,
    forecasts,
    in_words,
    observe,
    predicted,
)
from omicsbench.records.facts import Limits
from omicsbench.records.spec import Cause, Ending, RunRecord, RunSpec, Status


class Budget:
    """The limits of one contestant's runs, and what is known of their cost so far."""

    def __init__(
        self, limits: Limits, known: Iterable[Observation] = (), force: bool = False
    ) -> None:
        """``known`` are earlier runs under equal terms; ``force`` lets predicted failures run."""
        self.limits = limits
        self.known = list(known)
        self.force = force
        self._too_much: dict[str, tuple[int, Status]] = {}  # by data set: what took too much
        self._judged: dict[tuple[str, int], Ending | None] = {}

    def learn(self, record: RunRecord) -> None:
        """Take in how a run ended."""
        seen = observe(record)
        if seen:
            self.known.append(seen)
        if record.exceeded:
            self._too_much.setdefault(record.spec.dataset, (record.spec.size, record.status))

    def left_out(self, spec: RunSpec) -> Ending | None:
        """Why this run is not to be tried; None if it is."""
        size, status = self._too_much.get(spec.dataset, (spec.size, None))
        if spec.size > size:
            reason = f"{status} already at the smaller size {size}"
            cost = predicted(forecasts(self.known, spec))
            return Ending(Status.SKIPPED, reason, Cause.SMALLER_SIZE, cost)
        place = (spec.dataset, spec.size)
        if place not in self._judged:
            self._judged[place] = None if self.force else self._judge(spec)
        return self._judged[place]

    def _judge(self, spec: RunSpec) -> Ending | None:
        if any(o.dataset == spec.dataset and o.size >= spec.size for o in self.known):
            return None
        found = forecasts(self.known, spec)
        for quantity, limit in bounds(spec, self.limits).items():
            cost = found.get(quantity)
            if cost and cost.low > limit:
                shown = f"{limit:g} s" if quantity == "wall_s" else f"{limit / 2**30:.3g} GiB"
                reason = (
                    f"predicted to exceed its {LIMITED[quantity]} limit of {shown}: about "
                    f"{in_words(quantity, cost.value, cost.low, cost.high)}, {cost.basis}"
                )
                return Ending(Status.SKIPPED, reason, Cause.PREDICTED, predicted(found))
        return None
