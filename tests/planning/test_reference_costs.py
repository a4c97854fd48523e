"""The first plan of a suite predicts from costs that the package carries, and says so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from builders import record, spec
from command import inside
from omicsbench.planning import reference_costs as carried
from omicsbench.planning.reference_costs import ReferenceCosts, gathered, reference_costs, write
from omicsbench.records import store
from omicsbench.records.costs import CostTerms

TERMS = CostTerms("embed", "pca(10)", "", "cpu", 8, 1000, False)


def test_the_first_plan_of_quick_predicts(tmp_path: Path) -> None:
    done = inside("plan", "quick", "--results", tmp_path / "none", "--json")
    content = json.loads(done.stdout)
    assert content["stored"] == 0
    rows = [r for r in content["rows"] if r["pipeline"] == "pca(10)"]
    assert rows
    assert all(r["wall_s"] > 0 and content["reference"] in r["basis"] for r in rows)
    text = inside("plan", "quick", "--results", tmp_path / "none").stdout
    assert f"predicted from runs on {reference_costs().machine}" in text


def test_costs_are_those_of_the_data_set_or_of_as_many_features() -> None:
    known = reference_costs()
    (name, *_) = {o.dataset for o in known.seen["embed", "pca(10)", "cpu"] if o.features < 100}
    split = known.of(TERMS, f"{name} (hold-out)", 1000)
    assert split
    assert {o.dataset for o in split} == {f"{name} (hold-out)"}
    other = known.of(TERMS, "mine", 900)
    assert {o.features for o in other} == {900}
    assert max(o.size for o in other) > 100
    assert ReferenceCosts().of(TERMS, "mine", 900) == []


def test_the_file_is_made_of_stored_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = [record(spec(size=size, repeat=r)) for size in (50, 100) for r in range(3)]
    store.open_folder(tmp_path)
    for run in runs:
        store.write_record(tmp_path, run)
    file = tmp_path / "costs.json"
    assert write([tmp_path], file) == 2
    machine, rows = gathered(runs)
    content = json.loads(file.read_text())
    assert content["machine"] == machine
    assert [tuple(row) for row in content["rows"]] == rows
    monkeypatch.setattr(carried, "FILE", file)
    read = carried.reference_costs.__wrapped__()
    label = runs[0].spec.label
    assert {o.size for o in read.seen["embed", label, "cpu"]} == {50, 100}


def test_nothing_stored_gives_an_empty_file() -> None:
    assert gathered([]) == ("", [])
