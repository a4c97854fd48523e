"""What stored runs cost, and what others will cost by them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import mean, median
from types import MappingProxyType

from omicsbench.planning.outline import Wanted
from omicsbench.planning.reference_costs import ReferenceCosts
from omicsbench.records import environment
from omicsbench.records.costs import (
    CostTerms,
    Forecast,
    Observation,
    Quantity,
    cost_terms,
    forecast,
    observe,
)
from omicsbench.records.embeddings import packed_bytes
from omicsbench.records.spec import RunRecord, RunSpec, Status

QUANTITIES: tuple[Quantity, ...] = ("wall_s", "peak_rss_bytes", "disk_bytes")
ELSEWHERE = ", of another version of the pipeline or on another machine"


class KnownCosts:
    """Stored costs, first those of the very terms on this machine, then any of the pipeline.

    Where nothing is stored, those of ``reference`` that the package carries.
    """

    def __init__(
        self,
        records: Iterable[RunRecord],
        reference: ReferenceCosts,
        disk: Mapping[tuple[str, str, int], float] = MappingProxyType({}),
    ) -> None:
        """``records`` are gone through once; ``disk`` is what ``disk_bytes`` tells of them."""
        here = environment.describe()
        self._reference = reference
        self._here: dict[CostTerms, list[Observation]] = defaultdict(list)
        self._anywhere: dict[CostTerms, list[Observation]] = defaultdict(list)
        self._starts: dict[str, list[float]] = defaultdict(list)
        self._tried: dict[tuple[str, CostTerms], int] = {}
        for r in records:
            seen = observe(r, disk.get(_alike(r.spec)))
            if seen is None:
                continue
            terms = cost_terms(r.spec)
            self._anywhere[terms.of_any_version].append(seen)
            if r.environment.same_machine(here):
                self._here[terms].append(seen)
            if r.status is Status.OK:
                self._starts[seen.pipeline].append(r.phases.import_s + r.phases.warm_up_s)
            place = r.spec.dataset, terms
            self._tried[place] = max(r.spec.size, self._tried.get(place, 0))

    def costs(
        self, terms: CostTerms, dataset: str, size: int, features: int
    ) -> dict[Quantity, Forecast]:
        """Forecasts of one run; empty where nothing is stored to predict it from.

        ``features`` are those that it selects.
        """
        place = terms.label, dataset, size, features
        found = _forecasts(self._here.get(terms, ()), *place)
        if "wall_s" in found:
            return found
        found = _forecasts(self._anywhere.get(terms.of_any_version, ()), *place)
        if "wall_s" in found:
            return _from_elsewhere(found, ELSEWHERE)
        found = _forecasts(self._reference.of(terms, dataset, features), *place)
        if "wall_s" not in found:
            return {}
        return _from_elsewhere(found, f", measured on {self._reference.machine}")

    def is_beyond(self, wanted: Wanted) -> bool:
        """Whether the size is larger than every one tried under these terms on the data set."""
        return wanted.size > self._tried.get((wanted.dataset, wanted.terms), 0)

    def start_s(self, pipeline: str) -> float:
        """Seconds of imports and warm-ups of one worker."""
        if pipeline in self._starts:
            return median(self._starts[pipeline])
        return self._reference.starts.get(pipeline, 0.0)


def _from_elsewhere(found: dict[Quantity, Forecast], where: str) -> dict[Quantity, Forecast]:
    """The forecasts, none of which is sure enough for a run to be left out."""
    return {
        quantity: replace(cost, basis=cost.basis + where, own=False)
        for quantity, cost in found.items()
    }


def _forecasts(
    known: Sequence[Observation], label: str, dataset: str, size: int, features: int
) -> dict[Quantity, Forecast]:
    found = {
        quantity: forecast(
            known, quantity, pipeline=label, dataset=dataset, features=features, size=size
        )
        for quantity in QUANTITIES
    }
    return {quantity: cost for quantity, cost in found.items() if cost}


def _alike(spec: RunSpec) -> tuple[str, str, int]:
    return spec.dataset, spec.label, spec.size


def disk_bytes(records: Iterable[RunRecord], results: Path) -> dict[tuple[str, str, int], float]:
    """Mean bytes of a finished run's files, by data set, pipeline and size."""
    sizes: dict[tuple[str, str, int], list[float]] = defaultdict(list)
    packed = packed_bytes(results)
    for r in records:
        if r.status is Status.OK:
            sizes[_alike(r.spec)].append(_stored_bytes(results, packed, r))
    return {alike: mean(found) for alike, found in sizes.items()}


def _stored_bytes(results: Path, packed: dict[str, int], record: RunRecord) -> float:
    """Bytes of a run's files, as they are while running; ``packed`` are those of packed arrays."""
    total = len(record.model_dump_json()) + 1
    if record.embedding:
        loose = {p.name: p.stat().st_size for p in results.glob(f"embeddings/{record.key}*")}
        total += sum(n for file, n in (packed | loose).items() if file.startswith(record.key))
    return float(total)
