"""Ranks of contestants at one size, ties within the margin sharing one; and who has no score."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from omicsbench.metrics import Metric
from omicsbench.records.analysis import Analysis
from omicsbench.records.spec import RunRecord, Status
from omicsbench.reporting.at_largest import frame
from omicsbench.reporting.places import PLACE, Place, of_run
from omicsbench.verdict.choose import sign
from omicsbench.verdict.margins import margin_of
from omicsbench.verdict.pairs import failures

PlaceAndDim = tuple[Place, int]  # a place, and an output dimension, 0 where there is no space


def margins(
    records: Iterable[RunRecord], metrics: Mapping[str, Metric], analysis: Analysis
) -> dict[tuple[PlaceAndDim, str], float]:
    """The margin of each metric under each set of equal terms, as the verdicts take it."""
    groups: dict[tuple[PlaceAndDim, str], list[RunRecord]] = defaultdict(list)
    for r in records:
        for name in r.scores.keys() & metrics.keys():
            groups[(Place.of(r), r.output_dim or 0), name].append(r)
    return {
        at: margin_of(metrics[at[1]], own, analysis.margins).value for at, own in groups.items()
    }


def ranked(
    scores: pd.DataFrame,
    controls: Iterable[str],
    metrics: Mapping[str, Metric],
    within: Mapping[tuple[PlaceAndDim, str], float],
) -> pd.Series[float]:
    """The rank of each row of scores: 1 plus its rivals that are better by more than the margin.

    Rivals have equal terms and size. Controls, those of the deep side too, have none (NaN).
    """
    shown = scores[(scores["family"] != "control") & ~scores["pipeline"].isin(list(controls))]
    found = pd.Series(np.nan, index=scores.index)
    dims = shown["output_dim"].fillna(0)
    by = [*(shown[name] for name in PLACE), dims, shown["metric"], shown["size"]]
    groups: dict[Any, Any] = shown.groupby(by).indices
    means, places = shown["mean"].to_numpy(dtype=float), shown.index
    for (*place, dim, metric, _), rows in groups.items():
        margin = within[(Place(*place), int(dim)), metric]
        found[places[rows]] = ranks(sign(metrics[metric]) * means[rows], margin)
    return found


def ranks(values: NDArray[np.float64], margin: float) -> NDArray[np.int64]:
    """1 plus the number of values that are larger by more than the margin, of each of (m,)."""
    ahead: NDArray[np.bool_] = values[None, :] > values[:, None] + margin
    made: NDArray[np.int64] = 1 + ahead.sum(axis=1)
    return made


def failed_table(records: Iterable[RunRecord]) -> pd.DataFrame:
    """One row per pipeline and size of which a run gave no result, in words.

    ``output_dim`` is that of the pipeline's other runs, missing where none is known.
    """
    every = list(records)
    dims = {(r.spec.task, r.spec.pipeline): r.output_dim for r in every if r.output_dim}
    groups: dict[tuple[Place, str, int], list[RunRecord]] = defaultdict(list)
    for r in every:
        if r.status is not Status.OK:
            groups[Place.of(r), r.spec.pipeline, r.spec.size].append(r)
    rows = [
        of_run(own[0])
        | {"output_dim": dims.get((own[0].spec.task, own[0].spec.pipeline)), "said": failures(own)}
        for own in groups.values()
    ]
    return frame(rows, ["said"])
