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

    ``seconds`` and ``memory_bytes`` are what they take at most, as predicted; the memory is None
    where nothing tells it.
    """

    jobs: tuple[Job, ...]
    seconds: float
    memory_bytes: float | None

    @property
    def runs(self) -> int:
        return sum(len(job.runs) for job in self.jobs)

    @property
    def gpus(self) -> int:
        """GPUs that it needs, which is one or none."""
        return int(any(spec.device != "cpu" for job in self.jobs for spec, _ in job.runs))

    @property
    def threads(self) -> int:
        return max(job.threads for job in self.jobs)


def loads(chains: Sequence[Sequence[Job]], costs: KnownCosts, most_s: float) -> list[Load]:
    """The chains as loads of at most ``most_s`` seconds, but for single runs that take longer.

    A chain's runs stay together as long as that allows: its data sets first go apart, then its
    repeats. What is short is put together, in the order of the chains.
    """
    measured = _Measured(costs)
    pieces = [piece for chain in chains for piece in _pieces(tuple(chain), measured, most_s)]
    made: list[Load] = []
    for piece in pieces:
        last = made[-1] if made else None
        if last and last.seconds + piece.seconds <= most_s and _alike(last, piece):
            made[-1] = _together(last, piece)
        else:
            made.append(piece)
    return made


class _Measured:
    """What jobs are predicted to take."""

    def __init__(self, costs: KnownCosts) -> None:
        self._start_s = costs.start_s
        self._cost = cache(costs.costs)  # repeats share theirs
        self._features = cache(_selected)

    def load(self, jobs: tuple[Job, ...]) -> Load:
        seconds, memory, unknown = 0.0, 0.0, False
        for job in jobs:
            seconds += self._start_s(job.runs[0][0].label)
            limits = bounds(job.runs[0][0], job.limits)
            for spec, prepared in job.runs:
                features = self._features(prepared) or spec.features
                found = self._cost(cost_terms(spec), spec.dataset, spec.size, features)
                wall, rss = found.get("wall_s"), found.get("peak_rss_bytes")
                most = limits["wall_s"]
                seconds += min(wall.high, most) if wall else UNKNOWN * most
                memory = max(memory, rss.high if rss else 0.0)
                unknown = unknown or rss is None
        return Load(jobs, seconds, None if unknown else SPARE * memory + SCORER_BYTES)


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


def _alike(a: Load, b: Load) -> bool:
    """Whether both ask for the same kind of node: memory that differs twofold does not."""
    return _kind(a) == _kind(b)


def _kind(load: Load) -> tuple[int, int, int | None]:
    memory = None if load.memory_bytes is None else round(log2(load.memory_bytes))
    return load.gpus, load.threads, memory


def _together(a: Load, b: Load) -> Load:
    memory = None if a.memory_bytes is None else max(a.memory_bytes, b.memory_bytes or 0.0)
    return Load((*a.jobs, *b.jobs), a.seconds + b.seconds, memory)
