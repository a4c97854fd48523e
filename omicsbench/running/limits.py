"""Whether a run is tried at all: not after a smaller size took too much, nor if it clearly would.

A run is left out where the **low end** of the 95 % interval of its predicted cost lies above its
limit. A run that might just fit is thus tried, and what is left out would, at such odds, only have
burnt its whole limit. Only sizes beyond every size tried on the same data set are judged, from runs
on that data set alone, and all repeats of a size get the same answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from omicsbench.records.costs import (
    Forecast,
    Observation,
    Quantity,
    forecast,
    in_words,
    observe,
    terms,
)
from omicsbench.records.spec import RunRecord, RunSpec, Status

PREDICTED = "predicted to exceed"  # how the reason of a run left out by its forecast begins
LIMITED: tuple[tuple[Quantity, str, str], ...] = (
    ("wall_s", "timeout_s", "time"),
    ("peak_rss_bytes", "memory_bytes", "memory"),
)
PREDICTABLE: tuple[Quantity, ...] = ("wall_s", "fit_s", "peak_rss_bytes")


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
            return LeftOut(reason, predicted(self.forecasts(spec)))
        place = (spec.dataset, spec.size)
        if place not in self._judged:
            self._judged[place] = None if self.force else self._judge(spec)
        return self._judged[place]

    def _judge(self, spec: RunSpec) -> LeftOut | None:
        if any(o.dataset == spec.dataset and o.size >= spec.size for o in self.known):
            return None
        found = self.forecasts(spec)
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

    def forecasts(self, spec: RunSpec) -> dict[Quantity, Forecast]:
        """What a run would cost, by quantity, where something is known to tell it from."""
        near = [o for o in self.known if o.dataset == spec.dataset]
        found = {
            quantity: forecast(
                near, quantity, pipeline=spec.label, dataset=spec.dataset,
                features=spec.features, size=spec.size,
            )
            for quantity in PREDICTABLE
        }  # fmt: skip
        return {quantity: cost for quantity, cost in found.items() if cost}


def predicted(found: Mapping[Quantity, Forecast]) -> dict[str, float]:
    """Forecasts as a record keeps them: value and 95 % interval, for instance ``wall_s_low``."""
    kept: dict[str, float] = {}
    for quantity, cost in found.items():
        kept |= {quantity: cost.value, f"{quantity}_low": cost.low, f"{quantity}_high": cost.high}
    return kept


def with_predictions(records: Sequence[RunRecord]) -> list[RunRecord]:
    """The records; those that exceeded a limit with what they would have cost, if it can be told.

    The forecast rests on the finished runs under equal terms, and on the limit that was exceeded.
    """
    late = (Status.TIMEOUT, Status.OUT_OF_MEMORY)
    known: dict[tuple[Any, ...], list[Observation]] = {}
    for record in records:
        seen = observe(record)
        if seen:
            known.setdefault(terms(record.spec), []).append(seen)
    return [
        record.model_copy(
            update={
                "predicted": predicted(Budget({}, known[terms(record.spec)]).forecasts(record.spec))
            }
        )
        if record.status in late and not record.predicted and terms(record.spec) in known
        else record
        for record in records
    ]
