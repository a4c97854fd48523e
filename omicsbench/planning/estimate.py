"""What a suite will take: seconds, memory and disk of every run, from the runs already stored.

Nothing is run or prepared. A data set's number of cells is what stored runs or prepared data tell;
where neither does and a size is "all", its loader is asked. A run counts as done if one with equal
settings is stored; whether the data set's own content has changed since is not looked at.

A forecast rests on stored runs under the same terms on this machine, or, where there are none, on
runs of other versions of the pipeline or from other machines, and then says so.

**Total.** Seconds of what is to do, of no run more than its time limit. What a run of the suite
will leave out as predicted to exceed its limits is not in it, nor is what cannot be predicted; both
are counted. Errors within a pipeline come from one fit and are added, those of different pipelines
are independent and added as squares. Imports and warm-ups are added once per pipeline.
"""

from __future__ import annotations

import contextlib
import re
import shutil
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import mean, median
from typing import Any

from omicsbench.errors import OmicsbenchError, RegistryError
from omicsbench.inputs.cache import cache_folder
from omicsbench.inputs.source import Source, registered
from omicsbench.planning.contestants import Contestant, contestants, resolve_metrics
from omicsbench.planning.plan import training_sizes
from omicsbench.planning.resume import do_again, limits_of
from omicsbench.planning.suite import LADDER, Size, Suite
from omicsbench.prepare.prepared import Prepared
from omicsbench.prepare.split import smallest_parts
from omicsbench.records import environment, store
from omicsbench.records.costs import (
    LIMITED,
    Forecast,
    Observation,
    Quantity,
    cost_terms,
    forecast,
    observe,
)
from omicsbench.records.embeddings import packed_bytes
from omicsbench.records.facts import DatasetFacts
from omicsbench.records.spec import Cause, RunRecord, Status
from omicsbench.registry.discover import Registry, unavailable

UNKNOWN = "unknown: no runs stored to predict from"
QUANTITIES: tuple[Quantity, ...] = ("wall_s", "peak_rss_bytes", "disk_bytes")


@dataclass(frozen=True)
class Row:
    """All repeats of one (data set, pipeline, size); ``cost`` is that of one run.

    ``mark`` says what will or may not fit, or why nothing is known; ``left_out`` that a run of the
    suite will not try it.
    """

    dataset: str
    pipeline: str
    size: int
    repeats: int
    done: int
    limit_s: float
    cost: dict[Quantity, Forecast] = field(default_factory=dict)
    mark: str = ""
    left_out: bool = False

    @property
    def todo(self) -> int:
        return 0 if self.left_out else self.repeats - self.done


@dataclass(frozen=True)
class DatasetOutlook:
    """What is known of a data set without preparing it; None where it is not known."""

    name: str
    cells: int | None
    features: int | None
    prepared_bytes: int | None
    note: str = ""


@dataclass(frozen=True)
class Total:
    """Of what is to do: runs, seconds with their interval (divided by ``jobs``), disk in bytes."""

    todo: int
    predicted: int
    rows_unknown: int
    rows_left_out: int
    wall_s: float
    wall_s_low: float
    wall_s_high: float
    disk_bytes: float
    disk_free_bytes: int
    jobs: int


@dataclass(frozen=True)
class Outlook:
    """The outline of a suite's runs with their predicted costs."""

    suite: str
    results: str
    stored: int
    unreadable: int
    datasets: tuple[DatasetOutlook, ...]
    rows: tuple[Row, ...]
    total: Total


def look_ahead(suite: Suite, registry: Registry, results: Path) -> Outlook:
    """The outlook of a suite whose runs are, or will be, stored in ``results``.

    Raises OmicsbenchError for what is unknown, and StoreError if a newer omicsbench wrote there.
    """
    entered, metrics = contestants(suite, registry), resolve_metrics(suite, registry)
    if not suite.datasets:
        raise RegistryError(f"Suite {suite.name} names no data set; there is nothing to plan.")
    found, unreadable = store.readable(results)
    records = list(found.values())
    limits = limits_of(suite)
    threads = suite.threads or max(1, environment.cores() // suite.jobs)
    known = _Known(records, results)
    datasets: list[DatasetOutlook] = []
    rows: list[Row] = []
    for choice in suite.datasets:
        source = registered(choice.name, registry)
        stated = choice.sizes or suite.sizes or (*LADDER, "all")
        dataset, sizes = _dataset(source, stated, records)
        datasets.append(dataset)
        for contestant in entered:
            pipeline, tuning = contestant.pipeline, contestant.tuning
            limit_s = tuning.time_limit_s(suite.timeout_s) if tuning else suite.timeout_s
            bounds: dict[Quantity, float] = {
                "wall_s": limit_s,
                "peak_rss_bytes": limits.memory_bytes,
            }
            wanted = (
                suite.task,
                contestant.label,
                pipeline.code_id,
                suite.device,
                threads,
                suite.features,
                suite.features_per_size,
            )
            own = [
                r
                for r in records
                if r.spec.dataset == source.name
                and cost_terms(r.spec) == wanted
                and (r.spec.seed, r.spec.metrics) == (suite.seed, metrics)
                and r.spec.metric_versions == contestant.metric_versions
            ]
            features = min(suite.features, dataset.features or suite.features)
            for size in sizes:
                wanted_repeats = contestant.repeats
                here = [r for r in own if r.spec.size == size and r.spec.repeat < wanted_repeats]
                done = {r.spec.repeat for r in here if not do_again(r, False, False, limits)}
                row = Row(source.name, contestant.label, size, wanted_repeats, len(done), limit_s)
                cannot = _cannot(contestant, size, here)
                if cannot:
                    rows.append(replace(row, mark=cannot, left_out=True))
                    continue
                cost = known.costs(wanted, source.name, features, size)
                tried = max((r.spec.size for r in own if observe(r)), default=0)
                rows.append(_marked(replace(row, cost=cost), bounds, size > tried))
    total = _total(rows, suite, known, results)
    return Outlook(
        suite.name,
        str(results),
        len(records),
        unreadable,
        tuple(datasets),
        tuple(rows),
        total,
    )


class _Known:
    """Stored costs, first those of the very terms on this machine, then any of the pipeline."""

    def __init__(self, records: Sequence[RunRecord], results: Path) -> None:
        here = environment.describe()
        sizes: dict[tuple[str, str, int], list[float]] = defaultdict(list)
        packed = packed_bytes(results)
        for r in records:
            if r.status is Status.OK:
                found = sizes[r.spec.dataset, r.spec.label, r.spec.size]
                found.append(_stored(results, packed, r))
        self._strict: dict[tuple[object, ...], list[Observation]] = defaultdict(list)
        self._loose: dict[tuple[object, ...], list[Observation]] = defaultdict(list)
        self._starts: dict[str, list[float]] = defaultdict(list)
        for r in records:
            of_size = sizes.get((r.spec.dataset, r.spec.label, r.spec.size))
            seen = observe(r, mean(of_size) if of_size else None)
            if seen is None:
                continue
            same = cost_terms(r.spec)
            self._loose[_without_version(same)].append(seen)
            if r.environment.same_machine(here):
                self._strict[same].append(seen)
            if r.status is Status.OK:
                self._starts[seen.pipeline].append(r.phases.import_s + r.phases.warm_up_s)

    def costs(
        self, wanted: tuple[object, ...], dataset: str, features: int, size: int
    ) -> dict[Quantity, Forecast]:
        """Forecasts of one run; empty where nothing is stored to predict it from."""
        pipeline = str(wanted[1])
        loose = self._loose.get(_without_version(wanted), [])
        for pool, added in (
            (self._strict.get(wanted, []), ""),
            (loose, ", of another version of the pipeline or on another machine"),
        ):
            found = {
                quantity: forecast(
                    pool, quantity, pipeline=pipeline, dataset=dataset, features=features, size=size
                )
                for quantity in QUANTITIES
            }
            if found["wall_s"]:
                return {
                    quantity: Forecast(
                        cost.value,
                        cost.low,
                        cost.high,
                        cost.basis + added,
                        cost.largest,
                        cost.own and not added,
                    )
                    for quantity, cost in found.items()
                    if cost
                }
        return {}

    def start_s(self, pipeline: str) -> float:
        """Seconds of imports and warm-ups of one worker."""
        return median(self._starts.get(pipeline, [0.0]))


def _without_version(wanted: tuple[object, ...]) -> tuple[object, ...]:
    return (*wanted[:2], *wanted[3:])


def _stored(results: Path, packed: dict[str, int], record: RunRecord) -> float:
    """Bytes of a run's files, as they are while running; ``packed`` are those of packed arrays."""
    total = len(record.model_dump_json()) + 1
    if record.embedding:
        loose = {p.name: p.stat().st_size for p in results.glob(f"embeddings/{record.key}*")}
        total += sum(n for file, n in (packed | loose).items() if file.startswith(record.key))
    return float(total)


def _dataset(
    source: Source,
    stated: Sequence[Size],
    records: Iterable[RunRecord],
) -> tuple[DatasetOutlook, list[int]]:
    """What is known of a data set, and its sizes, ascending."""
    told = [r.dataset_info for r in records if r.spec.dataset == source.name]
    prepared = _prepared(source)
    with contextlib.suppress(OSError, ValueError, KeyError):  # damaged: a run makes it anew
        told += [Prepared(folder).facts for folder in prepared[:1]]
    facts = next((facts for facts in reversed(told) if facts.n_cells), DatasetFacts())
    cells, features, note = facts.n_cells or None, facts.n_selected or None, ""
    if cells is None and "all" in stated:
        try:
            cells, features = source.shape  # of a stream before any cell is read
        except OmicsbenchError as error:
            note = f'"all" is left out, the number of cells is not known: {error}'
    size_bytes = sum(f.stat().st_size for p in prepared for f in p.iterdir()) if prepared else None
    if cells is None:
        sizes = sorted({int(size) for size in stated if size != "all"})
        note = note or "the number of cells is not known, so sizes are taken as stated"
    else:
        sizes = training_sizes(stated, smallest_parts(cells)[0])
    return DatasetOutlook(source.name, cells, features, size_bytes, note), sizes


def _prepared(source: Source) -> list[Path]:
    """Folders of the data set prepared in any way, the newest first, repeats of a cohort too."""
    name = re.compile(re.escape(source.slug) + r"-[0-9a-f]{16}(-\d+)?")
    folders = cache_folder().glob(f"prepared/{source.slug}-*/meta.json")
    whole = [path.parent for path in folders if name.fullmatch(path.parent.name)]
    newest = sorted(whole, key=lambda p: -p.stat().st_mtime)
    same = newest[0].name.split(source.slug)[1][:17] if newest else ""
    return [p for p in newest if p.name.startswith(source.slug + same)]


def _cannot(contestant: Contestant, size: int, here: Sequence[RunRecord]) -> str:
    """Why the runs will be set aside before they are tried; empty if they will not."""
    for stage in contestant.pipeline.stages:
        reason = unavailable(stage.info)
        if reason:
            return f"cannot run: {stage.info.name} {reason}"
        if stage.n_components and stage.n_components >= size:
            return f"cannot run: {stage.n_components} dimensions need more than {size} samples"
    if contestant.untunable:
        return f"cannot run: {contestant.untunable}"
    aside = [r.reason for r in here if r.cause is Cause.CANNOT_RUN]
    return f"cannot run: {aside[0]}" if aside and len(aside) == len(here) else ""


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


def _total(rows: list[Row], suite: Suite, known: _Known, results: Path) -> Total:
    """Adds up the rows, and marks those at which the disk is full."""
    folder = next(p for p in (results.resolve(), *results.resolve().parents) if p.exists())
    free = shutil.disk_usage(folder).free
    ends: dict[str, list[float]] = {}
    disk = 0.0
    for i, row in enumerate(rows):
        cost = row.cost.get("wall_s")
        if not row.todo or not cost:
            continue
        sums = ends.setdefault(row.pipeline, [known.start_s(row.pipeline)] * 3)
        for at, value in enumerate((cost.value, cost.low, cost.high)):
            sums[at] += row.todo * min(value, row.limit_s)
        if "disk_bytes" in row.cost:
            disk += row.todo * row.cost["disk_bytes"].value
            if disk > free:
                rows[i] = replace(
                    row, mark="; ".join(filter(None, [row.mark, "will not fit: disk"]))
                )
    value = sum(v for v, *_ in ends.values())
    below = sum((v - low) ** 2 for v, low, _ in ends.values()) ** 0.5
    above = sum((high - v) ** 2 for v, _, high in ends.values()) ** 0.5
    return Total(
        todo=sum(row.todo for row in rows),
        predicted=sum(row.todo for row in rows if row.cost),
        rows_unknown=sum(bool(row.todo) and not row.cost for row in rows),
        rows_left_out=sum(row.left_out for row in rows),
        wall_s=value / suite.jobs,
        wall_s_low=max(value - below, 0.0) / suite.jobs,
        wall_s_high=(value + above) / suite.jobs,
        disk_bytes=disk,
        disk_free_bytes=free,
        jobs=suite.jobs,
    )


def flat(row: Row) -> dict[str, Any]:
    """A row as one line of a table: ``wall_s``, ``wall_s_low`` and so on; None where unknown."""
    made: dict[str, Any] = {
        "dataset": row.dataset,
        "pipeline": row.pipeline,
        "size": row.size,
        "repeats": row.repeats,
        "done": row.done,
        "todo": row.todo,
    }
    for quantity in QUANTITIES:
        cost = row.cost.get(quantity)
        for end, suffix in (("value", ""), ("low", "_low"), ("high", "_high")):
            made[quantity + suffix] = getattr(cost, end) if cost else None
    cost = row.cost.get("wall_s")
    return made | {"basis": cost.basis if cost else "", "mark": row.mark}
