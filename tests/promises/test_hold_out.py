"""Whatever is done to what is held out, no method learns of it, and no embedding changes."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import anndata
import numpy as np
import pytest
from scipy import sparse

from omicsbench.api import report
from omicsbench.planning.plan import Planned, make_plan
from omicsbench.planning.suite import make_suite
from omicsbench.prepare.prepared import Prepared
from omicsbench.reading.own import OwnData
from omicsbench.records.spec import Status
from omicsbench.registry.discover import discover
from omicsbench.running.attempt import attempt
from omicsbench.running.execute import _Here
from omicsbench.running.fitting import Workplace
from omicsbench.running.runner import run_suite
from omicsbench.running.scoring import Bench

CELLS, GENES, SIZE = 240, 60, 80
PIPELINES = ("log_pca", "glm_pca", "pca > autoencoder(max_steps=10)")
SEEN = ("train", "validation", "test", "validation_half", "test_half", "scoring", "labels")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMICSBENCH_CACHE", str(tmp_path / "cache"))


def written(folder: Path, dense: bool, poisoned: Any = ()) -> OwnData:
    """Counts of cells of three kinds, some columns of which are beyond recognition."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    kinds = rng.integers(0, 3, CELLS)
    X = rng.poisson(rng.gamma(0.4, 2, (3, GENES))[kinds]).astype(np.float32)
    X = X + 5 if dense else X + 5 * (np.arange(GENES) % 10 == 0)
    X[:, poisoned] = 1_000 * np.random.default_rng(2).permutation(X[:, poisoned])
    adata = anndata.AnnData(X if dense else sparse.csr_matrix(X))
    adata.obs["kind"] = np.array(["a", "b", "c"])[kinds]
    adata.write_h5ad(folder / "own.h5ad")
    return OwnData(folder / "own.h5ad", values="counts", label="kind")


def planned(data: OwnData, **more: Any) -> list[Planned]:
    made: dict[str, Any] = {
        "name": "poison",
        "pipelines": PIPELINES,
        "repeats": 1,
        "n_components": 3,
        "sizes": [SIZE],
        "features": 30,
        "scored": 30,
        "background": 30,
        "threads": 1,
        "hold_out": True,
    }
    plan = make_plan(make_suite(made | more), discover(), [data])
    assert not [skip for run in plan if (skip := run.skip)]
    return plan


def stored(prepared: Prepared, places: tuple[str, ...]) -> dict[str, bytes]:
    """All arrays in some folders of prepared data."""
    files = (file for place in places for file in (prepared.folder / place).rglob("*.npy"))
    return {str(file.relative_to(prepared.folder)): file.read_bytes() for file in files}


def embedded(run: Planned, prepared: Prepared, folder: Path) -> dict[str, bytes]:
    place = Workplace(run.pipeline, folder / "scratch")
    bench = Bench(folder, place.scratch, place.metrics)
    given, _ = attempt(place, run.spec, _Here(bench, run.pipeline, prepared))
    return {part: Z.tobytes() for part, Z in given.Z.items()}


def with_other_values(prepared: Prepared, folder: Path) -> Prepared:
    """The same, with other values in all that is held out."""
    shutil.copytree(prepared.folder, folder)
    changed = 0
    for name in ("X", "data", "depth"):
        for place in ("held_out", "validation_half", "test_half"):
            for file in (folder / place).rglob(f"{name}.npy"):
                np.save(file, np.random.default_rng(3).permutation(np.load(file)) + 1)
                changed += 1
    assert changed >= 5
    return Prepared(folder)


@pytest.mark.parametrize("dense", [False, True])
def test_features_that_are_held_out_change_nothing_else(tmp_path: Path, dense: bool) -> None:
    clean = planned(written(tmp_path / "clean", dense))[0].prepared
    assert clean.contents.sparse != dense
    before, hidden = stored(clean, SEEN), stored(clean, ("held_out",))
    assert len(before) > 15
    seen = set(clean.matrices("train")[""].features)
    held_out = np.load(clean.folder / "held_out" / "features.npy")
    assert not seen & set(held_out)
    poisoned = planned(written(tmp_path / "bad", dense, held_out))[0].prepared
    assert before == stored(poisoned, SEEN)
    assert hidden != stored(poisoned, ("held_out",)), "the poison was there"


@pytest.mark.parametrize("dense", [False, True])
def test_what_is_held_out_changes_no_embedding(tmp_path: Path, dense: bool) -> None:
    plan = planned(written(tmp_path / "clean", dense))
    attacked = with_other_values(plan[0].prepared, tmp_path / "attacked")
    for run in plan:
        one = embedded(run, run.prepared, tmp_path / "one")
        assert set(one) == {"train", "validation", "test"}
        assert one == embedded(run, attacked, tmp_path / "two"), run.spec.pipeline


def test_a_feature_that_is_seen_changes_what_is_stored(tmp_path: Path) -> None:
    """What is compared above would tell."""
    clean = planned(written(tmp_path / "clean", False))[0].prepared
    (first, *_) = clean.matrices("train")[""].features
    other = planned(written(tmp_path / "bad", False, [first]))[0].prepared
    assert stored(clean, SEEN) != stored(other, SEEN)


def test_records_say_what_was_held_out(tmp_path: Path) -> None:
    content = {
        "name": "tiny",
        "pipelines": ["pca"],
        "repeats": 1,
        "n_components": 2,
        "features": 30,
        "sizes": [50],
        "metrics": ["knn_recall"],
        "hold_out": True,
    }
    data = written(tmp_path / "own", False)
    (record,) = run_suite(make_suite(content), tmp_path / "out", own_data=[data])
    assert record.status is Status.OK
    assert str(record.dataset_info.hold_out) == "half of the molecules, and 6 features"
    assert record.spec.dataset.endswith("(hold-out)")
    text = report(tmp_path / "out").read_text(encoding="utf-8")
    assert "Held out of all methods, to score on" in text
    assert "half of the molecules, and 6 features" in text


def test_an_embedding_computed_elsewhere_takes_no_part(tmp_path: Path) -> None:
    data = written(tmp_path / "own", False)
    adata = anndata.read_h5ad(data.path)
    adata.obsm["X_other"] = np.random.default_rng(0).normal(size=(CELLS, 3)).astype(np.float32)
    adata.write_h5ad(data.path)
    content = {"name": "tiny", "pipelines": ["frozen(key='X_other')"], "repeats": 1, "sizes": [50]}
    skips = [
        make_plan(make_suite(content | {"hold_out": hold_out}), discover(), [data])[0].skip
        for hold_out in (False, True)
    ]
    assert skips[0] is None
    assert "computed from what is held out" in (skips[1] or "")
