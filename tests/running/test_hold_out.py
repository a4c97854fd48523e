"""Runs scored on what was held out: what metrics are given of it, and what records hold."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import anndata
import numpy as np
import pytest
from scipy import sparse

from omicsbench.metrics import METRICS
from omicsbench.metrics.base import HELD_OUT
from omicsbench.planning.plan import Planned, make_plan
from omicsbench.planning.suite import Suite, make_suite
from omicsbench.prepare.held_out_rows import HeldOutRows
from omicsbench.prepare.normalise import normalize
from omicsbench.prepare.scored import scored_rows
from omicsbench.reading.own import OwnData
from omicsbench.records.spec import RunRecord, Status
from omicsbench.registry.discover import discover
from omicsbench.running.attempt import attempt
from omicsbench.running.execute import _Here, execute
from omicsbench.running.fitting import Workplace
from omicsbench.running.handover import Outputs
from omicsbench.running.runner import run_suite
from omicsbench.running.scoring import Bench, inputs_of

CELLS, GENES, SIZE, SCORED = 300, 60, 120, 40
NAMES = ("molecule_bits", "decoder_bits", "half_consistency", "held_out_features")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMICSBENCH_CACHE", str(tmp_path / "cache"))


def counts(dense: bool = False) -> np.ndarray:
    """Cells of three kinds, with many molecules of few features."""
    rng = np.random.default_rng(0)
    rates = rng.gamma(0.15, 20, (3, GENES))[np.arange(CELLS) % 3] * rng.lognormal(
        0, 0.5, (CELLS, 1)
    )
    return np.asarray(rng.poisson(rates) + (9 if dense else 9 * (np.arange(GENES) % 20 == 0)))


def own(tmp_path: Path, X: np.ndarray, values: Any = "counts") -> OwnData:
    kept = (
        sparse.csr_matrix(X.astype(np.float32)) if (X == 0).mean() > 0.5 else X.astype(np.float32)
    )
    adata = anndata.AnnData(kept)
    adata.obs["kind"] = np.array(["a", "b", "c"])[np.arange(CELLS) % 3]
    adata.write_h5ad(tmp_path / "own.h5ad")
    return OwnData(tmp_path / "own.h5ad", label="kind", values=values)


def suite(*pipelines: str, **more: Any) -> Suite:
    made: dict[str, Any] = {
        "name": "tiny",
        "pipelines": pipelines,
        "repeats": 1,
        "n_components": 3,
        "sizes": [SIZE],
        "features": 30,
        "scored": SCORED,
        "background": 60,
        "threads": 1,
        "metrics": NAMES,
        "hold_out": True,
    }
    return make_suite(made | more)


def attempted(run: Planned, folder: Path) -> Outputs:
    place = Workplace(run.pipeline, folder / "scratch")
    bench = Bench(folder, place.scratch, place.metrics)
    return attempt(place, run.spec, _Here(bench, run.pipeline, run.prepared))[0]


def executed(run: Planned, folder: Path) -> RunRecord:
    return execute(Workplace(run.pipeline, folder / "scratch"), folder, run.spec, run.prepared)


@pytest.mark.parametrize("dense", [False, True])
def test_metrics_are_given_what_was_measured(tmp_path: Path, dense: bool) -> None:
    X = counts(dense)
    (run,) = make_plan(suite("pca"), discover(), [own(tmp_path, X)])
    prepared, spec = run.prepared, run.spec
    assert prepared.contents.sparse != dense
    known = HeldOutRows(spec, prepared)
    assert known.halved
    features = prepared.matrices("train")[""].features
    test = prepared.split.test[:SCORED]
    molecules = known.molecules("test")
    assert molecules.shape == (SCORED, 30)
    assert (molecules <= X[test][:, features]).all()
    assert 0.4 < molecules.sum() / X[test][:, features].sum() < 0.6
    given = attempted(run, tmp_path)
    assert len(given.Z["train"]) == known.reference.size == known.learning.size == SIZE
    from omicsbench.prepare.subsample import chosen_train

    train = np.sort(prepared.split.train)[chosen_train(spec, prepared.split.train.size)[0]]
    seen = known.reference_counts.toarray()
    assert (seen <= X[train][:, features]).all()
    assert 0.4 < seen.sum() / X[train][:, features].sum() < 0.6
    chosen = np.load(prepared.folder / "held_out" / "features.npy")
    sd = np.load(prepared.folder / "held_out" / "sd.npy")
    expected = normalize(X.astype(np.float32), "counts")[:, chosen] / sd
    np.testing.assert_allclose(known.values("test"), expected[test], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(known.learning_values, expected[train], rtol=1e-4, atol=1e-6)
    # Rates are those that the prepared values are logarithms of.
    (own_rows,) = prepared.matrices("test").values()
    values = own_rows.X[own_rows.order[:SCORED]]
    values = values if isinstance(values, np.ndarray) else values.toarray()
    scaled = prepared.matrices("train")[""].scaler().transform(values)
    rates = known.rates(scaled)
    near = np.isclose(np.log1p(rates), values, rtol=1e-3, atol=1e-3)
    assert near.mean() > 0.99, "all but those beyond 10 standard deviations"
    assert (known.rates(np.full((1, 30), 1e9, dtype=np.float32)) <= 10_001).all()
    assert (known.rates(np.full((1, 30), -5, dtype=np.float32)) == 0).all()


def test_a_metric_is_given_each_of_its_inputs_without_the_others(tmp_path: Path) -> None:
    (run,) = make_plan(suite("pca"), discover(), [own(tmp_path, counts())])
    given = attempted(run, tmp_path)
    spec = run.spec.model_copy(update={"metrics": ("mine",)})
    scored = scored_rows(spec, run.prepared)
    for need in HELD_OUT:
        mine = replace(METRICS["molecule_bits"], name="mine", needs=(need,))
        assert mine.of_held_out
        inputs = inputs_of(Bench(tmp_path, tmp_path, {"mine": mine}), spec, scored, given, "test")
        assert inputs.get(need) is not None, need


def test_training_rows_are_the_same_subset_for_all_pipelines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from omicsbench.prepare import held_out_rows

    monkeypatch.setattr(held_out_rows, "REFERENCE_ROWS", 50)
    monkeypatch.setattr(held_out_rows, "LEARNING_ROWS", 20)
    plan = make_plan(suite("pca", "nmf", sizes=[60, SIZE]), discover(), [own(tmp_path, counts())])
    known = {(r.spec.pipeline, r.spec.size): HeldOutRows(r.spec, r.prepared) for r in plan}
    rows = {key: k._train[k.reference].tolist() for key, k in known.items()}
    assert len({tuple(sorted(r)) for r in rows.values()}) == 1, "and at all sizes beyond"
    for k in known.values():
        assert k.reference.size == k.reference_counts.shape[0] == 50
        assert k.learning.size == len(k.learning_values) == 20
        assert set(k.learning) < set(k.reference)


def test_the_other_half_is_embedded_in_its_own_order(tmp_path: Path) -> None:
    """What is compared are the same cells, by whatever order they were transformed in."""
    X = 40 * counts()  # so many molecules that both halves are nearly the same
    for run in make_plan(
        suite("log_pca", "pca > autoencoder(depth=0)"), discover(), [own(tmp_path, X)]
    ):
        given = attempted(run, tmp_path)
        for part in ("validation", "test"):
            Z, half = given.Z[part], given.answers[part]["half_embedding"]
            assert Z.shape == half.shape
            assert np.corrcoef(Z.ravel(), half.ravel())[0, 1] > 0.99, run.spec.pipeline
        assert "half_embedding" not in given.answers["in_sample"]


def test_records_hold_the_scores(tmp_path: Path) -> None:
    """Of a stage that is shared too."""
    chosen = suite("pca", "pca > autoencoder(max_steps=20)")
    pca, shared = run_suite(chosen, tmp_path / "out", own_data=[own(tmp_path, counts())])
    assert {pca.status, shared.status} == {Status.OK}
    assert set(pca.scores) == set(pca.validation) == set(NAMES)
    assert set(pca.scores_se) == set(NAMES)
    assert not pca.in_sample
    assert set(shared.scores) == set(NAMES)


def test_noise_scores_nothing_and_labels_do(tmp_path: Path) -> None:
    chosen = suite("random_embedding", "label_oracle")
    plan = make_plan(chosen, discover(), [own(tmp_path, counts())])
    noise, oracle = (executed(run, tmp_path) for run in plan)
    for name in ("molecule_bits", "half_consistency", "held_out_features"):
        assert noise.scores[name] < 0.1 < oracle.scores[name], name
    assert abs(noise.scores["half_consistency"]) < 0.1
    assert "inverse_transform" in noise.skipped_metrics["decoder_bits"]


def test_embedding_the_other_half_is_not_timed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from omicsbench.methods import pca

    taken: list[int] = []
    transform = next(v for v in vars(pca).values() if hasattr(v, "transform")).transform

    def slow(self: Any, X: Any) -> Any:
        import time

        taken.append(len(X))
        time.sleep(0.2 if len(taken) > 3 else 0)  # test, train and validation come first
        return transform(self, X)

    (run,) = make_plan(suite("pca"), discover(), [own(tmp_path, counts())])
    monkeypatch.setattr(run.pipeline.stages[0].make, "transform", slow)
    record = executed(run, tmp_path)
    assert len(taken) == 5
    assert record.phases.transform_s < 0.1
    assert record.phases.score_s > 0.4


def test_of_data_without_counts_features_alone_are_scored(tmp_path: Path) -> None:
    data = own(tmp_path, np.random.default_rng(0).normal(size=(CELLS, GENES)), "continuous")
    (run,) = make_plan(suite("pca"), discover(), [data])
    record = executed(run, tmp_path)
    assert set(record.scores) == {"held_out_features"}
    reasons = {record.skipped_metrics[name] for name in NAMES if name != "held_out_features"}
    assert all("no molecules were held out" in reason for reason in reasons)


def test_where_nothing_is_held_out_metrics_are_those_from_before(tmp_path: Path) -> None:
    data = own(tmp_path, counts())
    for hold_out in (False, True):
        (run,) = make_plan(suite("pca", metrics=None, hold_out=hold_out), discover(), [data])
        assert (set(NAMES) <= set(run.spec.metrics)) == hold_out
        known = {name for name, m in METRICS.items() if m.of_held_out}
        assert known == set(NAMES)
        assert bool(known & set(run.spec.metrics)) == hold_out
    (run,) = make_plan(suite("pca", hold_out=False), discover(), [data])
    record = executed(run, tmp_path)  # they were asked for by name
    assert not record.scores
    assert record.skipped_metrics["held_out_features"] == "no features were held out"


def test_a_search_may_be_scored_by_it(tmp_path: Path) -> None:
    pytest.importorskip("optuna")
    tune = {"trials": 2, "metric": "half_consistency"}
    plan = make_plan(suite("nmf", tune=tune), discover(), [own(tmp_path, counts())])
    (run,) = (run for run in plan if run.spec.tuning)
    record = executed(run, tmp_path)
    assert record.trials is not None
    assert record.trials.failed == 0
    assert record.trials.default is not None
