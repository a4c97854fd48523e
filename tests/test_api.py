"""The Python interface: as much power as the command line, AnnData in and out."""

from __future__ import annotations

from pathlib import Path

import anndata
import numpy as np
import pandas as pd
import pytest

import omicsbench
from omicsbench.errors import OmicsbenchError


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


def test_report_and_its_function_survive_each_other(results: Path, tmp_path: Path) -> None:
    path = omicsbench.report(results, tmp_path / "page.html")
    assert path.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert omicsbench.report(results).exists()
    assert omicsbench.verdicts(results) == []


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
    with pytest.raises(AttributeError):
        _ = omicsbench.nothing
