"""The tidy table of runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from omicsbench.records.table import base_name, tidy, write_csv
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


def test_what_is_written_run_by_run_is_the_table(tmp_path: Path) -> None:
    fine = run(PCA, 100, 0, {"toy_max": 0.5, "toy_min": 1e-7}, validation={"toy_max": 1e300})
    scored = fine.model_copy(
        update={
            "scores_se": {"toy_max": 0.1},
            "rooms": {"toy_max": (0.05, 0.9)},
            "peak_rss_bytes": 2**40,
        }
    )
    failed = run(DEEP, 100, 0, None, family="deep")
    told = failed.model_copy(update={"key": "f", "reason": 'a "b", c\nd', "output_dim": None})
    for records in ([scored], [failed, scored, told], []):
        rows = write_csv(records, tmp_path / "runs.csv")
        table = tidy(records)
        assert rows == len(table)
        assert (tmp_path / "runs.csv").read_text() == table.to_csv(index=False)
        of_test = table[(table["part"] == "test") & (table["metric"] == "toy_max")]
        assert (of_test[["floor", "ceiling"]] == [0.05, 0.9]).all(axis=None)
        assert table["floor"].notna().sum() == len(of_test)


@pytest.mark.parametrize(
    ("name", "base"),
    [
        ("hmp (hold-out) (new subject)", "hmp"),
        ("cells (held out: Macro phages)", "cells"),
        ("atlas(n=3)", "atlas(n=3)"),
        ("mine (1)", "mine (1)"),
    ],
)
def test_a_data_set_is_the_same_however_it_is_split(name: str, base: str) -> None:
    assert base_name(name) == base
