"""Methods are handed the batches of their rows; a suite may test on units that are new."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import anndata
import numpy as np
import pytest
from scipy import sparse

from omicsbench.contract.checks import check_path
from omicsbench.errors import DataError, OmicsbenchError, RegistryError
from omicsbench.inputs.source import own as own_source
from omicsbench.planning.plan import make_plan
from omicsbench.planning.suite import Suite, make_suite
from omicsbench.prepare.prepared import prepare
from omicsbench.reading.own import OwnData
from omicsbench.records.spec import Status
from omicsbench.registry.discover import Registry, discover
from omicsbench.running.embed import embed
from omicsbench.running.runner import run_suite

CELLS, GENES, SIZE = 1_200, 12, 100
PLUGIN = Path(__file__).parents[1] / "plugins" / "batching.py"


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    (tmp_path / "plugins").mkdir()
    (tmp_path / "given").mkdir()
    monkeypatch.setenv("GIVEN", str(tmp_path / "given"))
    shutil.copy(PLUGIN, tmp_path / "plugins")
    return discover([tmp_path / "plugins"])


def cells(tmp_path: Path, dense: bool = True, donors: int = 24) -> OwnData:
    """The batch of a cell can be read off its first feature, its donor off the second."""
    rng = np.random.default_rng(0)
    X = rng.random((CELLS, GENES), dtype=np.float32) + 1
    if not dense:
        X[rng.random(X.shape) < 0.7] = 0
    batch, donor = rng.integers(0, 3, CELLS), np.arange(CELLS) % donors
    X[:, 0], X[:, 1] = 10 + batch, 100 + donor
    adata = anndata.AnnData(X if dense else sparse.csr_matrix(X))
    adata.obs["run"] = [f"run {code}" for code in batch]
    adata.obs["donor"] = [f"donor {code:03}" for code in donor]
    adata.obs["kind"] = np.where(rng.random(CELLS) < 0.1, "", np.where(donor % 2, "a", "b"))
    adata.write_h5ad(tmp_path / "own.h5ad")
    return OwnData(
        tmp_path / "own.h5ad",
        label="kind",
        values="continuous",
        unit="donor",
        batch="run",
        scale=False,
    )


def suite(*pipelines: str, **more: Any) -> Suite:
    made: dict[str, Any] = {
        "name": "tiny",
        "pipelines": pipelines,
        "repeats": 1,
        "n_components": 2,
        "sizes": [SIZE],
        "features": GENES,
        "metrics": ["knn_recall"],
        "threads": 1,
        "scored": 50,
        "background": 60,
    }
    return make_suite(made | more)


def given(tmp_path: Path, what: str, rows: int) -> Any:
    return np.load(tmp_path / "given" / f"{what}-{rows}.npz")


@pytest.mark.parametrize("dense", [True, False])
def test_batches_are_those_of_the_rows(tmp_path: Path, registry: Registry, dense: bool) -> None:
    data = cells(tmp_path, dense)
    records = run_suite(suite("centring"), tmp_path / "out", registry=registry, own_data=[data])
    assert [r.status for r in records] == [Status.OK]
    for what, rows in (("fit", SIZE), ("transform", 60)):
        held = given(tmp_path, what, rows)
        assert np.array_equal(held["X"][:, 0] - 10, held["batch"])
        assert set(held["batch"]) == {0, 1, 2}
    assert records[0].dataset_info.batch == "run"
    assert "batch run: 3 values" in records[0].dataset_info.line


def test_a_predictor_that_uses_labels_is_given_rows_without(
    tmp_path: Path, registry: Registry
) -> None:
    chosen = suite("half_known", task="predict", metrics=["balanced_accuracy"])
    (record,) = run_suite(chosen, tmp_path / "out", registry=registry, own_data=[cells(tmp_path)])
    assert record.status is Status.OK
    held = given(tmp_path, "learn", SIZE)
    donors = (held["X"][:, 1] - 100).astype(int)
    known = held["y"] >= 0
    assert 0 < (~known).sum() < SIZE / 3
    assert np.array_equal(held["y"][known], 1 - donors[known] % 2)
    assert np.array_equal(held["X"][:, 0] - 10, held["batch"])


def test_without_batches_a_method_that_uses_them_is_skipped(
    tmp_path: Path, registry: Registry
) -> None:
    own = cells(tmp_path)
    data = OwnData(own.path, values="continuous")
    (planned,) = make_plan(suite("centring"), registry, [data])
    assert planned.skip == "uses the batch of each cell, and the data set names none"
    wrong = OwnData(own.path, values="continuous", batch="lane")
    with pytest.raises(DataError, match="no batch column 'lane'; choose one of"):
        make_plan(suite("centring"), registry, [wrong])


def test_embed_hands_batches_over(tmp_path: Path, registry: Registry) -> None:
    adata = anndata.read_h5ad(cells(tmp_path).path)
    settings: dict[str, Any] = {"values": "continuous", "n_components": 2, "registry": registry}
    with pytest.raises(OmicsbenchError, match="uses batches: name their column with batch="):
        embed(adata, "centring", **settings)
    made = embed(adata, "centring", batch="run", **settings).obsm["X_centring"]
    for run in adata.obs["run"].unique():
        assert made[adata.obs["run"] == run].mean(axis=0) == pytest.approx(0, abs=1e-3)


def test_what_uses_batches_passes_the_contract(registry: Registry) -> None:
    found = check_path(PLUGIN)
    assert len(found) > 8
    assert not [check for check in found if check.problem]


@pytest.mark.parametrize("dense", [True, False])
def test_no_donor_is_trained_and_tested_on(tmp_path: Path, registry: Registry, dense: bool) -> None:
    data = cells(tmp_path, dense)
    chosen = suite("centring", split="group", repeats=6)
    plan = make_plan(chosen, registry, [data])
    assert {p.spec.split for p in plan} == {"group"}
    assert {p.spec.dataset for p in plan} == {"own.h5ad (new donor)"}
    tested = []
    for planned in plan:
        parts = [planned.prepared.matrices(name)[""].X[:] for name in ("train", "test")]
        rows = [X if isinstance(X, np.ndarray) else X.toarray() for X in parts]
        trained, held = ({round(float(v)) for v in X[:, 1]} for X in rows)
        assert trained
        assert held
        assert not trained & held
        tested.append(held)
    assert set.union(*tested[:5]) == {100 + donor for donor in range(24)}
    assert tested[0] != tested[5]
    (planned, *_) = make_plan(suite("centring"), registry, [data])
    assert planned.spec.split == "holdout"
    assert planned.spec.dataset_id != plan[0].spec.dataset_id


def test_both_splits_of_own_data_run_in_one_suite(tmp_path: Path, registry: Registry) -> None:
    chosen = suite("pca", split="both")
    records = run_suite(chosen, tmp_path / "out", registry=registry, own_data=[cells(tmp_path)])
    found = {(r.spec.dataset, r.spec.split, r.status) for r in records}
    ok = Status.OK
    assert found == {("own.h5ad", "holdout", ok), ("own.h5ad (new donor)", "group", ok)}


def test_few_donors_are_tested_once_each(tmp_path: Path, registry: Registry) -> None:
    chosen = suite("centring", split="group", repeats=10)
    plan = make_plan(chosen, registry, [cells(tmp_path, donors=4)])
    assert [p.spec.repeat for p in plan] == [0, 1, 2, 3]


def test_a_split_by_units_that_are_not_stated_is_refused(
    tmp_path: Path, registry: Registry
) -> None:
    data = OwnData(cells(tmp_path).path, values="continuous")
    with pytest.raises(RegistryError, match="names no unit to split by"):
        make_plan(suite("centring", split="group"), registry, [data])
    chosen = suite("pca", datasets=[{"name": "digits", "unit": "writer"}])
    with pytest.raises(RegistryError, match="digits has no unit 'writer': it names no groups"):
        make_plan(chosen, registry)


def test_what_is_learnt_knows_nothing_of_donors_held_out(tmp_path: Path) -> None:
    """Values of the test donors are changed beyond recognition: training rows stay as they were."""
    data = cells(tmp_path)
    before = prepare(own_source(data).of_new_units(), [0], seed=0, features=4, per_size=False)[0]
    adata = anndata.read_h5ad(data.path)
    adata.X[before.split.test] = np.random.default_rng(1).normal(0, 1e4, (1, GENES))
    adata.write_h5ad(data.path)
    after = prepare(own_source(data).of_new_units(), [0], seed=0, features=4, per_size=False)[0]
    assert after.folder != before.folder
    for name in ("X", "features", "mean", "sd", "batches"):
        files = [made.folder / "train" / f"{name}.npy" for made in (before, after)]
        assert files[0].read_bytes() == files[1].read_bytes(), name
