"""Task regress: targets of training rows alone reach a method; what is scored is what was meant."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import anndata
import numpy as np
import pytest
from scipy import sparse

from omicsbench.contract.checks import check_path
from omicsbench.errors import DataError, RegistryError
from omicsbench.inputs.source import own as own_source
from omicsbench.metrics import METRICS
from omicsbench.planning.plan import make_plan
from omicsbench.planning.suite import Suite, make_suite
from omicsbench.prepare.parts import TARGETS, Handed, PartName
from omicsbench.prepare.prepared import Prepared, prepare
from omicsbench.reading.own import OwnData
from omicsbench.records.spec import RunSpec, Status
from omicsbench.registry.discover import Registry, discover
from omicsbench.registry.pipeline import resolve
from omicsbench.running.attempt import attempt
from omicsbench.running.fitting import Workplace
from omicsbench.running.handover import Outputs
from omicsbench.running.runner import run_suite
from omicsbench.running.scoring import Bench, judge

CELLS, FEATURES, SIZE = 1_200, 12, 100
PLUGIN = Path(__file__).parents[1] / "plugins" / "measuring.py"


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    (tmp_path / "plugins").mkdir()
    (tmp_path / "given").mkdir()
    monkeypatch.setenv("GIVEN", str(tmp_path / "given"))
    shutil.copy(PLUGIN, tmp_path / "plugins")
    return discover([tmp_path / "plugins"])


def cells(tmp_path: Path, dense: bool = True, missing: int = 0, **columns: Any) -> OwnData:
    """The target of a cell is three times its first feature, and some noise."""
    rng = np.random.default_rng(0)
    X = rng.random((CELLS, FEATURES), dtype=np.float32) + 1
    if not dense:
        X[rng.random(X.shape) < 0.7] = 0
    height = 3 * X[:, 0] + 0.1 * rng.standard_normal(CELLS)
    height[rng.permutation(CELLS)[:missing]] = np.nan
    adata = anndata.AnnData(X if dense else sparse.csr_matrix(X))
    for name, values in {"height": height, **columns}.items():
        adata.obs[name] = values
    adata.write_h5ad(tmp_path / "own.h5ad")
    return OwnData(tmp_path / "own.h5ad", target="height", values="continuous", scale=False)


def suite(*pipelines: str, **more: Any) -> Suite:
    made: dict[str, Any] = {
        "name": "tiny",
        "task": "regress",
        "pipelines": pipelines,
        "repeats": 1,
        "n_components": 2,
        "sizes": [SIZE],
        "features": FEATURES,
        "threads": 1,
        "scored": 50,
    }
    return make_suite(made | more)


@pytest.mark.parametrize("dense", [True, False])
def test_targets_are_those_of_the_rows(tmp_path: Path, registry: Registry, dense: bool) -> None:
    data = cells(tmp_path, dense, missing=300)
    (record,) = run_suite(suite("measuring"), tmp_path / "out", registry=registry, own_data=[data])
    assert record.status is Status.OK, record.reason
    given = [np.load(path) for path in (tmp_path / "given").glob("*.npz")]
    held = max(given, key=lambda own: len(own["y"]))  # the warm-up had fewer rows
    assert 50 < len(held["y"]) < SIZE, "rows without a target are left out"
    assert np.abs(held["y"] - 3 * held["X"][:, 0]).max() < 1
    assert record.scores["r2"] > 0.9
    assert record.validation["pearson"] > 0.9
    assert 0 <= record.scores["coverage_error"] <= 0.9
    assert record.scores_se["r2"] > 0
    assert (record.in_sample, record.output_dim) == ({}, None)
    assert record.dataset_info.target == "height"
    assert "target height, 300 cells without" in record.dataset_info.line


def test_poisoned_targets_of_other_rows_change_no_prediction(
    tmp_path: Path, registry: Registry
) -> None:
    data = cells(tmp_path)
    prepared = prepare(own_source(data), [0], seed=0, features=FEATURES, per_size=False)[0]
    (planned,) = make_plan(suite("pca > measuring"), registry, [data])
    place = Workplace(planned.pipeline, tmp_path / "scratch")
    bench = Bench(tmp_path / "out", tmp_path / "scratch", METRICS)

    class Outside:
        """What a supervisor does: it tells of the targets that the pipeline may see."""

        def hand(self, *parts: PartName) -> Handed:
            handed = prepared.hand(parts, [part for part in parts if part in planned.pipeline.sees])
            assert set(handed.targets) <= {"train"}
            return handed

        def score(self, given: Outputs, spec: RunSpec) -> float:
            raise NotImplementedError

    before, _ = attempt(place, planned.spec, Outside())
    good = judge(bench, planned.spec, prepared, before)["scores"]["r2"]
    for part in ("test", "validation", "all"):
        path = prepared.folder / TARGETS / f"{part}.npy"
        np.save(path, -np.load(path))
    after, _ = attempt(place, planned.spec, Outside())
    for part in ("test", "validation"):
        np.testing.assert_array_equal(after.Z[part], before.Z[part])
    fresh = Prepared(prepared.folder)
    assert judge(bench, planned.spec, fresh, after)["scores"]["r2"] < good - 1


def test_without_a_target_there_is_a_reason(tmp_path: Path, registry: Registry) -> None:
    own = cells(tmp_path, step=np.r_[np.zeros(CELLS - 25), np.arange(25)])
    data = OwnData(own.path, values="continuous")
    (planned,) = make_plan(suite("measuring"), registry, [data])
    assert planned.skip == "the data set has no target"
    data = OwnData(own.path, values="continuous", target="step")
    (planned,) = make_plan(suite("measuring", sizes=[2]), registry, [data])
    assert planned.skip == "the target does not vary in the 2 training samples"
    wrong = OwnData(own.path, values="continuous", target="weight")
    with pytest.raises(DataError, match="no target column 'weight'; choose one of height"):
        make_plan(suite("measuring"), registry, [wrong])


def test_a_regressor_passes_the_contract_and_stands_last(registry: Registry) -> None:
    assert not [check for check in check_path(PLUGIN) if check.problem]
    with pytest.raises(RegistryError, match="gives no embedding; it can only come last"):
        resolve("ridge > pca(2)", registry, task="regress")


def test_classes_by_import_path(registry: Registry) -> None:
    made = resolve("sklearn.linear_model:Ridge(alpha=2.0)", registry, task="regress")
    assert made.task == "regress"
    for path, reason in {
        "sklearn.linear_model:LogisticRegression": "is a classifier, and the task regress needs",
        "sklearn.preprocessing:StandardScaler": "has no predict",
    }.items():
        with pytest.raises(RegistryError, match=reason):
            resolve(path, registry, task="regress")
