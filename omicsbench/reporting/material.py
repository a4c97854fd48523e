"""What a report is made from: the records, and everything computed of them once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from omicsbench.metrics import Metric
from omicsbench.metrics.known import known
from omicsbench.records.analysis import Analysis
from omicsbench.records.costs import with_predictions
from omicsbench.records.spec import RunRecord
from omicsbench.records.table import current, tidy
from omicsbench.reporting import predictions
from omicsbench.reporting.at_largest import at_largest
from omicsbench.reporting.modalities import modality_table
from omicsbench.verdict.equal_cost import EqualCost, at_equal_cost
from omicsbench.verdict.judge import verdicts
from omicsbench.verdict.verdict import Verdict


@dataclass(frozen=True)
class Material:
    """Page and tables hold what follows from this, and from nothing else."""

    records: list[RunRecord]  # the newest version of each run
    metrics: dict[str, Metric]  # those of the package, and those the records describe
    every: pd.DataFrame  # a tidy table of all versions
    runs: pd.DataFrame  # its rows that belong to the newest
    superseded: int  # runs of earlier versions
    verdicts: list[Verdict]
    at_equal_cost: list[EqualCost]
    details: dict[str, pd.DataFrame]  # of single tasks, by the name of their file; may be empty


def gather(records: Sequence[RunRecord], analysis: Analysis) -> Material:
    """Verdicts, comparisons at equal cost and tables of some records."""
    records = with_predictions(records)
    newest = current(records)
    every = tidy(records)
    return Material(
        records=newest,
        metrics=known(newest),
        every=every,
        runs=every[every["key"].isin({r.key for r in newest})],
        superseded=len(records) - len(newest),
        verdicts=verdicts(newest, analysis),
        at_equal_cost=at_equal_cost(newest, analysis),
        details=_details(newest),
    )


def _details(records: Sequence[RunRecord]) -> dict[str, pd.DataFrame]:
    predicted = at_largest(records, "predict")
    return {
        "reliability": predictions.reliability_table(predicted),
        "coverage": predictions.coverage_table(predicted),
        "posterior": predictions.posterior_table(predicted),
        "uncertainty": predictions.uncertainty_table(predicted),
        "modalities": modality_table(at_largest(records, "integrate")),
    }
