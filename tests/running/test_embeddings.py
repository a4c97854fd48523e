"""An embedding computed elsewhere as a contestant: run, resumed, refused, reported."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from command import inside
from embedded import DIMENSIONS, EMPTY, cells, suite, table, written
from omicsbench.errors import OmicsbenchError
from omicsbench.planning.plan import Planned, make_plan
from omicsbench.prepare.subsample import chosen_train
from omicsbench.reading.own import OwnData
from omicsbench.records.spec import RunRecord, Status
from omicsbench.registry.discover import Registry, discover
from omicsbench.running.embed import embed
from omicsbench.running.execute import execute
from omicsbench.running.fitting import Workplace
from omicsbench.running.runner import run_suite

KEY = "frozen(key='X_far')"


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    """With a method that writes down what it is given, into the folder ``given``."""
    for name in ("plugins", "given"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("GIVEN", str(tmp_path / "given"))
    monkeypatch.chdir(tmp_path)
    shutil.copy(Path(__file__).parents[1] / "plugins" / "noting.py", tmp_path / "plugins")
    return discover([tmp_path / "plugins"])


def run(tmp_path: Path, registry: Registry, data: OwnData, *pipelines: str) -> list[RunRecord]:
    return run_suite(suite(*pipelines), tmp_path / "out", registry=registry, own_data=[data])


def planned(registry: Registry, data: OwnData, *pipelines: str, **more: Any) -> list[Planned]:
    return make_plan(suite(*pipelines, **more), registry, [data])


def kept(rows: Any) -> Any:
    """Numbers in the file of rows of what is kept of it."""
    return rows + (rows >= EMPTY)


def executed(tmp_path: Path, one: Planned) -> RunRecord:
    """The run done here, without the processes of a suite."""
    place = Workplace(one.pipeline, tmp_path / "scratch")
    return execute(place, tmp_path, one.spec, one.prepared)


def test_what_follows_it_is_fitted_on_training_rows_alone(
    tmp_path: Path, registry: Registry
) -> None:
    data = OwnData(written(tmp_path), label="kind")
    pipelines = (f"{KEY} > noting(2)", "frozen(path='far.parquet') > noting(2)")
    (record,) = run(tmp_path, registry, data, pipelines[0])
    assert record.status is Status.OK, record.reason
    assert (record.output_dim, record.family, record.contamination) == (2, "deep", "unknown")
    first, second = planned(registry, data, *pipelines)
    split, n = first.prepared.split, first.spec.size
    chosen = chosen_train(first.spec, split.train.size)[0]
    given, whole = tmp_path / "given", cells().obsm["X_far"]
    fitted = np.load(given / f"fit-{n}.npy")
    np.testing.assert_array_equal(fitted, whole[kept(split.train)][chosen])
    test = split.test[: first.spec.background]
    seen = np.load(given / f"transform-{test.size}.npy")
    np.testing.assert_array_equal(seen, whole[kept(test)])
    again = executed(tmp_path, second)
    assert again.scores == record.scores, "the same embedding from a table in another order"


def test_alone_it_has_its_own_dimension(tmp_path: Path, registry: Registry) -> None:
    data = OwnData(written(tmp_path), label="kind")
    alone, plain = planned(registry, data, KEY, "pca(2)")
    record = executed(tmp_path, alone)
    assert (record.output_dim, record.family, record.is_control) == (DIMENSIONS, "deep", False)
    assert record.contamination == "unknown"
    assert record.fit_info == {KEY: {"dimensions": DIMENSIONS}}
    assert executed(tmp_path, plain).contamination is None


def test_classes_are_predicted_from_it(tmp_path: Path, registry: Registry) -> None:
    data = OwnData(written(tmp_path), label="kind")
    terms = {"task": "predict", "metrics": ["balanced_accuracy"]}
    (one,) = planned(registry, data, f"{KEY} > logistic_regression", **terms)
    record = executed(tmp_path, one)
    assert (record.family, record.contamination) == ("deep", "unknown")
    assert record.scores["balanced_accuracy"] > 0.8, "the embedding tells the kinds apart"


def test_another_embedding_is_another_run_and_leaves_the_others(
    tmp_path: Path, registry: Registry
) -> None:
    data = OwnData(written(tmp_path), label="kind")
    pipelines = ("frozen(path='far.parquet')", "pca(2)")
    before = planned(registry, data, *pipelines)
    again = planned(registry, data, *pipelines)
    assert [p.key for p in before] == [p.key for p in again]
    assert before[0].prepared == again[0].prepared
    (2 * table(cells())).to_parquet(tmp_path / "far.parquet")
    after = planned(registry, data, *pipelines)
    assert [a.key == b.key for a, b in zip(before, after, strict=True)] == [False, True]
    assert before[0].prepared.folder == after[0].prepared.folder
    first, second = (
        p[0].prepared.hand(["train"]).matrices("train")[""].embedding for p in (before, after)
    )
    np.testing.assert_array_equal(2 * first, second)


def test_so_it_is_of_cells_in_memory(registry: Registry) -> None:
    adata = cells()
    data = OwnData(Path("adata"), held=adata, label="kind")
    before = planned(registry, data, KEY, "pca(2)")
    adata.obsm["X_far"] = adata.obsm["X_far"] + 1
    after = planned(registry, data, KEY, "pca(2)")
    assert [a.key == b.key for a, b in zip(before, after, strict=True)] == [False, True]


def test_a_damaged_copy_is_made_again(tmp_path: Path, registry: Registry) -> None:
    data = OwnData(written(tmp_path), label="kind")
    (first,) = planned(registry, data, KEY)
    folder = first.prepared.embedding
    assert folder is not None
    (folder / "train" / "embedding.npy").write_bytes(b"gone")
    (second,) = planned(registry, data, KEY)
    assert second.prepared.embedding == folder
    Z = second.prepared.hand(["train"]).matrices("train")[""].embedding
    np.testing.assert_array_equal(Z[:, 0], kept(second.prepared.split.train))


@pytest.mark.parametrize(
    ("method", "said"),
    [
        ("frozen(key='X_near')", "own.h5ad has no 'X_near' in .obsm; it has X_far."),
        ("frozen(path='far.csv')", "There is no file far.csv"),
        ("frozen(path='few.parquet')", "few.parquet lacks 250 cells of the 299 of own.h5ad"),
        ("frozen(path='nan.parquet')", "nan.parquet holds NaN or infinite values for 1 cell"),
        ("frozen(path='two.parquet')", "two.parquet holds the cell name 'c7' 2 times"),
        ("frozen", "frozen: name one embedding, either key='X_name'"),
        ("frozen('X_far', contamination='sene')", "contamination is one of unknown, seen, unseen"),
    ],
)
def test_what_is_no_embedding_of_these_cells_is_said_before_anything_runs(
    tmp_path: Path, registry: Registry, method: str, said: str
) -> None:
    data = OwnData(written(tmp_path), label="kind")
    made = table(cells())
    made.iloc[:50].to_parquet("few.parquet")
    made.mask(made == made.loc["c7", "d2"]).to_parquet("nan.parquet")
    made.rename(index={"c8": "c7"}).to_parquet("two.parquet")
    with pytest.raises(OmicsbenchError) as error:
        run(tmp_path, registry, data, "pca(2)", method)
    assert said in str(error.value)
    assert not list((tmp_path / "out").glob("runs/*.json"))


def test_the_command_runs_it_and_the_report_says_it(tmp_path: Path) -> None:
    written(tmp_path)
    seen = "frozen(key='X_far', contamination='seen')"
    words = ["run", "quick", "--data", "own.h5ad", "--label", "kind", "--only", "--sizes", "50"]
    words += ["--repeats", "1", "--metrics", "knn_probe_balanced_accuracy", "-o", "out"]
    done = inside(*words, "-m", f"{seen} > pca(2)", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert f"{seen} > pca(2): computed elsewhere, by a model that has seen these data" in (
        done.stdout
    )
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "its scores are no forecast" in page
    refused = inside(*words, "-m", "frozen(key='X_near')", cwd=tmp_path)
    assert refused.returncode == 2
    assert refused.stderr.strip().endswith("own.h5ad has no 'X_near' in .obsm; it has X_far.")
    assert "Traceback" not in refused.stderr


def test_cells_are_embedded_by_it(registry: Registry) -> None:
    adata = cells()
    Z = embed(adata, f"{KEY} > noting(3)", registry=registry).obsm["X_frozen_noting"]
    assert np.isnan(Z[EMPTY]).all()
    np.testing.assert_array_equal(
        np.delete(Z, EMPTY, 0), np.delete(adata.obsm["X_far"], EMPTY, 0)[:, :3]
    )
    with pytest.raises(OmicsbenchError, match=r"data has no 'X_near' in .obsm"):
        embed(adata, "frozen(key='X_near')", registry=registry)
