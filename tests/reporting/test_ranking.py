"""Ranks at one size: ties within the margin share one, controls have none."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import builders
from omicsbench.metrics import METRICS
from omicsbench.records.analysis import Analysis
from omicsbench.records.spec import Status
from omicsbench.reporting import ranking
from omicsbench.reporting.places import Place

AT = {"dataset": "d", "task": "embed", "device": "cpu", "tuning": "", "output_dim": 10, "size": 50}


def test_what_lies_within_the_margin_shares_a_rank() -> None:
    assert list(ranking.ranks(np.array([0.9, 0.89, 0.80, 0.5]), 0.02)) == [1, 1, 3, 4]
    assert list(ranking.ranks(np.array([0.9, 0.89, 0.80, 0.5]), 0.0)) == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("metric", "best"), [("knn_recall", "high"), ("reconstruction_mse", "low")]
)
def test_the_better_end_is_rank_one_and_controls_have_none(metric: str, best: str) -> None:
    means = {"high": 0.9, "low": 0.1, "control": 0.95, "linear net": 0.96}
    scores = pd.DataFrame(
        AT
        | {
            "pipeline": name,
            "family": "control" if name == "control" else "deep",
            "metric": metric,
            "mean": mean,
        }
        for name, mean in means.items()
    )
    within = {((Place("d", "embed", "cpu", ""), 10), metric): 0.02}
    found = ranking.ranked(scores, ["linear net"], METRICS, within)
    ranks = dict(zip(scores["pipeline"], found, strict=True))
    assert ranks[best] == 1
    assert sorted(found.dropna()) == [1, 2]
    assert np.isnan(ranks["control"])
    assert np.isnan(ranks["linear net"])


def test_margins_are_those_of_the_verdicts() -> None:
    run = builders.record(builders.spec(), output_dim=10, scores={"knn_recall": 0.5})
    own = ranking.margins([run], METRICS, Analysis())
    stated = ranking.margins([run], METRICS, Analysis(margins={"knn_recall": 0.3}))
    assert list(own.values()) == [METRICS["knn_recall"].margin]
    assert list(stated.values()) == [0.3]


def test_failures_stand_where_other_runs_of_the_pipeline_do() -> None:
    fine = builders.record(builders.spec(size=50), output_dim=10)
    failed = [
        builders.record(builders.spec(size=90, repeat=i), status=Status.TIMEOUT, reason="slow")
        for i in range(2)
    ]
    table = ranking.failed_table([fine, *failed])
    (row,) = table.to_dict("records")
    assert (row["size"], row["output_dim"], row["said"]) == (90, 10, "2 timeout")
    (unknown,) = ranking.failed_table(failed).to_dict("records")
    assert pd.isna(unknown["output_dim"])
