"""Run a suite at ascending sizes for as long as a budget allows, by what the smaller ones cost."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

from omicsbench.planning.known_costs import KnownCosts
from omicsbench.planning.plan import outlined
from omicsbench.planning.reference_costs import reference_costs
from omicsbench.planning.suite import Suite, changed
from omicsbench.reading.own import OwnData
from omicsbench.records.costs import forecasts, observe
from omicsbench.records.spec import RunRecord, Status
from omicsbench.registry.discover import Registry
from omicsbench.running.runner import Observer, run_suite


def run_within(
    suite: Suite,
    sizes: Sequence[int],
    out: Path,
    budget_s: float,
    *,
    own_data: Sequence[OwnData],
    registry: Registry,
    command: str = "",
    observer: Observer | None = None,
    tell: Callable[[str], None] = lambda said: None,
) -> list[int]:
    """Run the smallest of the ascending sizes, and each further one that is predicted to fit.

    Returns the sizes that were run. ``budget_s`` are wall seconds of all; ``tell`` hears what was
    left out. Raises as ``running.runner.complete``.
    """
    began, done = time.monotonic(), 0
    for done in range(1, len(sizes) + 1):
        wanted = changed(suite, {"sizes": list(sizes[:done])})
        records = run_suite(
            wanted,
            out,
            own_data=own_data,
            registry=registry,
            command=command,
            observer=observer,
        )
        if done == len(sizes):
            break
        spent = time.monotonic() - began
        if not any(r.status is Status.OK and r.spec.size == sizes[done - 1] for r in records):
            tell(f"No run finished at n = {sizes[done - 1]:,}, so larger ones are left out.")
            break
        needed = predicted_s(records, sizes[done]) / suite.jobs
        if spent + needed > budget_s:
            tell(
                f"n = {sizes[done]:,} and more are left out: {needed:,.0f} s are predicted for it, "
                f"and {spent:,.0f} of {budget_s:,.0f} s are spent."
            )
            break
    return list(sizes[:done])


def planned_s(
    suite: Suite, sizes: Sequence[int], own_data: Sequence[OwnData], registry: Registry
) -> tuple[float, dict[int, float]]:
    """Wall seconds that starts, and each size, are predicted to take, by the package's own costs.

    Pipelines of which these tell nothing are taken to cost nothing.
    """
    costs = KnownCosts([], reference_costs())
    whole = outlined(suite, registry, own_data)
    starts = sum(costs.start_s(one.label) for one in whole.contestants)
    total = dict.fromkeys(sizes, 0.0)
    for data in whole.datasets:
        for wanted in whole.wanted(data, sizes):
            found = costs.costs(wanted.terms, wanted.dataset, wanted.size, suite.features)
            if cost := found.get("wall_s"):
                spent = wanted.contestant.repeats * min(cost.value, wanted.time_limit_s)
                total[wanted.size] += spent / suite.jobs
    return starts / suite.jobs, total


def predicted_s(records: Sequence[RunRecord], size: int) -> float:
    """Seconds of all runs at a size that nobody has run, from those at smaller sizes."""
    known = [seen for r in records if (seen := observe(r))]
    finished: dict[str, list[RunRecord]] = {}
    for r in records:
        if r.status is Status.OK:
            finished.setdefault(r.spec.label, []).append(r)
    total = 0.0
    for own in finished.values():
        cost = forecasts(known, own[0].spec.model_copy(update={"size": size})).get("wall_s")
        starts = median(r.phases.import_s + r.phases.warm_up_s for r in own)
        repeats = len({r.spec.repeat for r in own})
        total += starts + (cost.value * repeats if cost else 0.0)
    return total
