"""The matrix holds what the verdicts say, and no more."""

from __future__ import annotations

from typing import get_args

from omicsbench.metrics import METRICS
from omicsbench.plugin import Task
from omicsbench.reporting.matrix import GROUPS, TASKS, headline, matrix_of
from verdicts import TUNED, verdict


def test_the_headline_is_all_deep_pipelines_by_metrics_that_count() -> None:
    secondary = next(m.name for m in METRICS.values() if m.secondary)
    chosen = verdict()
    others = [
        verdict(best=False),
        verdict(is_control=True),
        verdict(metric=secondary),
        verdict(against="reference"),
    ]
    assert headline([*others, chosen]) == [chosen]
    assert headline([others[-1]]) == [others[-1]]
    assert matrix_of(others[:3], {"cells": "real omics"}) is None


def test_real_omics_data_come_first_and_defaults_stand_before_tuned() -> None:
    cells = [verdict("z", tuning=TUNED), verdict("z"), verdict("a")]
    matrix = matrix_of(cells, {"z": "real omics", "a": "simulated"})
    assert matrix
    assert [(c.dataset, c.tuning) for c in matrix.columns] == [("z", ""), ("z", TUNED), ("a", "")]
    assert matrix.differ("tuning")
    assert not matrix.differ("device")


def test_every_task_and_group_has_its_place() -> None:
    """What is missing there would be left out of reports without a word."""
    assert set(TASKS) == set(get_args(Task))
    assert {metric.group for metric in METRICS.values()} <= set(GROUPS)
    assert len(GROUPS) == len(set(GROUPS)), "one place each: the last would hold"
