"""What holds of every metric, whatever it measures."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterator
from typing import Any, get_args

import numpy as np
import pytest
from scipy import sparse

from omicsbench.metrics import METRICS, Metric, MetricUndefined, Neighbors, metric
from omicsbench.metrics.base import MISSING
from omicsbench.plugin import Task

GROUPS = {
    "reconstruction",
    "neighbours",
    "distances",
    "labels",
    "clusters",
    "classes",
    "numbers",
    "calibration",
    "uncertainty",
    "modalities",
    "molecules",
    "batch removal",
    "biology",
    "truth",
}
CLASSES = 5
K = 10
REMOVAL = "batch removal"  # of which noise has all there is
EMBEDDED = ("embedding", "train_embedding", "reconstruction", "background")
EMBEDDED += ("reference_embedding", "half_embedding", "learning_embedding")
EVERY = pytest.mark.parametrize("scored_by", list(METRICS.values()), ids=list(METRICS))


def inputs(
    seed: int = 0,
    rows: int = 150,
    train: int = 200,
    k: int = K,
    predict: bool = False,
    rare: bool = False,
) -> dict[str, Any]:
    """Separable classes, rows sorted by class, and the best embedding there is: the data.

    Classes are of one size, but for the last where it is to be ``rare``.

    The best prediction, too. Where it is of a prediction, the last class was held out of
    training: its rows have no label and equal probabilities. The second modality is the first at
    twice its scale. Of ten intervals one lies beside its target, as is due.
    """
    rng = np.random.default_rng(seed)
    means = rng.normal(size=(CLASSES, 6)) * 8
    labels, train_labels = (np.sort(np.arange(n) % CLASSES) for n in (rows, train))
    if rare:
        labels, train_labels = (
            np.sort(np.where(np.arange(n) % 12, np.arange(n) % (CLASSES - 1), CLASSES - 1))
            for n in (rows, train)
        )
    expression, train_embedding = (
        (means[codes] + rng.normal(size=(len(codes), 6))).astype(np.float32)
        for codes in (labels, train_labels)
    )
    near = Neighbors.of(expression, k)
    mixed = np.random.default_rng(7).normal(size=(6, 2)).astype(np.float32)
    rates = rng.gamma(1.0, 100.0, (CLASSES, 6))
    molecules, seen = (rng.poisson(rates[codes]).astype(float) for codes in (labels, train_labels))
    target = rng.normal(size=rows)
    interval = (
        target[:, None] + 0.01 * np.array([-1, 1]) + 0.02 * (np.arange(rows) % 10 == 0)[:, None]
    )
    outliers = labels == CLASSES - 1
    probabilities = np.where(outliers[:, None], 1 / CLASSES, np.eye(CLASSES)[labels])
    if predict:
        labels = np.where(outliers, -1, labels)
    return {
        "expression": expression,
        "reconstruction": expression.copy(),
        "gene_neighbors": near,
        "embedding": expression.copy(),
        "background": expression.copy(),
        "train_embedding": train_embedding,
        "latent": expression @ mixed,
        "train_latent": train_embedding @ mixed,
        "mixed_embedding": expression.copy(),
        "mixed_batches": np.arange(rows) % 2,
        "mixed_labels": labels,
        "molecules": molecules,
        "reference_embedding": train_embedding.copy(),
        "reference_counts": sparse.csr_matrix(seen),
        "half_embedding": expression.copy(),
        "decoded": rates[labels].astype(np.float32),
        "validation_molecules": molecules.copy(),
        "validation_decoded": rates[labels],
        "held_out_values": expression[:, :4].copy(),
        "learning_embedding": train_embedding.copy(),
        "learning_values": train_embedding[:, :4].copy(),
        "labels": labels,
        "train_labels": train_labels,
        "probe_labels": labels,
        "probabilities": probabilities,
        "outliers": outliers,
        "prediction": target.copy(),
        "target": target,
        "interval": interval,
        "modality_expression": {"rna": expression, "protein": 2 * expression},
        "modality_neighbors": {"rna": near, "protein": near},
        "modality_embeddings": {"rna": expression.copy(), "protein": expression.copy()},
        "cross_modal": {"protein": 2 * expression},
    }


def inputs_of(scored_by: Metric, **how: Any) -> dict[str, Any]:
    rare = scored_by.name.startswith("rare_")
    return inputs(**how, predict=scored_by.tasks == ("predict",), rare=rare)


def arrays(given: dict[str, Any]) -> Iterator[np.ndarray]:
    """All arrays among the inputs, those in dicts too."""
    for value in given.values():
        for array in value.values() if isinstance(value, dict) else [value]:
            if isinstance(array, np.ndarray):
                yield array


def chance(scored_by: Metric, rows: int) -> float:
    """Expected score of an embedding or prediction that knows nothing."""
    known = {
        "auroc": 0.5,
        "outlier_auroc": 0.5,
        "foscttm": 0.5,
        "modality_balance": 1.0,
        "log_loss": float(np.log(CLASSES)),
        "brier": 1 - 1 / CLASSES,
        "rmse": 1.0,
        "interval_score": 4.12,  # of a normal target and its true quantiles
        "rare_recall": 0.0,
        "rare_f1": 0.0,
        "expected_calibration_error": 0.0,
    }
    if scored_by.name in known:
        return known[scored_by.name]
    if scored_by.name.endswith("_recall"):
        return K / (rows - 1)
    if scored_by.name == "centroid_knn":
        return ((CLASSES - 1) // 2) / (CLASSES - 1)
    if scored_by.name in {"trustworthiness", "continuity"}:
        ranks = np.arange(1, rows)
        cost = rows * K * np.maximum(ranks - K, 0).mean()
        return float(1 - 2 * cost / (rows * K * (2 * rows - 3 * K - 1)))
    by_class = scored_by.group in {"labels", "classes", "uncertainty", "biology"}
    return 1 / CLASSES if by_class else 0.0


@EVERY
def test_metadata_is_complete(scored_by: Metric) -> None:
    documentation = scored_by.function.__doc__ or ""
    assert "Range" in documentation, "the docstring states the range"
    assert f"{scored_by.direction.replace('max', 'larger').replace('min', 'smaller')} is" in (
        " ".join(documentation.split())
    )
    assert all(need in documentation for need in scored_by.needs), "and each input's shape"
    assert scored_by.title
    assert scored_by.source.startswith(("10.", "https://"))
    assert scored_by.group in GROUPS
    assert 0 <= scored_by.margin < 0.1
    assert scored_by.tasks
    assert set(scored_by.tasks) <= set(get_args(Task))
    assert set(scored_by.needs) <= set(MISSING)


@EVERY
@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("seed", range(3))
def test_random_input_stays_in_range_and_near_chance(scored_by: Metric, seed: int) -> None:
    rng = np.random.default_rng(seed)
    given = inputs_of(scored_by, seed=seed)
    for name in EMBEDDED:
        given[name] = rng.normal(size=given[name].shape).astype(np.float32)
    for name in ("modality_embeddings", "cross_modal"):
        given[name] = {
            modality: rng.normal(size=values.shape).astype(np.float32)
            for modality, values in given[name].items()
        }
    given["mixed_embedding"] = given["embedding"].copy()
    given["decoded"], given["validation_decoded"] = rng.random((2, 150, 6))
    given["probabilities"] = rng.dirichlet(np.full(CLASSES, 100), 150)  # nearly equal
    given["prediction"] = 0.01 * rng.normal(size=150)  # nearly the mean
    given["interval"] = np.tile([-1.645, 1.645], (150, 1))
    for array in arrays(given):
        array.flags.writeable = False  # a metric leaves its input alone
    value = scored_by(**given)
    low, high = scored_by.range
    assert low is None or value >= low
    assert high is None or value <= high
    assert scored_by(**given) == value, "the same input has the same score"
    if scored_by.group == "reconstruction" or scored_by.name == "cross_modal_r2":
        assert value > 1 if scored_by.direction == "min" else value < 0
    elif scored_by.group == "distances":
        assert abs(value - chance(scored_by, 150)) < 0.65  # few classes, wide spread
    elif scored_by.name in {"clisi", "graph_connectivity"}:
        assert value < 0.7  # labels near each other by chance
    elif scored_by.group == REMOVAL:
        assert value > 0.88
    elif scored_by.name == "molecule_bits":
        assert -0.3 < value < 0.1  # 15 cells tell the mean profile less well than all do
    elif scored_by.name == "interval_score":
        assert value == pytest.approx(chance(scored_by, 150), rel=0.2)
    elif scored_by.group == "numbers":
        assert abs(value - chance(scored_by, 150)) < 0.25  # 3 standard errors of a correlation
    else:
        assert abs(value - chance(scored_by, 150)) < 0.12


@EVERY
@pytest.mark.filterwarnings("error")
def test_perfect_input_has_the_best_value(scored_by: Metric) -> None:
    value = scored_by(**inputs_of(scored_by))
    best = scored_by.range[0 if scored_by.direction == "min" else 1]
    if scored_by.name == "silhouette":
        assert value > 0.7
    elif scored_by.name in {"ilisi", "clisi"}:  # a class has fewer cells than are looked at
        assert value > 0.98
    elif scored_by.name == "interval_score":
        assert value < 0.1
    elif scored_by.name == "latent_r2":  # by ridge, which shrinks
        assert value > 0.999
    elif scored_by.name.endswith("_bits"):  # no bound is known
        assert value > 0.3
    elif scored_by.name == "held_out_features":  # the least penalty is none
        assert value > 0.9999
    elif scored_by.name == "log_loss":
        assert value == pytest.approx(np.log1p((CLASSES - 1) * 1e-6))  # what the floor costs
    else:
        assert value == pytest.approx(best, abs=1e-12)


@EVERY
def test_numbers_of_the_rows_have_the_value_as_their_mean(scored_by: Metric) -> None:
    given = inputs_of(scored_by)
    rng = np.random.default_rng(5)
    for array in arrays({n: given[n] for n in set(given) - {"expression", "modality_expression"}}):
        if array.dtype == np.float32:
            array += 6 * rng.normal(size=array.shape).astype(np.float32)
    given["probabilities"] = rng.dirichlet(np.ones(CLASSES), 150)
    given["prediction"] += rng.normal(size=150)
    given["interval"] += rng.normal(size=(150, 1))
    value = scored_by(**given)
    if value.per_cell is not None:
        assert value.per_cell.shape == (150,)
        assert np.nanmean(value.per_cell) == pytest.approx(float(value), abs=1e-9)
    if scored_by.group == "modalities":
        assert value.parts
    assert all(type(part) is float and np.isfinite(part) for part in value.parts.values())


@EVERY
@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("collapse", ["constant", "last_bit"])
def test_collapsed_embedding_scores_as_chance(scored_by: Metric, collapse: str) -> None:
    """Rows are sorted by class, so order-dependent tie-breaking would give labels away."""
    if not {"embedding", "background"} & set(scored_by.needs):
        return
    given = inputs_of(scored_by)
    for name, codes in (
        ("embedding", "labels"),
        ("background", "labels"),
        ("train_embedding", "train_labels"),
        ("mixed_embedding", "mixed_labels"),
        ("reference_embedding", "train_labels"),
        ("half_embedding", "labels"),
        ("learning_embedding", "train_labels"),
    ):
        given[name] = np.full((len(given[codes]), 3), 0.7, dtype=np.float32)
        if collapse == "last_bit":
            given[name][given[codes] > 1] = np.nextafter(np.float32(0.7), np.float32(1))
    if scored_by.name.endswith("macro_f1"):
        assert scored_by(**given) <= chance(scored_by, 150)
    elif scored_by.name == "held_out_features":  # the training mean is not that of the scored rows
        assert -0.1 < scored_by(**given) <= 0
    elif scored_by.name == "ilisi":
        assert scored_by(**given) > 0.95
    elif scored_by.name == "clisi":
        assert scored_by(**given) < 0.05
    else:
        assert scored_by(**given) == pytest.approx(chance(scored_by, 150), abs=1e-12)


@EVERY
def test_few_values_unrelated_to_the_labels_score_near_chance(scored_by: Metric) -> None:
    some = {"embedding", "background"} & set(scored_by.needs)
    if not some or scored_by.group in {"distances", REMOVAL}:
        return
    rng = np.random.default_rng(3)
    given = inputs_of(scored_by)
    for name in {*EMBEDDED, "mixed_embedding"} - {"reconstruction"}:
        given[name] = rng.integers(0, 2, (len(given[name]), 1)).astype(np.float32)
    assert scored_by(**given) < chance(scored_by, 150) + 0.1


@EVERY
@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("rows", [2, 4, 8])
def test_tiny_input_is_a_number_or_a_reason(scored_by: Metric, rows: int) -> None:
    try:
        value = scored_by(**inputs_of(scored_by, rows=rows, train=rows, k=1))
    except MetricUndefined:
        return  # its text is a literal at each place that raises it
    assert np.isfinite(value)


@EVERY
def test_one_class_or_none_is_a_reason(scored_by: Metric) -> None:
    if not scored_by.uses_labels:
        return
    # A prediction can be right or wrong about rows of one class; only an AUROC needs two.
    one = scored_by.tasks == ("predict",) and scored_by.name != "auroc"
    one = one or scored_by.group == REMOVAL  # whether cells of a label are mixed needs one
    for code in (-1,) if one else (0, -1):
        given = inputs_of(scored_by)
        for name in ("labels", "train_labels", "probe_labels", "mixed_labels"):
            given[name] = np.full_like(given[name], code)
        with pytest.raises(MetricUndefined, match=r"class|label"):
            scored_by(**given)


@EVERY
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_non_finite_output_is_a_reason(scored_by: Metric, bad: float) -> None:
    given = inputs_of(scored_by)
    for name in ("embedding", "reconstruction", "background", "probabilities", "mixed_embedding"):
        given[name][0, 0] = bad
    given["decoded"][0, 0] = bad
    given["prediction"][0] = given["interval"][0, 1] = bad
    for name in ("modality_embeddings", "cross_modal"):
        given[name]["protein"] = given[name]["protein"].copy()
        given[name]["protein"][0, 0] = bad
    with pytest.raises(MetricUndefined, match="finite"):
        scored_by(**given)


@EVERY
def test_missing_input_gives_its_reason(scored_by: Metric) -> None:
    for need in scored_by.needs:
        with pytest.raises(MetricUndefined) as undefined:
            scored_by(**{**inputs(), need: None})
        assert str(undefined.value) == MISSING[need]


def test_every_task_has_metrics_and_counts_some() -> None:
    for task in get_args(Task):
        assert any(task in m.tasks and not m.secondary for m in METRICS.values()), task


def test_nan_never_leaves_a_metric() -> None:
    scored_by = Metric("x", "X", (0, 1), "max", "", "labels", lambda: float("nan"), (), 0.0)
    with pytest.raises(MetricUndefined, match="nan"):
        scored_by()


def test_unknown_need_is_refused() -> None:
    def wants_the_moon(embedding: Any, moon: Any) -> float:
        return 0.0

    register = metric(title="", range=(0, 1), direction="max", source="", group="labels")
    with pytest.raises(TypeError, match="moon"):
        register(wants_the_moon)
    assert "wants_the_moon" not in METRICS


def test_scoring_leaves_the_global_random_states_alone() -> None:
    states = random.getstate(), np.random.get_state()[1].tolist()  # type: ignore[index, union-attr]  # noqa: NPY002
    for scored_by in METRICS.values():
        scored_by(**inputs_of(scored_by, seed=9))
    assert random.getstate() == states[0]
    assert np.random.get_state()[1].tolist() == states[1]  # type: ignore[index, union-attr]  # noqa: NPY002


def test_listing_metrics_imports_nothing_heavy() -> None:
    code = (
        "import sys, omicsbench.metrics as m; assert len(m.METRICS) > 10; "
        "print({'scipy', 'sklearn', 'igraph', 'pandas', 'torch', 'anndata'} & set(sys.modules))"
    )
    ran = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True)
    assert ran.stdout.strip() == "set()", ran.stderr
