"""How runs are judged: the table of a suite, and what stored results say of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from omicsbench.errors import RegistryError, StoreError
from omicsbench.planning.suite import changed, dump, load_suite, make_suite
from omicsbench.records.analysis import Analysis
from omicsbench.records.planned import read_analysis, write_plan

SUITE: dict[str, Any] = {"name": "s", "pipelines": ["pca"]}


def stored(folder: Path, suite: dict[str, Any]) -> Analysis:
    (folder / "plan.json").write_text(json.dumps({"suite": suite, "runs": []}))
    return read_analysis(folder)


def test_older_results_keep_what_they_were_judged_by(tmp_path: Path) -> None:
    flat = {"reference": "mean", "margins": {"knn_recall": 0.1}, "tolerances": {"time": 0.2}}
    assert stored(tmp_path, SUITE | flat) == Analysis(**flat)
    assert stored(tmp_path, SUITE) == Analysis(reference="pca"), "what was the default"
    (tmp_path / "plan.json").unlink()
    assert read_analysis(tmp_path) == Analysis(reference="pca")


@pytest.mark.parametrize("table", [{}, {"reference": "pca"}, {"price_per_hour": {"cpu": 0.1}}])
def test_newer_results_state_theirs(tmp_path: Path, table: dict[str, Any]) -> None:
    suite = make_suite(SUITE | {"analysis": table})
    write_plan(tmp_path, dump(suite), [], "")
    assert read_analysis(tmp_path) == suite.analysis == Analysis(**table)


def test_a_stored_table_that_makes_no_sense_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"plan.json: margins.knn_recall: .*run the suite again"):
        stored(tmp_path, SUITE | {"analysis": {"margins": {"knn_recall": -1}}})


def test_flat_entries_are_sent_to_their_table(tmp_path: Path) -> None:
    for name in Analysis.model_fields:
        with pytest.raises(RegistryError, match=rf"suite: {name} .* the table \[analysis\]"):
            make_suite(SUITE | {name: {}})
    with pytest.raises(RegistryError, match=r"suite: .*'margin'.*margins"):
        make_suite(SUITE | {"analysis": {"margin": {}}})


def test_entries_of_the_table_are_replaced_by_name() -> None:
    quick = load_suite("quick")
    made = changed(quick, {"margins": {"knn_recall": 0.5}, "repeats": 2})
    assert made.analysis == Analysis(reference="pca", margins={"knn_recall": 0.5})
    assert made.repeats == 2
    assert changed(quick, {"analysis": Analysis()}).analysis == Analysis()
    assert changed(quick, {"analysis": Analysis(), "reference": "nmf"}).analysis.reference == "nmf"
