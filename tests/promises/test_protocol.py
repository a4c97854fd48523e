"""What makes the answer honest: no leakage, nested sizes, paired repeats, equal terms."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import anndata
import numpy as np
import pytest
from scipy.sparse import csr_matrix

from omicsbench.planning.plan import Planned, make_plan
from omicsbench.planning.suite import make_suite
from omicsbench.prepare.features import select_rows
from omicsbench.prepare.normalise import normalize
from omicsbench.prepare.prepared import Prepared
from omicsbench.prepare.scaling import Scaler
from omicsbench.prepare.scored import scored_rows
from omicsbench.prepare.split import order
from omicsbench.prepare.subsample import Rows
from omicsbench.reading.own import OwnData
from omicsbench.records.spec import RunSpec
from omicsbench.registry.discover import discover
from omicsbench.running.execute import execute
from omicsbench.running.fitting import Workplace
from omicsbench.running.runner import run_suite

CELLS, GENES = 1_200, 80


def _counts(seed: int = 0) -> np.ndarray[Any, Any]:
    rng = np.random.default_rng(seed)
    group = np.arange(CELLS) % 3
    rate = rng.gamma(1.0, 1.0, (3, GENES))[group]
    return rng.poisson(rate).astype(np.float32)


def _write(path: Path, X: np.ndarray[Any, Any]) -> OwnData:
    adata = anndata.AnnData(csr_matrix(X))
    adata.obs["group"] = [f"g{i % 3}" for i in range(CELLS)]
    adata.obs_names = [f"cell{i}" for i in range(CELLS)]
    adata.write_h5ad(path)
    return OwnData(path, label="group")


def _suite(*pipelines: str, **more: Any) -> Any:
    settings: dict[str, Any] = {
        "name": "t",
        "pipelines": pipelines,
        "repeats": 2,
        "n_components": 5,
        "features": 40,
        "sizes": [60, 200],
        "scored": 100,
        "threads": 1,
    }
    return make_suite(settings | more)


def _dense(X: Any) -> np.ndarray[Any, Any]:
    return X if isinstance(X, np.ndarray) else X.toarray()


def _execute(tmp_path: Path, data: OwnData, suite: Any) -> list[tuple[RunSpec, Any, Prepared]]:
    """The suite's runs in this process: records that are exactly comparable."""
    done = []
    for planned in make_plan(suite, discover(), [data]):
        place = Workplace(planned.pipeline, tmp_path / f"scratch-{data.path.stem}")
        record = execute(place, tmp_path, planned.spec, planned.prepared)
        done.append((planned.spec, record, planned.prepared))
    return done


def _rows(planned: Planned) -> Rows:
    """The training rows of a run as its method is given them."""
    handed = planned.prepared.hand(["train"])
    return Rows.learnt(planned.pipeline.stages[0].info, planned.spec, handed)


@pytest.mark.parametrize("more", [{}, {"features_per_size": True}])
@pytest.mark.parametrize("pipeline", ["pca", "autoencoder(depth=2, max_steps=30)", "pca > tsne"])
def test_poisoned_test_rows_change_no_fitted_step(
    tmp_path: Path, pipeline: str, more: dict[str, Any]
) -> None:
    X = _counts()
    clean = _write(tmp_path / "clean.h5ad", X)
    suite = _suite(pipeline, repeats=1, **more)
    honest = _execute(tmp_path, clean, suite)
    test = np.asarray(honest[0][2].split.test)
    poisoned = X.copy()
    rng = np.random.default_rng(1)
    poisoned[test] = 50 * rng.permuted(poisoned[test], axis=1) + rng.poisson(9, (len(test), GENES))
    attacked = _execute(tmp_path, _write(tmp_path / "poisoned.h5ad", poisoned), suite)
    for (_, record, prepared), (_, other, other_prepared) in zip(honest, attacked, strict=True):
        for name in ("features", "mean", "sd"):
            stored = (
                np.load(p.folder / "train" / f"{name}.npy") for p in (prepared, other_prepared)
            )
            assert np.array_equal(*stored), name
        for name in ("train", "validation", "test"):
            split = (getattr(p.split, name) for p in (prepared, other_prepared))
            assert np.array_equal(*split), name
        assert record.in_sample == other.in_sample
        assert record.validation == other.validation
        assert record.validation
        assert record.scores != other.scores, "the poison was there"


def test_labels_reach_no_unsupervised_method(tmp_path: Path) -> None:
    """Permuting the labels of the training rows moves nothing but label transfer."""
    data = _write(tmp_path / "a.h5ad", _counts())
    (planned, *_) = make_plan(_suite("pca", repeats=1), discover(), [data])
    place = Workplace(planned.pipeline, tmp_path / "scratch")
    record = execute(place, tmp_path, planned.spec, planned.prepared)
    shutil.copytree(planned.prepared.folder, tmp_path / "permuted")
    stored = tmp_path / "permuted" / "labels" / "train.npy"
    np.save(stored, np.random.default_rng(0).permutation(np.load(stored)))
    other = execute(place, tmp_path, planned.spec, Prepared(tmp_path / "permuted"))
    moved = {name for name in record.scores if record.scores[name] != other.scores[name]}
    assert moved
    assert all("transfer" in name for name in moved)


def test_sizes_are_nested_and_methods_see_the_same_rows(tmp_path: Path) -> None:
    data = _write(tmp_path / "a.h5ad", _counts())
    plan = make_plan(_suite("pca", "random_projection"), discover(), [data])
    rows: dict[tuple[str, int, int], Any] = {}
    scored: dict[tuple[str, int, int], Any] = {}
    numbers: dict[tuple[int, int], Any] = {}
    for planned in plan:
        spec = planned.spec
        taken = _rows(planned)
        rows[spec.pipeline, spec.size, spec.repeat] = taken
        scored[spec.pipeline, spec.size, spec.repeat] = scored_rows(spec, planned.prepared)
        permutation = order(len(planned.prepared.split.train), spec.repeat, spec.seed)
        chosen = np.sort(planned.prepared.split.train[permutation[: spec.size]])
        numbers[spec.size, spec.repeat] = chosen
        assert taken.X["train"].shape == (len(chosen), planned.prepared.contents.shape[1])
    names = sorted({key[0] for key in rows})
    for repeat in (0, 1):
        for size in (60, 200):
            one, other = rows[names[0], size, repeat], rows[names[1], size, repeat]
            same = np.array_equal(_dense(one.X["train"]), _dense(other.X["train"]))
            assert same, "contestants are paired"
        small, large = rows[names[0], 60, repeat], rows[names[0], 200, repeat]
        # Scaling is learnt on the n rows: the pattern of zeros shows that the rows are nested.
        few, many = (numbers[size, repeat] for size in (60, 200))
        inside = np.isin(many, few)
        assert inside.sum() == 60
        zeros = [_dense(small.X["train"]) == 0, _dense(large.X["train"])[inside] == 0]
        assert np.array_equal(*zeros)
        few, many = (scored[names[0], size, repeat].expression for size in (60, 200))
        assert np.array_equal(few["test"], many["test"]), "one scored space"
        assert np.array_equal(few["in_sample"], many["in_sample"])
    first, second = (_dense(rows[names[0], 60, repeat].X["train"]) for repeat in (0, 1))
    assert not np.array_equal(first, second), "repeats differ"


def test_scaling_is_learnt_on_the_training_rows(tmp_path: Path) -> None:
    data = _write(tmp_path / "a.h5ad", _counts())
    planned = make_plan(_suite("pca"), discover(), [data])[0]
    train = _dense(_rows(planned).X["train"])
    assert np.allclose(train.std(axis=0), 1, atol=0.05)
    dense = np.random.default_rng(0).normal(50, 3, (500, 4)).astype(np.float32)
    dense[:, 3] = 7
    scaled = Scaler.fit(dense).transform(dense)
    assert np.allclose(scaled.std(axis=0), [1, 1, 1, 0], atol=1e-3)
    assert np.allclose(Scaler.fit(dense).inverse(scaled), dense, atol=1e-2)


def test_normalisation_and_selection_agree_with_scanpy() -> None:
    import scanpy as sc

    X = csr_matrix(_counts())
    adata = anndata.AnnData(X.copy())
    sc.pp.normalize_total(adata, target_sum=1e4)
    sc.pp.log1p(adata)
    mine = normalize(X, "counts")
    assert np.allclose(mine.toarray(), adata.X.toarray(), rtol=1e-5)
    assert np.allclose(normalize(X.toarray(), "counts"), mine.toarray(), rtol=1e-5)
    sc.pp.highly_variable_genes(adata, flavor="seurat", n_top_genes=30)
    assert (
        select_rows(mine, "counts", 30).tolist()
        == np.flatnonzero(adata.var.highly_variable).tolist()
    )
    variances = mine.toarray().var(axis=0)
    assert set(select_rows(mine, "continuous", 7)) == set(np.argsort(-variances)[:7])
    assert np.array_equal(mine.toarray(), normalize(X, "counts").toarray()), "input is untouched"


def test_controls_bound_every_metric(tmp_path: Path) -> None:
    data = _write(tmp_path / "a.h5ad", _counts())
    suite = _suite("pca", "random_embedding", "label_oracle", repeats=3, sizes=[200])
    records = run_suite(suite, tmp_path / "out", own_data=[data])
    mean: dict[str, dict[str, float]] = {}
    for name in ("pca", "random_embedding", "label_oracle"):
        found = [r.scores for r in records if r.spec.pipeline.startswith(name)]
        assert len(found) == 3
        mean[name] = {m: float(np.mean([s[m] for s in found])) for m in found[0]}
    for metric, value in mean["random_embedding"].items():
        assert value <= mean["pca"][metric], f"random is ahead of PCA on {metric}"
    for metric in mean["label_oracle"]:
        if metric.startswith(("knn_probe", "linear_probe", "knn_transfer", "linear_transfer")):
            assert mean["label_oracle"][metric] >= 0.99, metric
            assert mean["label_oracle"][metric] >= mean["pca"][metric]


def test_a_damaged_cache_is_made_again(tmp_path: Path) -> None:
    data = _write(tmp_path / "a.h5ad", _counts())
    folder = make_plan(_suite("pca"), discover(), [data])[0].prepared.folder
    for name in ("scoring/train.npy", "labels/all.npy", "test/order.npy", "meta.json"):
        whole = (folder / name).read_bytes()
        (folder / name).write_bytes(whole[: len(whole) // 2])
        again = make_plan(_suite("pca"), discover(), [data])[0].prepared
        assert again.folder == folder
        if name != "meta.json":  # which tells how long it took
            assert (folder / name).read_bytes() == whole


def test_where_labels_come_from_is_part_of_own_data(tmp_path: Path) -> None:
    path = _write(tmp_path / "a.h5ad", _counts()).path
    told = [
        make_plan(_suite("pca"), discover(), [OwnData(path, "group", provenance=origin)])[0]
        for origin in (None, "computed")
    ]
    assert [p.prepared.facts.provenance for p in told] == [None, "computed"]


def test_per_size_selection_happens_on_the_n_rows(tmp_path: Path) -> None:
    data = _write(tmp_path / "a.h5ad", _counts())
    plan = make_plan(_suite("pca", features_per_size=True, repeats=1), discover(), [data])
    small, large = map(_rows, plan)
    assert small.X["train"].shape == (60, 40)
    assert large.X["train"].shape == (200, 40)
    few, many = (scored_rows(p.spec, p.prepared).expression["test"] for p in plan)
    assert not np.array_equal(few, many)


def test_without_labels_label_metrics_are_skipped_with_the_reason(tmp_path: Path) -> None:
    path = _write(tmp_path / "a.h5ad", _counts()).path
    suite = _suite("pca", "label_oracle", repeats=1, sizes=[60])
    pca, oracle = run_suite(suite, tmp_path / "out", own_data=[OwnData(path)])
    assert pca.skipped_metrics["ari"] == "the data set has no labels"
    assert "knn_recall" in pca.scores
    assert oracle.status == "skipped"
    assert oracle.reason == "the data set has no labels"
