"""What a worker and its supervisor are told of one contestant's runs."""

from __future__ import annotations

from dataclasses import dataclass, field

from omicsbench.plugin import Family
from omicsbench.records.costs import Observation
from omicsbench.records.facts import Limits
from omicsbench.records.spec import RunSpec


@dataclass(frozen=True)
class Job:
    """All runs of one pipeline, either as written or tuned.

    Plain values only, so that it can travel to another machine.
    """

    pipeline: str
    family: Family
    is_control: bool
    runs: tuple[tuple[RunSpec, str], ...]  # spec and folder of its prepared data
    out: str
    scratch: str
    suite: str
    threads: int
    jobs: int  # pipelines at a time, this one among them
    limits: Limits
    warm_up_timeout_s: float
    plugins: tuple[str, ...] = ()
    families: dict[str, Family] = field(default_factory=dict)
    shared: tuple[str, ...] = ()
    isolate_runs: bool = False
    known: tuple[Observation, ...] = ()  # what its runs stored earlier cost
    force: bool = False  # run what is predicted to exceed a limit
