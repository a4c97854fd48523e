"""Tasks predict and integrate, from a suite to its verdicts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anndata
import numpy as np
import pandas as pd
import pytest

from omicsbench.errors import DataError, RegistryError
from omicsbench.planning.plan import Planned, make_plan
from omicsbench.planning.suite import Suite, make_suite
from omicsbench.prepare.scored import scored_rows
from omicsbench.prepare.subsample import Rows
from omicsbench.reading.own import OwnData
from omicsbench.records.analysis import Analysis
from omicsbench.records.facts import ModalityFacts
from omicsbench.records.spec import RunRecord, RunSpec
from omicsbench.registry.discover import discover
from omicsbench.running.execute import execute
from omicsbench.running.fitting import Workplace
from omicsbench.verdict.judge import verdicts


def suite(task: str, *pipelines: str, **more: Any) -> Suite:
    made: dict[str, Any] = {
        "name": "tiny",
        "task": task,
        "pipelines": pipelines,
        "repeats": 2,
        "n_components": 3,
        "features": 100,
        "scored": 100,
        "background": 100,
        "threads": 1,
    }
    return make_suite({**made, **more})


def run(plan: list[Planned], folder: Path) -> list[RunRecord]:
    records = []
    for planned in plan:
        if planned.skip:
            records.append(planned.skipped_record("tiny", {}))
            continue
        place = Workplace(planned.pipeline, folder / "scratch")
        records.append(execute(place, folder, planned.spec, planned.prepared))
    return records


def written(path: Path, X: Any, labels: Any) -> OwnData:
    obs = pd.DataFrame({"kind": pd.Categorical(labels)}, index=[f"c{i}" for i in range(len(X))])
    anndata.AnnData(np.asarray(X, np.float32), obs=obs).write_h5ad(path)
    return OwnData(path, label="kind", values="continuous", provenance="simulated")


def test_a_predictor_is_scored_as_one(tmp_path: Path) -> None:
    plan = make_plan(
        suite(
            "predict",
            "logistic_regression",
            "pca > logistic_regression",
            "deep_ensemble",
            sizes=[100],
            repeats=1,
            datasets=[{"name": "scmark_immune"}],
        ),
        discover(),
    )
    simple, on_top, deep = run(plan, tmp_path)
    for record in (simple, on_top, deep):
        assert record.output_dim is None
        assert {"balanced_accuracy", "log_loss", "expected_calibration_error"} <= set(record.scores)
        assert record.validation.keys() == record.scores.keys()
        assert record.scores["balanced_accuracy"] > 0.6
        assert sum(record.curves["reliability"]["rows"]) == 100
        assert record.skipped_metrics["outlier_auroc"] == "no class was held out of training"
    assert len(deep.curves["posterior"]["accuracy"]) == 5
    assert "posterior" not in simple.curves
    assert (simple.family, on_top.family, deep.family) == ("simple", "simple", "deep")
    assert RunRecord.model_validate_json(deep.model_dump_json()) == deep


def test_a_class_held_out_is_never_trained_on(tmp_path: Path) -> None:
    data = {"name": "scmark_immune", "held_out": "Macrophages"}
    plan = make_plan(
        suite("predict", "logistic_regression", sizes=[200], repeats=1, datasets=[data]),
        discover(),
    )
    prepared = plan[0].prepared
    names, labels = prepared.facts.label_names, np.asarray(prepared.labels)
    code = names.index("Macrophages")
    parts = prepared.split
    assert (labels[parts.train] != code).all()
    assert (labels[parts.validation] != code).all()
    assert (labels[parts.test] == code).sum() > 50
    (record,) = run(plan, tmp_path)
    assert record.spec.dataset == "scmark_immune (held out: Macrophages)"
    # Whether a method is less certain of them is its own matter: a linear one is surer here.
    assert 0 <= record.scores["outlier_auroc"] <= 1
    assert sum(record.curves["uncertainty"]["held_out"]) == pytest.approx(1)
    with pytest.raises(DataError, match="no class 'Zebra' to hold out; the classes are Macro"):
        make_plan(
            suite("predict", "logistic_regression", datasets=[data | {"held_out": "Zebra"}]),
            discover(),
        )


def test_classes_with_one_member_are_left_out_and_reported(tmp_path: Path) -> None:
    plan = make_plan(
        suite(
            "predict",
            "logistic_regression",
            "mlp(max_steps=20)",
            sizes=[20],
            datasets=[{"name": "nci60"}],
        ),
        discover(),
    )
    for planned, record in zip(plan, run(plan, tmp_path), strict=True):
        assert "K562A-repro" in record.notes[0]
        handed = planned.prepared.hand(["train"], ["train"])
        rows = Rows.learnt(planned.pipeline.stages[0].info, planned.spec, handed)
        alone = [rows.labels["train"], scored_rows(planned.spec, planned.prepared).codes["test"]]
        names = planned.prepared.facts.label_names
        assert names.index("K562A-repro") not in np.concatenate([np.asarray(c) for c in alone])
        assert np.isfinite(record.scores["log_loss"])


def test_what_cannot_run_is_set_aside_with_its_reason(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    labels = ["rare"] * 4 + ["common"] * 56
    data = written(tmp_path / "a.h5ad", rng.standard_normal((60, 20)), labels)
    plan = make_plan(
        suite("predict", "logistic_regression", "conv_net(image=(8, 8))", sizes=[5], repeats=5),
        discover(),
        [data],
    )
    reasons = {p.skip for p in plan if p.skip}
    assert "takes images of 8 x 8, the data set has 20 features" in reasons
    assert "only one class among the 5 training samples" in reasons
    bare = OwnData(data.path, values="continuous")
    (planned,) = make_plan(suite("predict", "mlp", sizes=[20], repeats=1), discover(), [bare])
    assert planned.skip == "the data set has no labels"


@pytest.mark.parametrize(
    ("task", "pipeline", "data", "more", "says"),
    [
        ("predict", "pca", "nci60", {}, "pca is for task embed"),
        ("predict", "mlp > pca", "nci60", {}, "can only come last"),
        ("integrate", "pca > cca", "nutrimouse", {}, "can only come first"),
        ("integrate", "cca > mlp", "nutrimouse", {}, "classes are predicted from one modality"),
        ("integrate", "cca", "nci60", {}, "nci60 has one modality"),
        ("embed", "pca", "nutrimouse", {}, "nutrimouse has several modalities"),
        ("predict", "mlp", "nci60", {"metrics": ["knn_recall"]}, "no metric of task predict"),
        ("predict", "mlp", "nci60", {"tune": {"trials": 2}}, "no metric of task predict"),
    ],
)
def test_what_does_not_fit_the_task_is_refused(
    task: str, pipeline: str, data: str, more: dict[str, Any], says: str
) -> None:
    with pytest.raises(RegistryError, match=says):
        make_plan(suite(task, pipeline, datasets=[{"name": data}], **more), discover())


def test_the_metrics_of_an_embedding_are_those_from_before_there_were_tasks() -> None:
    (planned,) = make_plan(
        suite("embed", "pca", sizes=[20], repeats=1, datasets=[{"name": "khan_srbct"}]), discover()
    )
    assert planned.spec.metrics[0] == "knn_probe_balanced_accuracy" or planned.spec.metrics
    assert not {"log_loss", "foscttm"} & set(planned.spec.metrics)


def test_an_integration_is_scored_by_each_modality(tmp_path: Path) -> None:
    plan = make_plan(
        suite(
            "integrate",
            "concatenated_pca",
            "one_modality",
            "concatenated_pca > tsne",
            sizes=[100],
            repeats=1,
            datasets=[{"name": "simulated_multimodal(n=1200)"}],
        ),
        discover(),
    )
    joint, alone, picture = run(plan, tmp_path)
    assert set(joint.parts["modality_recall"]) == {"rna", "protein", "atac"}
    assert set(joint.parts["cross_modal_r2"]) == {"protein", "atac"}
    assert joint.scores["foscttm"] < 0.5
    assert joint.scores["knn_transfer_balanced_accuracy"] > 0.2
    assert alone.parts["modality_recall"]["rna"] > alone.parts["modality_recall"]["protein"]
    assert "foscttm" in alone.skipped_metrics
    assert picture.output_dim == 2
    told = ModalityFacts(values="proteins", n_features=25, n_selected=25)
    assert plan[0].prepared.facts.modalities["protein"] == told


def test_methods_are_given_the_counts_that_were_measured() -> None:
    from omicsbench.datasets.simulated_multimodal import load

    name = "simulated_multimodal(n=1200)"
    (planned,) = make_plan(
        suite("integrate", "cca", sizes=[50], repeats=1, datasets=[{"name": name}]), discover()
    )
    prepared = planned.prepared
    rows = Rows.learnt(planned.pipeline.stages[0].info, planned.spec, prepared.hand(["train"]))
    rows.add("test", prepared.hand(["test"]))
    raw = load(n=1200)
    chosen = np.asarray(prepared.split.test[:100])
    for modality, likelihood in (
        ("rna", "negative_binomial"),
        ("protein", "negative_binomial"),
        ("atac", "bernoulli"),
    ):
        own, given = prepared.matrices("train")[modality], rows.X["test"][modality]
        X = raw[modality].X
        X = X.toarray() if hasattr(X, "toarray") else X
        assert given.likelihood == likelihood
        np.testing.assert_array_equal(given.raw, X[chosen][:, own.features])
        assert np.isfinite(given.values).all()
        if modality != "atac":
            np.testing.assert_allclose(given.depth, X[chosen].sum(axis=1), rtol=1e-5)


def test_your_own_file_of_several_modalities(tmp_path: Path) -> None:
    mudata = pytest.importorskip("mudata")
    rng = np.random.default_rng(0)
    names = [f"c{i}" for i in range(80)]
    parts = {
        "rna": anndata.AnnData(rng.poisson(2.0, (80, 30)).astype(np.float32)),
        "prot": anndata.AnnData(rng.poisson(9.0, (80, 6)).astype(np.float32)),
    }
    for part in parts.values():
        part.obs_names = names
    parts["prot"] = parts["prot"][::-1].copy()
    both = mudata.MuData(parts)
    both.obs["kind"] = rng.choice(["a", "b"], len(both.obs_names))
    both.write(tmp_path / "mine.h5mu")
    plan = make_plan(
        suite("integrate", "pls", sizes=[30], repeats=1),
        discover(),
        [OwnData(tmp_path / "mine.h5mu", label="kind")],
    )
    (record,) = run(plan, tmp_path)
    assert set(record.parts["modality_recall"]) == {"rna", "prot"}


VERDICT = {"sizes": [1500], "repeats": 5, "scored": 500}


def judged(data: list[dict[str, Any]] | list[OwnData], folder: Path, metric: str) -> list[Any]:
    own = [d for d in data if isinstance(d, OwnData)]
    made = suite(
        "predict",
        "mlp",
        "logistic_regression",
        "random_forest",
        "gradient_boosting",
        "knn_classifier",
        **VERDICT,
        datasets=[] if own else data,
        metrics=[metric, "log_loss"],
    )
    records = run(make_plan(made, discover(), own), folder)
    assert all(r.status == "ok" for r in records)
    found = verdicts(records, Analysis(reference="logistic_regression"))
    return [v for v in found if v.metric == metric]


@pytest.mark.slow
def test_permuted_labels_give_chance_and_no_winner(tmp_path: Path) -> None:
    from omicsbench.datasets.scmark_immune import load

    adata = load()
    labels = np.random.default_rng(1).permutation(adata.obs["cell_type"].to_numpy())
    adata.obs["cell_type"] = pd.Categorical(labels)
    adata.write_h5ad(tmp_path / "null.h5ad")
    made = suite(
        "predict",
        "mlp",
        "logistic_regression",
        "random_forest",
        **VERDICT | {"sizes": [900]},
        features=200,
    )
    own = OwnData(tmp_path / "null.h5ad", label="cell_type", provenance="author")
    records = run(make_plan(made, discover(), [own]), tmp_path)
    for r in records:
        assert abs(r.scores["balanced_accuracy"] - 1 / 3) < 0.08
        assert abs(r.scores["auroc"] - 0.5) < 0.08
    for v in verdicts(records, Analysis(reference="logistic_regression")):
        if v.metric in ("balanced_accuracy", "macro_f1", "auroc", "selective_accuracy"):
            assert not v.outcome.ahead, v.sentence


@pytest.mark.slow
def test_a_strongly_nonlinear_problem_is_won_by_the_deep_side(tmp_path: Path) -> None:
    found = judged([{"name": "nonlinear_classes(n=3000)"}], tmp_path, "balanced_accuracy")
    assert {v.against for v in found} == {"reference", "best_simple"}
    for v in found:
        assert v.outcome.ahead, v.sentence


@pytest.mark.slow
def test_a_linear_problem_is_not(tmp_path: Path) -> None:
    for v in judged([{"name": "linear_classes(n=3000)"}], tmp_path, "balanced_accuracy"):
        assert v.not_ahead, v.sentence


def test_specs_are_keyed_by_task() -> None:
    plan = make_plan(
        suite("predict", "mlp", sizes=[20], repeats=1, datasets=[{"name": "khan_srbct"}]),
        discover(),
    )
    spec = plan[0].spec
    other = RunSpec.model_validate(spec.model_dump() | {"task": "embed"})
    assert other.key != spec.key
