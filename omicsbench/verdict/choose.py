"""The sides of a comparison: one pipeline throughout, or the best of several by validation scores.

Where a side is "the best" of several pipelines, the choice is made at each size by validation
scores, and for each repeat by those of the *other* repeats: a draw of training rows that flatters a
pipeline on the validation rows flatters it on the test rows too, and would be chosen for its luck.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omicsbench.metrics import Metric
from omicsbench.records.spec import RunRecord
from omicsbench.stats.crossover import Floats

RunsAt = Mapping[tuple[int, int], RunRecord]  # by size and repeat
RunsOf = Mapping[str, RunsAt]  # by pipeline


@dataclass(frozen=True)
class Grid:
    """The sizes and repeats of a comparison, both ascending."""

    sizes: Sequence[int]
    repeats: Sequence[int]


@dataclass(frozen=True)
class Side:
    """One side of a comparison: the pipeline at each size, and the run of each repeat of it."""

    at: Mapping[int, str]  # size: pipeline that a reader is told of
    runs: RunsAt

    @cached_property
    def columns(self) -> dict[tuple[Any, ...], object]:
        """What was worked out of its runs, for those who pair it again (``verdict.pairs``)."""
        return {}

    @property
    def names(self) -> str:
        return in_turn(self.at.values())


def in_turn(names: Iterable[str]) -> str:
    """Pipelines in ascending size, each once: ``pca, then umap``; empty ones are left out."""
    return ", then ".join(dict.fromkeys(name for name in names if name))


def fixed(runs: RunsOf, name: str, sizes: Sequence[int]) -> Side:
    """One pipeline throughout, whether it has a run at a size or not."""
    return Side(dict.fromkeys(sizes, name), runs[name])


def is_reference(pipeline: str, reference: str) -> bool:
    """True if the pipeline is the reference: its whole text, or its one and only stage."""
    stage = pipeline.partition("(")[0].strip()
    return pipeline == reference or (">" not in pipeline and stage == reference)


def best_by_validation(runs: RunsOf, names: Sequence[str], metric: Metric, grid: Grid) -> Side:
    """At each size the finished pipeline with the best mean validation score.

    One that was given fewer repeats than others cannot carry a comparison and is not chosen.
    """
    at: dict[int, str] = {}
    chosen: dict[tuple[int, int], RunRecord] = {}
    by_size: dict[int, dict[str, list[RunRecord]]] = {size: {} for size in grid.sizes}
    for name in names:
        for (size, _), run in runs[name].items():
            if size in by_size:
                by_size[size].setdefault(name, []).append(run)
    for size, tried in by_size.items():
        able = _able(tried, metric.name)
        here = [r for r in grid.repeats if all((size, r) in runs[p] for p in able)]
        if not (able and here):
            continue
        scores = np.array([[runs[p][size, r].validation[metric.name] for r in here] for p in able])
        scores *= sign(metric)
        at[size] = able[int(scores.mean(axis=1).argmax())]
        for repeat, index in zip(here, choices(scores), strict=True):
            chosen[size, repeat] = runs[able[index]][size, repeat]
    return Side(at, chosen)


def _able(tried: Mapping[str, Sequence[RunRecord]], metric: str) -> list[str]:
    """Of the pipelines tried at a size, those with as many runs as any and every score."""
    most = max(map(len, tried.values()), default=0)
    return [
        name
        for name, runs in tried.items()
        if len(runs) == most and all(metric in r.validation for r in runs)
    ]


def choices(validation: Floats) -> NDArray[np.intp]:
    """Index (R,) of the pipeline chosen for each repeat by the others' mean of (P, R) scores."""
    if validation.shape[1] == 1:
        return np.asarray(validation.argmax(axis=0))
    others = validation.sum(axis=1, keepdims=True) - validation
    return np.asarray(others.argmax(axis=0))


def sign(metric: Metric) -> float:
    """1 where larger is better, -1 where smaller is."""
    return -1.0 if metric.direction == "min" else 1.0
