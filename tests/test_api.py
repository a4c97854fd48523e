"""The Python interface: as much power as the command line, AnnData in and out."""

from __future__ import annotations

import ast
import inspect
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import anndata
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import omicsbench
from omicsbench.errors import OmicsbenchError
from omicsbench.inputs.given import own_data
from omicsbench.reading.own import OwnData
from omicsbench.tracking.compare import Alarm


@pytest.fixture(scope="module")
def adata() -> anndata.AnnData:
    rng = np.random.default_rng(0)
    rate = rng.gamma(1.0, 2.0, (3, 40))[np.arange(150) % 3]
    made = anndata.AnnData(rng.poisson(rate).astype(np.float32))
    made.obs["kind"] = [f"k{i % 3}" for i in range(150)]
    return made


@pytest.fixture(scope="module")
def results(adata: anndata.AnnData, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("results")
    table = omicsbench.run(
        "quick",
        data=adata,
        label="kind",
        out=out,
        repeats=2,
        sizes=[30, "all"],
        n_components=3,
        pipelines=["pca"],
        methods=["random_projection"],
        metrics=["knn_recall", "ari"],
        features=20,
    )
    assert isinstance(table, pd.DataFrame)
    return out


def test_run_returns_the_tidy_table_that_load_returns(results: Path) -> None:
    table = omicsbench.load(results)
    assert set(table["pipeline"]) == {"pca(3)", "random_projection(3)"}
    assert set(table["status"]) == {"ok"}
    assert set(table["part"]) == {"test", "validation", "in_sample"}
    test = table[(table["part"] == "test") & (table["metric"] == "knn_recall")]
    assert len(test) == 2 * 2 * 2
    assert test["value"].between(0, 1).all()
    assert not table.duplicated(["key", "part", "metric"]).any()


def test_the_report_names_the_call_that_was_made(results: Path) -> None:
    text = omicsbench.report(results).read_text(encoding="utf-8")
    for part in ("omicsbench.run(", "AnnData of 150 x 40", "label=", "repeats=2", "features=20"):
        assert part in text


def test_the_same_data_resumes(results: Path, adata: anndata.AnnData) -> None:
    before = {p: p.stat().st_mtime_ns for p in (results / "runs").iterdir()}
    omicsbench.run(
        "quick",
        data=adata.copy(),
        label="kind",
        out=results,
        repeats=2,
        sizes=[30, "all"],
        n_components=3,
        pipelines=["pca"],
        methods=["random_projection"],
        metrics=["knn_recall", "ari"],
        features=20,
    )
    assert {p: p.stat().st_mtime_ns for p in (results / "runs").iterdir()} == before


def test_packed_results_resume_and_say_the_same(results: Path, tmp_path: Path) -> None:
    shutil.copytree(results, out := tmp_path / "out")
    assert omicsbench.pack(out).runs == 8
    shutil.rmtree(out / "runs")
    pd.testing.assert_frame_equal(omicsbench.load(out), omicsbench.load(results))
    assert omicsbench.verdicts(out) == omicsbench.verdicts(results)
    assert omicsbench.answer(out) == omicsbench.answer(results)


def test_report_and_its_function_survive_each_other(results: Path, tmp_path: Path) -> None:
    path = omicsbench.report(results, tmp_path / "page.html")
    assert path.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert omicsbench.report(results).exists()
    assert omicsbench.verdicts(results) == []


def test_an_anndata_has_a_name_in_results(
    adata: anndata.AnnData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Data set and folder are named alike, and never after the file it was written into."""
    monkeypatch.chdir(tmp_path)
    few = {"sizes": [30], "repeats": 1, "pipelines": ["pca(2)"], "metrics": ["knn_recall"]}
    tables = {
        "adata": omicsbench.run("quick", data=adata, **few),
        "my_donors": omicsbench.run("quick", data=adata.to_df(), name="my donors", **few),
    }
    for name, table in tables.items():
        assert set(table["dataset"]) == {name}
        assert (tmp_path / "results" / name / "runs").is_dir()
    assert len({frozenset(table["value"]) for table in tables.values()}) == 1
    report = omicsbench.report(tmp_path / "results" / "my_donors").read_text(encoding="utf-8")
    assert "data.h5ad" not in report
    assert "my donors" in report
    named = adata.copy()
    named.uns["name"] = "cells of mine"
    (own,) = own_data(named, variable="named")
    assert own.called == own.stem == "cells_of_mine"
    assert OwnData(Path("a b.h5ad")).called == "a_b.h5ad"
    assert OwnData(Path("a b.h5ad")).stem == "a b"
    with pytest.raises(OmicsbenchError, match="needs a letter"):
        omicsbench.run("quick", data=adata, name="..")
    with pytest.raises(OmicsbenchError, match="A name belongs to your own data"):
        omicsbench.run("quick", name="cells")


def test_all_options_of_data_are_keyword_arguments(
    adata: anndata.AnnData, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And data that have no other name are called by the variable that holds them."""
    seen: list[Any] = []

    def run_suite(suite: Any, folder: Path, **given: Any) -> list[Any]:
        seen.append((suite, folder, given["own_data"]))
        return []

    monkeypatch.setattr("omicsbench.running.runner.run_suite", run_suite)
    pbmc = adata.copy()
    options: dict[str, Any] = {
        "layer": "raw",
        "exclude": ["age"],
        "transpose": True,
        "scale": False,
    }
    omicsbench.run("quick", data=pbmc, label="kind", repeats=3, **options)
    for cells in (adata.copy(), adata.copy()):  # a loop's variable is a name as well
        omicsbench.run("quick", data=cells)
    omicsbench.run("quick", data=adata.copy())
    folders = [folder.name for _, folder, _ in seen]
    assert folders == ["pbmc", "cells", "cells", "adata"]
    suite, _, (own,) = seen[0]
    assert suite.repeats == 3
    assert (own.label, own.layer, own.exclude) == ("kind", "raw", ("age",))
    assert own.transpose
    assert not own.scale
    with pytest.raises(OmicsbenchError, match="exclude takes a list"):
        omicsbench.run("quick", data=pbmc, exclude="age")
    with pytest.raises(OmicsbenchError, match="A layer belongs to your own data"):
        omicsbench.run("quick", layer="raw")


def test_the_same_cells_are_embedded_from_whatever_holds_them(
    adata: anndata.AnnData, tmp_path: Path
) -> None:
    path = tmp_path / "cells.h5ad"
    adata.write_h5ad(path)
    expected = omicsbench.embed(adata.copy(), "pca(3)").obsm["X_pca"]
    frame = adata.to_df().assign(kind=list(adata.obs["kind"]))
    before = frame.copy()
    for given in (path, str(path), adata.X, sparse.csc_matrix(adata.X), frame):
        back = omicsbench.embed(given, "pca(3)")
        assert isinstance(back, anndata.AnnData)
        np.testing.assert_array_equal(back.obsm["X_pca"], expected)
    assert frame.equals(before)
    assert list(back.obs_names) == list(adata.obs_names)
    assert list(back.obs["kind"]) == list(adata.obs["kind"])


@pytest.mark.parametrize(
    ("given", "pipeline", "more", "sentence"),
    [
        (None, "logistic_regression", {}, "logistic_regression predicts labels, it gives no"),
        (None, "pca(5) > knn_classifier", {}, "predicts labels"),
        (None, "mofa(3)", {}, "joins several modalities"),
        (None, "label_oracle(2)", {}, "needs labels"),
        (None, "pca", {}, r"pca\(50\): 50 dimensions are too many for 150 cells and 40 features"),
        (None, "pca", {"n_components": 0}, "n_components=0 is no number of dimensions"),
        (None, "pca(20) > tsne(200)", {}, "200 dimensions are too many for 150 cells"),
        (None, "pca > no_such", {}, "Unknown method 'no_such'"),
        (None, "pca(2)", {"values": "nonsense"}, "Unknown values 'nonsense'"),
        (np.ones(9), "pca(2)", {}, r"an array of shape \(9,\)"),
        (np.full((9, 9), "a"), "pca(2)", {}, "give numbers"),
        ({}, "pca(2)", {}, "data is a dict; give a file's path, an AnnData"),
        ("no/such.h5ad", "pca(2)", {}, "no/such.h5ad"),
        (np.random.default_rng(0).normal(size=(30, 9)), "nmf(2)", {}, "needs non-negative data"),
    ],
)
def test_what_cannot_be_embedded_is_refused_in_one_sentence(
    adata: anndata.AnnData, given: Any, pipeline: str, more: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(OmicsbenchError, match=sentence):
        omicsbench.embed(adata.copy() if given is None else given, pipeline, **more)


def test_embeddings_come_back_in_obsm(adata: anndata.AnnData) -> None:
    before = adata.X.copy()
    back = omicsbench.embed(adata, "pca(5) > random_projection(2)", features=30)
    assert back is adata
    Z = adata.obsm["X_pca_random_projection"]
    assert Z.shape == (150, 2)
    assert Z.dtype == np.float32
    assert np.isfinite(Z).all()
    assert np.array_equal(adata.X, before)
    omicsbench.embed(adata, "pca", n_components=4, key="X_mine")
    assert adata.obsm["X_mine"].shape == (150, 4)


@pytest.mark.filterwarnings("ignore")
def test_what_embedding_returns_can_be_written(adata: anndata.AnnData, tmp_path: Path) -> None:
    adata.write_h5ad(tmp_path / "a.h5ad")
    for given in (tmp_path / "a.h5ad", adata.to_df(), adata[::2]):
        omicsbench.embed(given, "pca(2)").write_h5ad(tmp_path / "b.h5ad")
        assert anndata.read_h5ad(tmp_path / "b.h5ad").obsm["X_pca"].shape[1] == 2
    backed = anndata.read_h5ad(tmp_path / "a.h5ad", backed="r")
    assert omicsbench.embed(backed, "pca(2)").obsm["X_pca"].shape == (150, 2)
    backed.file.close()


def test_cells_without_counts_get_nan(adata: anndata.AnnData) -> None:
    copy = adata.copy()
    copy.X[7] = 0
    Z = omicsbench.embed(copy, "pca(2)").obsm["X_pca"]
    assert np.flatnonzero(np.isnan(Z).any(axis=1)).tolist() == [7]


def test_bad_arguments_are_refused(adata: anndata.AnnData, tmp_path: Path) -> None:
    with pytest.raises(OmicsbenchError, match="did you mean repeats"):
        omicsbench.run("quick", data=adata, out=tmp_path, repeat=3)
    with pytest.raises(OmicsbenchError, match="control"):
        omicsbench.embed(adata, "label_oracle(2)")
    with pytest.raises(OmicsbenchError, match="kind"):
        omicsbench.run("quick", data=adata, label="knd", out=tmp_path)
    with pytest.raises(OmicsbenchError, match="methods takes a list"):
        omicsbench.run("quick", data=adata, methods="umap", out=tmp_path)
    with pytest.raises(OmicsbenchError, match="data is a dict"):
        omicsbench.run("quick", data={}, out=tmp_path)  # type: ignore[arg-type]
    wrong: list[dict[str, Any]] = [
        {"methods": 5},
        {"plugins": 5},
        {"out": 5},
        {"suite": None},
        {"executor": "dask"},
        {"name": 3},
        {"label": ["kind"]},
        {"repeats": "two"},
    ]
    for options in wrong:
        with pytest.raises(OmicsbenchError, match=r"^[^\n]+\.$"):
            omicsbench.run(**{"data": adata, "out": tmp_path, **options})
    for function in (omicsbench.load, omicsbench.report, omicsbench.verdicts, omicsbench.pack):
        with pytest.raises(OmicsbenchError, match="named by a path, not a int"):
            function(3)  # type: ignore[operator]
    with pytest.raises(OmicsbenchError, match="named by text, not by a int"):
        omicsbench.embed(adata, 3)  # type: ignore[arg-type]
    with pytest.raises(AttributeError):
        _ = omicsbench.nothing


def test_the_public_names_as_a_whole() -> None:
    functions = {
        "ab",
        "answer",
        "calibrate",
        "compare",
        "embed",
        "estimate",
        "history",
        "inspect",
        "load",
        "pack",
        "plan",
        "pull",
        "push",
        "report",
        "run",
        "verdicts",
    }
    assert set(omicsbench.__all__) == functions | {"__version__", "plot"}
    assert omicsbench.__all__ == sorted(omicsbench.__all__)
    for name in functions:
        made = getattr(omicsbench, name)
        assert callable(made), name
        told = inspect.getdoc(made) or ""
        unsaid = [p for p in inspect.signature(made).parameters if not re.search(rf"\b{p}\b", told)]
        assert not unsaid, f"{name} does not say what {unsaid} are"


def test_no_module_hides_a_public_function() -> None:
    """`import omicsbench.x` sets the attribute `x`: no module may bear a function's name."""
    code = (
        "import importlib, pkgutil, omicsbench\n"
        "for found in pkgutil.walk_packages(omicsbench.__path__, 'omicsbench.'):\n"
        "    if found.name.count('.') == 1 and not found.name.endswith('__main__'):\n"
        "        importlib.import_module(found.name)\n"
        "wrong = [n for n in omicsbench.__all__ if n not in ('__version__', 'plot')\n"
        "         and type(getattr(omicsbench, n)).__name__ != 'function']\n"
        "assert not wrong, wrong\n"
    )
    subprocess.run([sys.executable, "-P", "-c", code], check=True)


def test_importing_omicsbench_loads_nothing() -> None:
    code = "import sys, omicsbench; print([m for m in sys.modules if m.startswith('omicsbench')])"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], check=True, capture_output=True, text=True
    )
    assert set(ast.literal_eval(done.stdout)) == {"omicsbench", "omicsbench._version"}


def test_two_folders_are_compared(results: Path, tmp_path: Path) -> None:
    found = omicsbench.compare(results, results)
    assert (found.base, found.head) == (str(results), str(results))
    assert found.alarm is Alarm.NOT_COMPARABLE, "nothing was measured anew"
    with pytest.raises(OmicsbenchError, match="no results folder"):
        omicsbench.compare(tmp_path / "gone", results)


def test_a_history_is_kept_and_told(results: Path, tmp_path: Path) -> None:
    file, page = tmp_path / "history.jsonl", tmp_path / "pages" / "history.html"
    found = omicsbench.history(file, add=[results], revision="v1", out=page)
    assert [entry.revision for entry in found.added] == ["v1"]
    assert (found.left_out, len(found.trends.revisions)) == (0, 1)
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    again = omicsbench.history(file)
    assert (again.added, again.trends) == ((), found.trends)
    with pytest.raises(OmicsbenchError, match=r"name an \.html file"):
        omicsbench.history(file, out=tmp_path / "page.pdf")


def test_a_plan_is_told_and_runs_nothing(tmp_path: Path) -> None:
    found = omicsbench.plan("quick", results=tmp_path / "none")
    assert (found.suite, found.stored) == ("quick", 0)
    assert found.total.todo == sum(row.repeats for row in found.rows) > 0
    table = omicsbench.estimate("quick", results=tmp_path / "none")
    assert table["repeats"].sum() == found.total.todo
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_compared_is_refused_before_anything_runs(tmp_path: Path) -> None:
    with pytest.raises(OmicsbenchError, match="3 sets of runs tell no noise floor; take 4"):
        omicsbench.calibrate("quick", sets=3, out=tmp_path / "aa")
    with pytest.raises(OmicsbenchError, match="fewer than 6"):
        omicsbench.ab("HEAD", "HEAD", samples=5, out=tmp_path / "ab")
    with pytest.raises(OmicsbenchError, match="no method to run alone"):
        omicsbench.ab("HEAD", "HEAD", only=True, out=tmp_path / "ab")
    assert list(tmp_path.iterdir()) == []
