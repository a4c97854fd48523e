"""What a suite will take: seconds, memory and disk of every run, from the runs already stored.

Nothing is run, downloaded or prepared. A data set's number of cells is what stored runs or prepared
data tell; where neither does and a size is "all", its loader is asked, if what it needs is here. A
run counts as done if one with equal settings is stored; whether the data set's own content has
changed since is not looked at.

A forecast rests on stored runs under the same terms on this machine, or, where there are none, on
runs of other versions of the pipeline or from other machines, and then says so; before the first
run, on the reference costs that the package carries.

**Total.** Seconds of what is to do, of no run more than its time limit. What a run of the suite
will leave out as predicted to exceed its limits is not in it, nor is what cannot be predicted; both
are counted. Errors within a pipeline come from one fit and are added, those of different pipelines
are independent and added as squares. Imports and warm-ups are added once per pipeline.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from omicsbench.planning.estimated import Row, SuiteEstimate, disk_free, total, with_full_disk
from omicsbench.planning.known_costs import KnownCosts, disk_bytes
from omicsbench.planning.known_data import KnownData, known_data
from omicsbench.planning.obstacles import obstacle
from omicsbench.planning.outline import Wanted, outline
from omicsbench.planning.reference_costs import ReferenceCosts, reference_costs
from omicsbench.planning.resume import do_again, limits_of
from omicsbench.planning.showable import Showable, showable
from omicsbench.planning.suite import Suite
from omicsbench.records import store
from omicsbench.records.costs import LIMITED, Quantity
from omicsbench.records.spec import Cause, RunRecord
from omicsbench.registry.discover import Registry

UNKNOWN = "unknown: no runs stored to predict from"


def look_ahead(
    suite: Suite,
    registry: Registry,
    results: Path,
    reference: ReferenceCosts | None = None,
) -> SuiteEstimate:
    """The estimate of a suite whose runs are, or will be, stored in ``results``.

    ``reference`` tells the costs of what is not stored; those that the package carries by default.

    Raises OmicsbenchError for what is unknown, and StoreError if a newer omicsbench wrote there.
    """
    whole = outline(suite, registry)
    found, unreadable = store.readable(results)
    records = list(found.values())
    reference = reference_costs() if reference is None else reference
    stored = _by_settings(records)
    costs = KnownCosts(records, reference, disk_bytes(records, results))
    datasets: list[KnownData] = []
    rows: list[Row] = []
    shown: list[Showable] = []
    for data in whole.datasets:
        known = known_data(data, suite, records)
        datasets.append(known)
        every = list(whole.wanted(data, known.sizes))
        if can := showable(every, known, records):
            shown.append(can)
        for wanted in every:
            rows.append(_row(wanted, known, _stored_of(wanted, known, stored), costs))
    free = disk_free(results)
    rows = with_full_disk(rows, free)
    return SuiteEstimate(
        suite=suite.name,
        results=str(results),
        stored=len(records),
        unreadable=unreadable,
        datasets=tuple(datasets),
        rows=tuple(rows),
        showable=tuple(shown),
        total=total(rows, suite.jobs, free, costs.start_s),
        reference=reference.machine,
    )


def _by_settings(records: Iterable[RunRecord]) -> dict[str, list[RunRecord]]:
    """Stored records by the key that they would have whatever the content of their data."""
    found: dict[str, list[RunRecord]] = {}
    for r in records:
        key = r.spec.model_copy(update={"dataset_id": ""}).key
        found.setdefault(key, []).append(r)
    return found


def _stored_of(
    wanted: Wanted, known: KnownData, stored: Mapping[str, list[RunRecord]]
) -> list[RunRecord]:
    """Stored records of these repeats. Where nothing is known of the data, none is stored."""
    specs = wanted.specs(known.terms) if known.terms else []
    return [r for spec in specs for r in stored.get(spec.key, ())]


def _row(wanted: Wanted, known: KnownData, here: list[RunRecord], costs: KnownCosts) -> Row:
    suite, contestant = wanted.suite, wanted.contestant
    limits = limits_of(suite)
    done = {r.spec.repeat for r in here if not do_again(r, False, False, limits)}
    row = Row(
        dataset=wanted.dataset,
        pipeline=contestant.label,
        size=wanted.size,
        repeats=len(wanted.specs(known.terms)) if known.terms else contestant.repeats,
        done=len(done),
        limit_s=wanted.time_limit_s,
    )
    cannot = obstacle(wanted) or _set_aside(here)
    if cannot:
        return replace(row, mark=f"cannot run: {cannot}", left_out=True)
    features = min(suite.features, known.features or suite.features)
    row = replace(row, cost=costs.costs(wanted.terms, wanted.dataset, wanted.size, features))
    bounds: dict[Quantity, float] = {
        "wall_s": row.limit_s,
        "peak_rss_bytes": limits.memory_bytes,
    }
    return _marked(row, bounds, costs.is_beyond(wanted))


def _set_aside(here: list[RunRecord]) -> str | None:
    """Why all stored runs could not be done, as the data told when they were planned."""
    aside = [r.reason for r in here if r.cause is Cause.CANNOT_RUN]
    return aside[0] if aside and len(aside) == len(here) else None


def _marked(row: Row, bounds: Mapping[Quantity, float], beyond: bool) -> Row:
    """The row with what it will or may exceed; ``beyond`` if no size as large was tried."""
    if row.done == row.repeats:
        return row
    if not row.cost:
        return replace(row, mark=UNKNOWN)
    will, may, left_out = [], [], False
    for quantity, limit in bounds.items():
        cost = row.cost.get(quantity)
        if cost and cost.low > limit:
            will.append(LIMITED[quantity])
            left_out = left_out or (cost.own and beyond)
        elif cost and cost.high > limit:
            may.append(LIMITED[quantity])
    words = [f"will not fit: {', '.join(will)}"] if will else []
    words += [f"may not fit: {', '.join(may)}"] if may else []
    return replace(row, mark="; ".join(words), left_out=left_out)
