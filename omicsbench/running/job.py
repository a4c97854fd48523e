"""What a worker and its supervisor are told: plain values, so that they can travel."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from omicsbench.plugin import Family
from omicsbench.records.costs import Observation
from omicsbench.records.facts import Limits
from omicsbench.records.spec import Contamination, RunSpec


@dataclass(frozen=True)
class Manner:
    """How a suite is run this time, whatever it says of itself."""

    isolate_runs: bool = False  # a fresh process for every run, not only for every pipeline
    retry: bool = False  # do runs again that failed before
    force: bool = False  # run what is predicted to exceed a limit
    set_aside: str = ""  # run nothing, and store what has no record as set aside for this reason


@dataclass(frozen=True)
class Conditions:
    """What all jobs of a suite share: folders, limits, and where methods are found."""

    suite: str
    out: str
    scratch: str
    limits: Limits
    warm_up_timeout_s: float
    jobs: int = 1  # pipelines at a time
    metric_files: tuple[str, ...] = ()  # of metrics that are not of the package
    families: dict[str, Family] = field(default_factory=dict)
    manner: Manner = Manner()


@dataclass(frozen=True)
class Job:
    """All runs of one pipeline, either as written or tuned."""

    conditions: Conditions
    pipeline: str
    family: Family
    is_control: bool
    runs: tuple[tuple[RunSpec, str], ...]  # spec and folder of its prepared data
    files: tuple[str, ...] = ()  # that declare its methods
    sees: tuple[str, ...] = ()  # parts of whose rows the pipeline may see the labels
    shared: tuple[str, ...] = ()  # stages that other pipelines of the suite begin with too
    known: tuple[Observation, ...] = ()  # what its runs stored earlier cost
    on_gpu: bool = False  # whether a stage can use the suite's device, and that is no CPU
    contamination: Contamination | None = None  # of what computed its embedding elsewhere
    # The folder of that embedding, by the folder of the prepared data.
    embeddings: dict[str, Path] = field(default_factory=dict)

    @property
    def limits(self) -> Limits:
        return self.conditions.limits

    @property
    def threads(self) -> int:
        return self.runs[0][0].threads

    def for_worker(self) -> dict[str, Any]:
        """What the worker reads of it, as JSON can hold it."""
        given = self.conditions
        return {
            "pipeline": self.pipeline,
            "task": self.runs[0][0].task,
            "shared": self.shared,
            "files": sorted({*self.files, *given.metric_files}),
            "families": given.families,
            "scratch": str(Path(given.scratch) / "stages"),
            "jobs": given.jobs,
        }
