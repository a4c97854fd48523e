"""The tidy table of runs."""

from __future__ import annotations

from omicsbench.records.table import tidy
from studies import DEEP, PCA, run


def test_tidy_has_every_score_once_and_every_failure_once() -> None:
    fine = run(PCA, 100, 0, {"toy_max": 0.5, "toy_min": 0.1}, validation={"toy_max": 0.4})
    failed = run(DEEP, 100, 0, None, family="deep")
    table = tidy([failed, fine])
    assert list(table["part"]) == [None, "test", "test", "validation"]
    assert table["metric"].isna().sum() == 1
    assert table.loc[table["status"] == "timeout", "reason"].item() == "why"
    wanted = "dataset task pipeline family output_dim size repeat device value fit_s transform_s"
    assert {*wanted.split(), "cpu_s", "peak_rss_bytes", "key"} <= set(table)
    assert list(tidy([]).columns) == list(table.columns)
