"""No accepted data without the line that says what was read: in the terminal, record and report."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import omicsbench
from cohorts import WITHOUT_LABEL, WRITERS, as_table, cohort
from command import inside
from omicsbench.planning.plan import make_plan
from omicsbench.reading.formats import FORMATS
from omicsbench.reading.own import OwnData
from omicsbench.records.store import read_records
from omicsbench.registry.discover import discover
from suites import tiny_suite

SAID = re.compile(r"60 cells x 30 features \(GENE0 ... GENE29\), counts, (dense|sparse); ")
QUICK = ["-m", "pca", "--only", "--sizes", "30", "--repeats", "1", "--threads", "1"]
QUICK += ["--set", "n_components=3", "--set", "features=20", "--metrics", "knn_recall"]


def planned(*own: OwnData, **more: Any) -> tuple[list[str], set[str]]:
    """What is told of the data before any run, and what their prepared folders say."""
    told: list[str] = []
    suite = tiny_suite("pca", **{"datasets": [], "sizes": [20]} | more)
    plan = make_plan(suite, discover(), own, tell=told.append)
    return told, {run.prepared.facts.line for run in plan}


def test_there_is_a_file_of_every_format() -> None:
    assert WRITERS.keys() == FORMATS.keys()


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_is_told_of_in_one_line(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"x{suffix}"
    WRITERS[suffix](cohort(), path)
    label = None if suffix in WITHOUT_LABEL else "cell_type"
    told, kept = planned(OwnData(path, label=label, provenance="author"))
    (line,) = told
    assert kept == {line}
    assert line.startswith(f"x{suffix}: ")
    assert SAID.search(line)
    assert ("no label" if label is None else "label cell_type: 3 classes (author)") in line
    again, _ = planned(OwnData(path, label=label, provenance="author"))
    assert again == told, "from what is prepared"


def test_several_modalities_have_one_line(tmp_path: Path) -> None:
    WRITERS[".h5mu"](cohort(), tmp_path / "x.h5mu")
    own = OwnData(tmp_path / "x.h5mu", label="cell_type")
    several = {"task": "integrate", "pipelines": ["concatenated_pca"], "metrics": ["ari"]}
    told, kept = planned(own, **several)
    (line,) = told
    assert kept == {line}
    assert line.startswith("x.h5mu: 59 cells; rna: 30 features (GENE0 ... GENE29), counts")
    assert line.endswith("; left out: 1 cell"), "one without any protein"
    assert "; protein: 5 features (CD0 ... CD4), proteins, dense; label" in line


def test_registered_data_have_theirs_in_memory_and_streamed() -> None:
    names = ["linear_control(n=60)", "simulated_atlas(n=300, genes=50)"]
    told, kept = planned(datasets=[{"name": name} for name in names])
    assert len(told) == 2
    assert kept == set(told)
    assert told[0].startswith("linear_control(n=60): 60 cells x ")
    assert told[1].startswith("simulated_atlas(")
    assert ": 300 cells x 50 features (" in told[1]
    assert "classes (simulated)" in told[1]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    from command import call

    folder = tmp_path_factory.mktemp("line")
    as_table(cohort()).to_csv(folder / "x.csv")
    words = ["run", "--data", "x.csv", "--label", "cell_type", *QUICK, "--out", "out"]
    return folder, call(*words, cwd=folder, env=os.environ)


def test_the_line_comes_before_the_first_run_in_a_log(run: tuple[Path, Any]) -> None:
    _, done = run
    assert done.returncode == 0, done.stderr
    lines = done.stderr.splitlines()
    (place,) = [i for i, text in enumerate(lines) if text.startswith("x.csv: 60 cells x 30")]
    assert SAID.search(lines[place])
    assert place < next(i for i, text in enumerate(lines) if "runs to do" in text)


def test_it_is_in_the_record_the_report_and_its_tables(run: tuple[Path, Any]) -> None:
    out = run[0] / "out"
    (record,) = read_records(out)
    line = record.dataset_info.line
    assert SAID.search(line)
    assert line in (out / "report.html").read_text(encoding="utf-8")
    assert pd.read_csv(out / "datasets.csv")["read_as"].tolist() == [line]


def test_records_of_before_have_none_and_make_a_report_all_the_same(
    run: tuple[Path, Any], tmp_path: Path
) -> None:
    (path,) = (run[0] / "out" / "runs").glob("*.json")
    content = json.loads(path.read_text())
    assert content["dataset_info"].pop("line")
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / path.name).write_text(json.dumps(content))
    page = omicsbench.report(tmp_path).read_text(encoding="utf-8")
    assert 'class="read"' not in page
    assert "x.csv" in page


def test_it_is_said_again_when_all_is_done(run: tuple[Path, Any]) -> None:
    words = ["run", "--data", "x.csv", "--label", "cell_type", *QUICK, "--out", "out"]
    done = inside(*words, "--no-report", cwd=run[0])
    assert "0 runs to do, 1 done" in done.stderr
    assert SAID.search(done.stderr)


def test_python_prints_it_with_and_without_an_observer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    adata, given = cohort(), {"label": "cell_type", "out": tmp_path, "n_components": 3}
    given |= {"pipelines": ["pca"], "sizes": [20], "repeats": 1, "metrics": ["knn_recall"]}
    omicsbench.run(data=adata, **given)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("adata: ")
    assert SAID.search(line)


def test_prepare_prints_it_and_plan_where_data_are_prepared(tmp_path: Path) -> None:
    line = "linear_control(n=61): 61 cells x"
    suite = 'pipelines = ["pca"]\nn_components = 2\nmetrics = ["knn_recall"]\n[[datasets]]\n'
    (tmp_path / "one.toml").write_text(suite + 'name = "linear_control(n=61)"\nsizes = [20]\n')
    assert line not in inside("plan", "one.toml", cwd=tmp_path).stdout
    assert line in inside("prepare", "linear_control(n=61)").stdout
    assert line in inside("plan", "one.toml", cwd=tmp_path).stdout
