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
from omicsbench.records.table import current
from omicsbench.reporting import predictions
from omicsbench.reporting.answer import answers
from omicsbench.reporting.at_largest import at_largest
from omicsbench.reporting.decision import FirstScreen, decisions
from omicsbench.reporting.devices import device_table
from omicsbench.reporting.how_many import HowMany, how_many, how_many_tables
from omicsbench.reporting.modalities import modality_table
from omicsbench.reporting.new_units import new_units_table
from omicsbench.reporting.tables import cost_table, score_table
from omicsbench.verdict.devices import SpeedUp, speed_ups
from omicsbench.verdict.equal_cost import EqualCost, at_equal_cost
from omicsbench.verdict.judge import verdicts
from omicsbench.verdict.recommend import Recommendation, recommendations
from omicsbench.verdict.verdict import Verdict


@dataclass(frozen=True)
class Material:
    """Page and tables hold what follows from this, and from nothing else."""

    analysis: Analysis  # how the runs are judged
    records: list[RunRecord]  # the newest version of each run
    metrics: dict[str, Metric]  # those of the package, and those the records describe
    every: Sequence[RunRecord]  # all versions
    scores: pd.DataFrame  # per pipeline, size and metric
    costs: pd.DataFrame  # per pipeline and size
    verdicts: list[Verdict]
    recommended: list[Recommendation]
    decisions: dict[str, FirstScreen]  # what to use, by task
    answers: dict[str, list[str]]  # the verdicts in words, by task
    at_equal_cost: list[EqualCost]
    how_many: HowMany  # samples that contestants need, and their standings over data sets
    devices: list[SpeedUp]  # a GPU against the processor, where runs are on both
    details: dict[str, pd.DataFrame]  # of single tasks, by the name of their file; may be empty

    @property
    def superseded(self) -> int:
        """Runs of earlier versions."""
        return len(self.every) - len(self.records)


def gather(records: Sequence[RunRecord], analysis: Analysis) -> Material:
    """Verdicts, comparisons at equal cost and tables of some records."""
    records = with_predictions(records)
    newest = current(records)
    found = verdicts(newest, analysis)
    scores = score_table(newest)
    recommended = recommendations(newest, analysis)
    needed = how_many(newest, analysis)
    devices = speed_ups(newest, analysis)
    details = _details(newest) | {"new_units": new_units_table(newest, scores)}
    details |= {"devices": device_table(devices)}
    return Material(
        analysis=analysis,
        records=newest,
        metrics=known(newest),
        every=records,
        scores=scores,
        costs=cost_table(newest),
        verdicts=found,
        recommended=recommended,
        decisions=decisions(recommended, found, newest),
        answers=answers(found, newest),
        at_equal_cost=at_equal_cost(newest, analysis),
        how_many=needed,
        devices=devices,
        details=details | how_many_tables(needed),
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
