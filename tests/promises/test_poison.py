"""Whatever is done to test rows, nothing that is fitted changes: in every task, however split."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import anndata
import mudata
import numpy as np
import pandas as pd
import pytest

from omicsbench.planning.plan import Planned, make_plan
from omicsbench.planning.suite import make_suite
from omicsbench.plugin import Task
from omicsbench.prepare.parts import Handed, PartName
from omicsbench.prepare.prepared import Prepared
from omicsbench.reading.own import OwnData
from omicsbench.records.spec import RunSpec
from omicsbench.registry.discover import Registry, discover, unavailable
from omicsbench.running.attempt import Account, attempt
from omicsbench.running.fitting import Workplace
from omicsbench.running.handover import Outputs
from omicsbench.running.scoring import Bench, judge_trial

CELLS, DONORS, SIZE = 240, 24, 80
COLUMNS = ("label", "unit", "batch", "target")  # of the cells, each called what it is
PIPELINES: dict[str, tuple[str, ...]] = {
    "embed": ("log_pca", "pca > autoencoder(max_steps=10)"),
    "predict": ("pca > knn_classifier", "mlp(max_steps=10)"),
    "regress": ("pca > ridge", "mlp_regressor(max_steps=10)"),
    "batch": ("combat", "regress_batch", "harmony"),
    "integrate": ("concatenated_pca", "multimodal_autoencoder(max_steps=10)"),
}
TUNED_BY = {
    "embed": "knn_recall",
    "predict": "log_loss",
    "regress": "r2",
    "batch": "ilisi",
    "integrate": "modality_recall",
}
Change = Callable[[np.ndarray, np.ndarray], np.ndarray]  # of X (n, p), in some rows


def pipelines(task: str, registry: Registry) -> tuple[str, ...]:
    """Those above; of a task that is not named there, its simple methods."""
    simple = tuple(
        name
        for name, entry in registry.methods.items()
        if (entry.info.task, entry.info.family) == (task, "simple")
        and not unavailable(entry.info, entry.make)
    )
    found = PIPELINES.get(task, simple)
    assert found, f"no pipeline of task {task}"
    return found


def written(
    folder: Path,
    task: str,
    change: Change | None = None,
    rows: Any = (),
    permuted: tuple[str, ...] = (),
    dense: bool = True,
) -> OwnData:
    """Counts of cells of three kinds; the ``rows`` are changed, and columns permuted among them."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    kinds = rng.integers(0, 3, CELLS)
    obs = pd.DataFrame(
        {
            "label": np.array(["a", "b", "c"])[kinds],
            "unit": [f"donor {i % DONORS:02}" for i in range(CELLS)],
            "batch": np.where(rng.random(CELLS) < 0.5, "one", "two"),
            "target": kinds + rng.normal(size=CELLS),
        },
        index=[f"cell{i}" for i in range(CELLS)],
    )
    order = np.random.default_rng(1).permutation(rows)
    for column in permuted:
        obs.loc[obs.index[rows], column] = obs[column].to_numpy()[order]
    made = {}
    for name, features in (("rna", 40), ("protein", 12)):
        X = rng.poisson(rng.gamma(0.3, 1.5, (3, features))[kinds]).astype(np.float32)
        X += 1 if dense else np.arange(features) == 0  # no cell is empty
        X = X if change is None else change(X, np.asarray(rows))
        var = pd.DataFrame(index=[f"{name}{j}" for j in range(features)])
        made[name] = anndata.AnnData(X, obs=obs.copy(), var=var)
    columns = {column: column for column in COLUMNS}
    if task == "integrate":
        with mudata.set_options(pull_on_update=False):
            mudata.MuData(made).write(folder / "own.h5mu")
        return OwnData(folder / "own.h5mu", **columns)
    made["rna"].write_h5ad(folder / "own.h5ad")
    return OwnData(folder / "own.h5ad", values="counts", **columns)


def huge(X: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Every value of these rows is beyond recognition."""
    X = X.copy()
    X[rows] = np.random.default_rng(2).integers(0, 1_000_000, X[rows].shape)
    return X


def planned(data: OwnData, task: str, registry: Registry, **more: Any) -> list[Planned]:
    """Both runs of each pipeline, as written and tuned."""
    of_task = (name for name, entry in registry.metrics.items() if task in entry.info.tasks)
    metric = TUNED_BY.get(task) or next(of_task)
    made: dict[str, Any] = {
        "name": "poison",
        "task": task,
        "pipelines": pipelines(task, registry),
        "repeats": 1,
        "n_components": 3,
        "sizes": [SIZE],
        "features": 20,
        "scored": 30,
        "background": 30,
        "threads": 1,
        "tune": {"trials": 2, "metric": metric},
    }
    plan = make_plan(make_suite(made | more), registry, [data])
    assert not [skip for run in plan if (skip := run.skip)]
    return plan


class Here:
    """Hands prepared data to an attempt and scores its trials, in this process."""

    def __init__(self, run: Planned, prepared: Prepared, bench: Bench) -> None:
        self.run, self.prepared, self.bench = run, prepared, bench

    def hand(self, *parts: PartName) -> Handed:
        return self.prepared.hand(parts, [p for p in parts if p in self.run.pipeline.sees])

    def score(self, given: Outputs, spec: RunSpec) -> float:
        return judge_trial(self.bench, spec, self.prepared, given)


def fit(run: Planned, prepared: Prepared, folder: Path) -> tuple[Outputs, Account]:
    place = Workplace(run.pipeline, folder / "scratch")
    return attempt(
        place, run.spec, Here(run, prepared, Bench(folder, place.scratch, place.metrics))
    )


def learnt(prepared: Prepared) -> dict[str, bytes]:
    """Whatever is stored of rows that are not tested on, and the split, by its place."""
    files = sorted(prepared.folder.rglob("*.npy"))
    places = {file.relative_to(prepared.folder): file for file in files}
    mine = {"train", "validation", "scoring"}
    return {
        str(place): file.read_bytes()
        for place, file in places.items()
        if mine & {*place.parts, place.stem} and place.stem != "units"
    }


def with_labels_permuted(prepared: Prepared, folder: Path) -> Prepared:
    """The same, with other labels of the test rows."""
    shutil.copytree(prepared.folder, folder)
    stored = folder / "labels" / "test.npy"
    np.save(stored, np.random.default_rng(3).permutation(np.load(stored)))
    return Prepared(folder)


def fitted(given: Outputs, account: Account) -> dict[str, Any]:
    """What tells how a pipeline was fitted: its outputs for rows that are not tested on."""
    parts = {part: Z.tobytes() for part, Z in given.Z.items() if part != "test"}
    return parts | {"tuned": account.tuned, "trials": account.trials}


@pytest.mark.parametrize("split", ["cells", "group"])
@pytest.mark.parametrize("task", get_args(Task))
def test_poisoned_test_rows_change_no_fitted_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, task: str, split: str
) -> None:
    monkeypatch.setenv("OMICSBENCH_CACHE", str(tmp_path / "cache"))
    registry = discover()
    # Donors besides come with sparse values, which are prepared by other code.
    dense = split == "cells"
    own = written(tmp_path / "clean", task, dense=dense)
    clean = planned(own, task, registry, split=split)
    contents = clean[0].prepared.contents
    first = next(iter(contents.modalities.values()), contents)
    assert first.sparse != dense
    test = np.asarray(clean[0].prepared.split.test)
    # Cells are dealt out by their labels; donors by themselves, whatever the labels.
    permuted = ("target", "batch") if split == "cells" else ("target", "batch", "label")
    bad = written(tmp_path / "bad", task, huge, test, permuted, dense=dense)
    poisoned = planned(bad, task, registry, split=split)
    before, after = (learnt(plan[0].prepared) for plan in (clean, poisoned))
    assert len(before) > 8
    assert before == after
    attacked = with_labels_permuted(poisoned[0].prepared, tmp_path / "permuted")
    assert any(run.spec.tuning for run in clean)
    for run, other in zip(clean, poisoned, strict=True):
        given, account = fit(run, run.prepared, tmp_path / "one")
        others, told = fit(other, attacked, tmp_path / "two")
        one, two = fitted(given, account), fitted(others, told)
        assert "validation" in one
        assert {name for name in one if one[name] != two[name]} == set(), run.spec.pipeline
        assert not np.array_equal(given.Z["test"], others.Z["test"]), "the poison was there"


@pytest.mark.parametrize("task", get_args(Task))
def test_a_poisoned_training_row_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, task: str
) -> None:
    """What is compared above would tell."""
    monkeypatch.setenv("OMICSBENCH_CACHE", str(tmp_path / "cache"))
    registry = discover()
    (clean, *_) = planned(written(tmp_path / "clean", task), task, registry)
    (row, *_) = clean.prepared.split.train
    (other, *_) = planned(written(tmp_path / "bad", task, huge, [row]), task, registry)
    before, after = learnt(clean.prepared), learnt(other.prepared)
    assert {"train/mean.npy", "train/rna/mean.npy"} & {n for n in before if before[n] != after[n]}
    one, two = (fit(run, run.prepared, tmp_path / "one") for run in (clean, other))
    assert fitted(*one) != fitted(*two)
