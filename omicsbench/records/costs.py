"""What a run will cost, from the runs that are stored: seconds, memory and disk at a size n.

The curve and its interval are those of ``omicsbench.stats.cost_curve``.

**Where from.** The same pipeline on the same data set; if there is none, the same pipeline on data
sets of as many features, each size's median over them; otherwise there is no forecast.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from operator import attrgetter
from statistics import median
from typing import Any, Literal

import numpy as np

from omicsbench.records.facts import Limits
from omicsbench.records.spec import Cause, RunRecord, RunSpec, Status
from omicsbench.stats.cost_curve import (
    LAST,
    PRIOR_SPREAD,
    PRIOR_SPREAD_BYTES,
    Floats,
    predict_beyond_limits,
)

Quantity = Literal["wall_s", "fit_s", "peak_rss_bytes", "disk_bytes"]


@dataclass(frozen=True, slots=True)
class Observation:
    """What one run cost; plain values, so that it can travel to another machine.

    ``pipeline`` is the label of the run: a tuned pipeline is not the one as written.
    ``wall_s`` is from the start of its preparation to the end of its scoring; ``exceeded`` names
    the quantity that went beyond its limit, and its value is then the limit.
    """

    pipeline: str
    dataset: str
    features: int
    size: int
    wall_s: float | None = None
    peak_rss_bytes: float | None = None
    disk_bytes: float | None = None
    base_rss_bytes: float = 0.0
    exceeded: Quantity | None = None
    fit_s: float | None = None


@dataclass(frozen=True)
class Forecast:
    """A predicted cost with its 95 % interval, in the unit of the quantity, and what it rests on.

    ``largest`` is the largest size that was finished; ``own`` that the runs were on the same
    data set.
    """

    value: float
    low: float
    high: float
    basis: str
    largest: int
    own: bool = True


def observe(record: RunRecord, disk_bytes: float | None = None) -> Observation | None:
    """What a stored run tells of its cost; None where it tells nothing.

    Time that another pipeline spent on a shared stage is not counted: no limit meets it.
    """
    spec, phases = record.spec, record.phases
    features = record.dataset_info.n_selected or spec.features
    head = (spec.label, spec.dataset, features, spec.size)
    if record.status is Status.OK:
        spent = phases.prepare_s + phases.tuning_s + phases.fit_s
        spent += phases.transform_s + phases.score_s
        return Observation(
            *head,
            wall_s=max(spent - record.reused_s, 0.0) or None,
            peak_rss_bytes=record.peak_rss_bytes or None,
            disk_bytes=disk_bytes,
            base_rss_bytes=float(record.base_rss_bytes or 0),
            fit_s=phases.fit_s or None,
        )
    if record.exceeded and record.limits:
        timed_out = record.status is Status.TIMEOUT
        quantity: Quantity = "wall_s" if timed_out else "peak_rss_bytes"
        least = bounds(spec, record.limits)[quantity]
        return Observation(*head, **{quantity: least}, exceeded=quantity)  # type: ignore[arg-type]
    return None


@dataclass(frozen=True)
class CostTerms:
    """What two runs must share for the cost of one to tell that of the other."""

    task: str
    label: str
    pipeline_id: str
    device: str
    threads: int
    features: int
    features_per_size: bool

    @property
    def of_any_version(self) -> CostTerms:
        """The same of every version of the pipeline."""
        return replace(self, pipeline_id="")


def cost_terms(spec: RunSpec) -> CostTerms:
    """The terms of a run."""
    return CostTerms(**{field.name: getattr(spec, field.name) for field in fields(CostTerms)})


def forecast(
    observations: Iterable[Observation],
    quantity: Quantity,
    *,
    pipeline: str,
    dataset: str,
    features: int,
    size: int,
) -> Forecast | None:
    """The cost of one run at a size; None where nothing is stored to predict it from.

    The observations share the terms of the run (``cost_terms``); ``features`` are those it selects.
    """
    own = [o for o in observations if o.pipeline == pipeline and getattr(o, quantity)]
    pool = _pool(own, dataset, features)
    done = [o for o in pool.runs if o.exceeded is None]
    if not done:
        return None
    sizes, costs = _medians(done, quantity)
    passed = _exceeded(pool.runs, quantity, beyond=sizes[-1])
    cost = predict_beyond_limits(
        sizes,
        costs,
        float(size),
        known=min(o.base_rss_bytes for o in done) if quantity == "peak_rss_bytes" else 0.0,
        noise=PRIOR_SPREAD if quantity.endswith("_s") else PRIOR_SPREAD_BYTES,
        limits=passed,
    )
    return Forecast(*cost, _basis(sizes, pool.where, passed), int(sizes[-1]), pool.same_data)


@dataclass(frozen=True)
class _Pool:
    """The runs that a forecast rests on, and in words where they come from."""

    runs: list[Observation]
    where: str
    same_data: bool


def _pool(own: Sequence[Observation], dataset: str, features: int) -> _Pool:
    """Runs on the same data set, or, where none finished, on data sets of as many features."""
    near = [o for o in own if o.dataset == dataset]
    if any(o.exceeded is None for o in near):
        return _Pool(near, "on the same data set", True)
    alike = [o for o in own if o.features == features]
    return _Pool(alike, f"on other data sets of {features:,} features", False)


def _exceeded(runs: Iterable[Observation], quantity: Quantity, beyond: float) -> Floats:
    """Sizes beyond those that finished, and the limit that was exceeded there; (k, 2), sorted."""
    found = sorted(
        (float(o.size), float(getattr(o, quantity)))
        for o in runs
        if o.exceeded == quantity and o.size > beyond
    )
    return np.array(found, float).reshape(-1, 2)


def _basis(sizes: Floats, where: str, passed: Floats) -> str:
    """In words, what a forecast rests on."""
    count = f"{min(len(sizes), LAST)} size{'s'[: len(sizes) != 1]} up to {int(sizes[-1]):,}"
    limit = f" and a limit exceeded at {int(passed[-1, 0]):,}" if len(passed) else ""
    return f"from {count} {where}{limit}"


def _medians(done: Sequence[Observation], quantity: Quantity) -> tuple[Floats, Floats]:
    """Sizes, ascending, and the median cost at each."""
    costs: dict[int, list[float]] = {}
    for o in done:
        costs.setdefault(o.size, []).append(float(getattr(o, quantity)))
    sizes = sorted(costs)
    return np.array(sizes, float), np.array([median(costs[size]) for size in sizes])


def in_words(quantity: Quantity, value: float, low: float, high: float) -> str:
    """For instance ``900 s (600 to 1,400)`` or ``3.1 GiB (2.8 to 3.6)``."""
    unit, scale = ("s", 1.0) if quantity in ("wall_s", "fit_s") else ("GiB", 2.0**30)
    return f"{short(value / scale)} {unit} ({short(low / scale)} to {short(high / scale)})"


def short(value: float) -> str:
    """Two significant digits: ``0.012``, ``3.4``, ``1,200``."""
    rounded = float(f"{value:.2g}")
    return f"{rounded:,.0f}" if rounded >= 10 else f"{rounded:.2g}"


LIMITED: dict[Quantity, str] = {"wall_s": "time", "peak_rss_bytes": "memory"}  # in words


PREDICTABLE: tuple[Quantity, ...] = ("wall_s", "fit_s", "peak_rss_bytes")


def bounds(spec: RunSpec, limits: Limits) -> dict[Quantity, float]:
    """What a run may take of each limited quantity; a search may take longer than a fit."""
    return {
        "wall_s": spec.time_limit_s(limits.timeout_s),
        "peak_rss_bytes": limits.memory_bytes,
    }


def foreseen(record: RunRecord) -> frozenset[Status]:
    """How a run that was left out would have ended: by its time, its memory; both if unknown."""
    ends: dict[Quantity, Status] = {
        "wall_s": Status.TIMEOUT,
        "peak_rss_bytes": Status.OUT_OF_MEMORY,
    }
    found: set[Status] = set()
    if record.cause is Cause.SMALLER_SIZE:
        found = {end for end in ends.values() if (record.reason or "").startswith(end)}
    elif record.cause is Cause.PREDICTED and record.limits:
        limits = bounds(record.spec, record.limits)
        low = {quantity: record.predicted.get(f"{quantity}_low", 0.0) for quantity in limits}
        found = {ends[quantity] for quantity, limit in limits.items() if low[quantity] > limit}
    return frozenset(found or ends.values())


def forecasts(known: Iterable[Observation], spec: RunSpec) -> dict[Quantity, Forecast]:
    """What a run would cost, by quantity, where ``known`` runs of its data set tell it."""
    near = [o for o in known if o.dataset == spec.dataset]
    found = {
        quantity: forecast(
            near,
            quantity,
            pipeline=spec.label,
            dataset=spec.dataset,
            features=spec.features,
            size=spec.size,
        )
        for quantity in PREDICTABLE
    }
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
    wanting = [record for record in records if record.exceeded and not record.predicted]
    places = {_place(record.spec) for record in wanting}
    known: dict[tuple[Any, ...], list[Observation]] = {}
    for record in records if wanting else ():
        place = _place(record.spec)
        if place in places and (seen := observe(record)):
            known.setdefault(place, []).append(seen)
    costs: dict[tuple[Any, ...], dict[str, float]] = {}  # repeats share theirs
    for record in wanting:
        place, size = _place(record.spec), record.spec.size
        if place in known and (*place, size) not in costs:
            costs[*place, size] = predicted(forecasts(known[place], record.spec))

    def told(record: RunRecord) -> RunRecord:
        found = costs.get((*_place(record.spec), record.spec.size))
        return record.model_copy(update={"predicted": found}) if found is not None else record

    return [
        told(record) if record.exceeded and not record.predicted else record for record in records
    ]


# What the runs that a forecast rests on share: their terms and their data set.
_place = attrgetter(*(field.name for field in fields(CostTerms)), "dataset")
