"""`omicsbench inspect`: everything that would be decided of data, and nothing is run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer

import omicsbench
from cohorts import WITHOUT_LABEL, WRITERS, as_table, cohort
from command import inside
from omicsbench.cli.main import app
from omicsbench.errors import OmicsbenchError
from omicsbench.planning.inspection import HEADS
from omicsbench.reading.decisions import Decision, heard
from omicsbench.reading.formats import FORMATS

TOPICS = {"orientation", "cells", "features", "values", "kept", "normalised", "selected", "label"}
TOPICS |= {"unit", "scaled", "split"}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    as_table(cohort()).to_csv(tmp_path / "x.csv")
    return tmp_path / "x.csv"


def test_a_table_tells_what_why_and_which_option(file: Path) -> None:
    done = inside("inspect", file, "--label", "cell_type", "--exclude", "GENE3")
    assert done.returncode == 0, done.stderr
    line, *rest = done.stdout.splitlines()
    assert line.startswith("x.csv: 60 cells x 29 features (GENE0 ... GENE29), counts, dense; ")
    assert line.endswith("left out: GENE3")
    assert all(head in rest[1] for head in HEADS)
    (values,) = (row for row in rest if row.startswith("│ values"))
    assert "counts" in values
    assert "whole numbers" in values
    assert "--values" in values
    assert "B cell (20), NK cell (20), T cell (20)" in done.stdout
    assert not list(file.parent.glob("results*")), "nothing was run"


def test_the_line_is_that_of_a_run(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = omicsbench.inspect(file, label="cell_type", provenance="author")
    given: dict[str, Any] = {"pipelines": ["pca"], "sizes": [20], "repeats": 1, "n_components": 2}
    given |= {"metrics": ["knn_recall"], "label": "cell_type", "provenance": "author"}
    omicsbench.run(data=file, out=file.parent / "out", **given)
    assert capsys.readouterr().err.splitlines()[0] == found.line


@pytest.mark.parametrize("suffix", FORMATS)
def test_of_every_format_every_topic_is_told(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"x{suffix}"
    WRITERS[suffix](cohort(), path)
    label = None if suffix in WITHOUT_LABEL else "cell_type"
    found = omicsbench.inspect(path, label=label)
    assert not found.refused
    told = {decision.about for decision in found.decisions}
    lacking = TOPICS - told
    assert lacking <= ({"orientation"} if suffix in (".h5", ".mtx", ".mtx.gz") else set())
    assert "format" in told
    assert found.line in repr(found)
    assert list(found.table.columns) == list(HEADS)
    assert len(found.table) == len(found.decisions)


def test_options_that_a_decision_names_exist() -> None:
    command = typer.main.get_command(app).commands["inspect"]  # type: ignore[attr-defined]
    known = {option for param in command.params for option in (*param.opts, *param.secondary_opts)}
    found = omicsbench.inspect(cohort(), label="cell_type")
    named = " ".join(decision.option for decision in found.decisions).replace(",", "").split()
    options = {word for word in named if word.startswith("--")} - {"--set"}
    assert len(options) > 6
    assert options <= known


def test_refused_data_tell_what_had_been_decided_and_end_with_2(file: Path) -> None:
    table = as_table(cohort()).astype({f"GENE{j}": float for j in range(30)})
    table.loc["c4", "GENE3"] = np.nan
    table.to_csv(file)
    done = inside("inspect", file, "--label", "cell_type", "--json")
    assert done.returncode == 2
    found = json.loads(done.stdout)
    (said,) = done.stderr.splitlines()
    assert said == f"omicsbench: {found['refused']}"
    assert found["line"] == ""
    assert [d for d in found["decisions"] if d["about"] == "format"]
    plain = inside("inspect", file, "--label", "cell_type")
    assert plain.returncode == 2
    assert "comma-separated" in plain.stdout
    assert plain.stderr == done.stderr
    assert omicsbench.inspect(file, label="cell_type").refused == found["refused"]


@pytest.mark.parametrize("name", ["nothing_there.csv", "x.xlsx"])
def test_what_is_no_data_is_refused_with_nothing_decided(name: str, tmp_path: Path) -> None:
    if name.startswith("x"):
        (tmp_path / name).write_bytes(b"PK")
    found = omicsbench.inspect(tmp_path / name)
    assert found.decisions == ()
    assert found.refused.endswith(".")
    assert repr(found).startswith("Refused: ")


def test_as_json_everything_is_there(file: Path) -> None:
    done = inside("inspect", file, "--json", "--label", "cell_type")
    found = json.loads(done.stdout)
    assert found.keys() == {"title", "line", "decisions", "notes", "refused"}
    assert found["refused"] == ""
    assert {d["about"] for d in found["decisions"]} >= TOPICS
    assert all(d.keys() == {"about", "decided", "why", "option"} for d in found["decisions"])


def test_a_registered_data_set_too_without_options_that_do_not_apply() -> None:
    done = inside("inspect", "simulated_atlas(n=300, genes=50)", "--json")
    found = json.loads(done.stdout)
    assert found["line"].startswith("simulated_atlas(")
    assert {d["option"] for d in found["decisions"]} == {"", "--set features=N"}
    refused = inside("inspect", "simulated_atlas(n=300)", "--label", "cell_type")
    assert refused.returncode == 2
    assert "--label belongs to your own data" in refused.stderr


def test_all_modalities_are_told_where_that_is_asked(tmp_path: Path) -> None:
    WRITERS[".h5mu"](cohort(), tmp_path / "x.h5mu")
    words = ("--all-modalities", "--json", "--label", "cell_type")
    done = inside("inspect", tmp_path / "x.h5mu", *words)
    found = json.loads(done.stdout)
    assert "; protein: 5 features" in found["line"]
    about = [d["about"] for d in found["decisions"]]
    assert {"rna: values", "protein: values"} <= set(about)
    assert about.count("provenance") == 1
    assert not [name for name in about if name.endswith(": label")], "they share it"


@pytest.mark.parametrize("data", [None, ["a.csv", "b.csv"]])
def test_python_inspects_one_data_set(data: Any) -> None:
    with pytest.raises(OmicsbenchError, match=r"takes one data set, and \d are given\.$"):
        omicsbench.inspect(data)


def test_python_names_the_data_after_the_variable() -> None:
    mine = cohort()
    assert omicsbench.inspect(mine).line.startswith("mine: 60 cells")


def test_only_who_listens_is_told_of_decisions() -> None:
    with heard() as made:
        first = Decision("format", "csv")
    Decision("format", "tsv")
    assert made == [first]
