"""From chains of jobs to loads: what one job of a cluster does, and what to ask for it.

A run is taken to cost the high end of the interval of its forecast, so a load mostly takes less
than it may. Where nothing tells, a tenth of its limit is assumed: a load that this cuts off is
sent again with more time, and what it finished is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from math import log2
from pathlib import Path
from typing import Any

from omicsbench.errors import OmicsbenchError
from omicsbench.planning.known_costs import KnownCosts
from omicsbench.prepare.prepared import Prepared
from omicsbench.records.costs import bounds, cost_terms
from omicsbench.records.spec import RunSpec
from omicsbench.running.job import Job

SCORER_BYTES = 1 << 30  # what scores, and the supervisor, need beside a worker
UNKNOWN = 0.1  # of its limit, that a run is taken to cost of which nothing is known
SPARE = 1.25  # memory that is asked for over what is predicted


@dataclass(frozen=True)
class Load:
    """Jobs that one node does one after another.

    ``seconds`` and ``memory_bytes`` are what they are predicted to take, ``most_bytes`` is what
    they may take.
    """

    jobs: tuple[Job, ...]
    seconds: float
    memory_bytes: float
    most_bytes: float

    @property
    def runs(self) -> int:
        return sum(len(job.runs) for job in self.jobs)

    @property
    def gpus(self) -> int:
        """GPUs that it needs, which is one or none."""
        return int(any(job.on_gpu for job in self.jobs))

    @property
    def threads(self) -> int:
        return max(job.threads for job in self.jobs)


def loads(
    chains: Sequence[Sequence[Job]], costs: KnownCosts, most_s: float, least_bytes: float
) -> list[Load]:
    """The chains as loads of at most ``most_s`` seconds, but for those that cannot be made shorter.

    A chain's runs stay together as long as that allows: its data sets first go apart, then its
    repeats; sizes never, as a size that takes too much spares the larger ones. What is short is
    put together, in the order of the chains, with what asks for the same kind of node; memory
    below ``least_bytes``, or unknown, counts as that.
    """
    measured = _Measured(costs, least_bytes)
    made: list[Load] = []
    open_: dict[tuple[int, int, int], int] = {}  # where the load is that takes more, by its kind
    for chain in chains:
        for piece in _pieces(tuple(chain), measured, most_s):
            at = open_.get(_kind(piece))
            if at is not None and made[at].seconds + piece.seconds <= most_s:
                made[at] = _together(made[at], piece)
            else:
                open_[_kind(piece)] = len(made)
                made.append(piece)
    return made


class _Measured:
    """What jobs are predicted to take."""

    def __init__(self, costs: KnownCosts, least_bytes: float) -> None:
        self._least_bytes = least_bytes
        self._start_s = costs.start_s
        self._cost = cache(costs.costs)  # repeats share theirs
        self._features = cache(_selected)

    def load(self, jobs: tuple[Job, ...]) -> Load:
        seconds, memory, may_take = 0.0, self._least_bytes, 0.0
        for job in jobs:
            seconds += self._start_s(job.runs[0][0].label)
            limits = bounds(job.runs[0][0], job.limits)
            own = limits["peak_rss_bytes"] + SCORER_BYTES
            may_take = max(may_take, own)
            for spec, prepared in job.runs:
                features = self._features(prepared) or spec.features
                found = self._cost(cost_terms(spec), spec.dataset, spec.size, features)
                wall, rss = found.get("wall_s"), found.get("peak_rss_bytes")
                most = limits["wall_s"]
                seconds += min(wall.high, most) if wall else UNKNOWN * most
                memory = max(memory, min(SPARE * rss.high + SCORER_BYTES, own) if rss else 0.0)
        return Load(jobs, seconds, memory, max(memory, may_take))


def _selected(prepared: str) -> int | None:
    """Features that are selected of prepared data; None if they cannot be asked."""
    try:
        return Prepared(Path(prepared)).facts.n_selected
    except (OmicsbenchError, OSError):
        return None


def _pieces(jobs: tuple[Job, ...], measured: _Measured, most_s: float) -> Iterator[Load]:
    """A chain as loads that are short enough, or cannot be made shorter."""
    whole = measured.load(jobs)
    parts = [jobs] if whole.seconds <= most_s else _halves(jobs)
    if len(parts) < 2:
        yield whole
        return
    for part in parts:
        yield from _pieces(part, measured, most_s)


def _halves(jobs: tuple[Job, ...]) -> list[tuple[Job, ...]]:
    """The jobs in two parts: by data sets, else by repeats; one part if there is but one."""
    specs = [spec for job in jobs for spec, _ in job.runs]
    apart: tuple[Callable[[RunSpec], Any], ...] = (_data_set, _repeat)
    for of in apart:
        values = sorted({of(spec) for spec in specs})
        if len(values) > 1:
            middle = values[len(values) // 2]
            return [
                _kept(jobs, partial(_below, of, middle)),
                _kept(jobs, partial(_from, of, middle)),
            ]
    return [jobs]


def _data_set(spec: RunSpec) -> str:
    return spec.dataset


def _repeat(spec: RunSpec) -> int:
    return spec.repeat


def _below(of: Callable[[RunSpec], Any], middle: Any, spec: RunSpec) -> bool:
    return bool(of(spec) < middle)


def _from(of: Callable[[RunSpec], Any], middle: Any, spec: RunSpec) -> bool:
    return bool(of(spec) >= middle)


def _kept(jobs: Iterable[Job], wanted: Callable[[RunSpec], bool]) -> tuple[Job, ...]:
    kept = []
    for job in jobs:
        runs = tuple(run for run in job.runs if wanted(run[0]))
        if runs:
            kept.append(replace(job, runs=runs))
    return tuple(kept)


def _kind(load: Load) -> tuple[int, int, int]:
    """What kind of node it asks for: memory that differs twofold makes another."""
    return load.gpus, load.threads, round(log2(load.memory_bytes))


def _together(a: Load, b: Load) -> Load:
    memory, most = max(a.memory_bytes, b.memory_bytes), max(a.most_bytes, b.most_bytes)
    return Load((*a.jobs, *b.jobs), a.seconds + b.seconds, memory, most)
