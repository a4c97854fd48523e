"""Whom a reader is told of, where a side has several pipelines: the best by validation scores.

What is claimed does not depend on it (``omicsbench.stats.contest``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from omicsbench.metrics import Metric
from omicsbench.records.spec import RunRecord

RunsAt = Mapping[tuple[int, int], RunRecord]  # by size and repeat
RunsOf = Mapping[str, RunsAt]  # by pipeline


@dataclass(frozen=True)
class Grid:
    """The sizes and repeats of a comparison, both ascending."""

    sizes: Sequence[int]
    repeats: Sequence[int]


def in_turn(names: Iterable[str]) -> str:
    """Pipelines in ascending size, each once: ``pca, then umap``; empty ones are left out."""
    return ", then ".join(dict.fromkeys(name for name in names if name))


def is_reference(pipeline: str, reference: str) -> bool:
    """True if the pipeline is the reference: its whole text, or its one and only stage."""
    stage = pipeline.partition("(")[0].strip()
    return pipeline == reference or (">" not in pipeline and stage == reference)


def best_by_validation(
    runs: RunsOf, names: Sequence[str], metric: Metric, grid: Grid
) -> dict[int, str]:
    """At each size the finished pipeline with the best mean validation score.

    One that was given fewer repeats than others is not chosen; sizes without any are left out.
    """
    at: dict[int, str] = {}
    by_size: dict[int, dict[str, list[RunRecord]]] = {size: {} for size in grid.sizes}
    for name in names:
        for (size, _), run in runs[name].items():
            if size in by_size:
                by_size[size].setdefault(name, []).append(run)
    for size, tried in by_size.items():
        able = _able(tried, metric.name)
        if able:
            means = [np.mean([r.validation[metric.name] for r in tried[p]]) for p in able]
            at[size] = able[int((sign(metric) * np.array(means)).argmax())]
    return at


def _able(tried: Mapping[str, Sequence[RunRecord]], metric: str) -> list[str]:
    """Of the pipelines tried at a size, those with as many runs as any and every score."""
    most = max(map(len, tried.values()), default=0)
    return [
        name
        for name, runs in tried.items()
        if len(runs) == most and all(metric in r.validation for r in runs)
    ]


def sign(metric: Metric) -> float:
    """1 where larger is better, -1 where smaller is."""
    return -1.0 if metric.direction == "min" else 1.0
