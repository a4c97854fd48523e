"""Metrics of predictions, against scikit-learn or a known answer."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as reference

from omicsbench.metrics import METRICS, Estimate, MetricUndefined
from omicsbench.metrics.calibration import BINS, bins, expected_calibration_error
from omicsbench.metrics.curves import prediction_curves
from omicsbench.metrics.predictions import FLOOR, auroc, brier, log_loss
from omicsbench.metrics.uncertainty import (
    accuracy_by_coverage,
    entropy,
    outlier_auroc,
    selective_accuracy,
)

NAMES = [m.name for m in METRICS.values() if m.tasks == ("predict",)]
LABELLED = [name for name in NAMES if METRICS[name].uses_labels]
SEEDS = st.integers(0, 10_000)


def predictions(
    seed: int = 0, rows: int = 200, classes: int = 4, sharp: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities, and labels drawn from them: calibrated, unless sharpened afterwards."""
    rng = np.random.default_rng(seed)
    given_ = rng.dirichlet(np.ones(classes), rows)
    labels = (rng.random((rows, 1)) > np.cumsum(given_, axis=1)).sum(axis=1).clip(0, classes - 1)
    given_ = given_**sharp
    return given_ / given_.sum(axis=1, keepdims=True), labels


def score(name: str, probabilities: np.ndarray, labels: np.ndarray, **more: Any) -> Estimate:
    return METRICS[name](probabilities=probabilities, labels=labels, **more)


@pytest.mark.parametrize("seed", range(3))
def test_against_scikit_learn(seed: int) -> None:
    given_, labels = predictions(seed)
    said, own = given_.argmax(axis=1), np.eye(4)[labels]
    expected = {
        "balanced_accuracy": reference.balanced_accuracy_score(labels, said),
        "macro_f1": reference.f1_score(labels, said, average="macro"),
        "log_loss": reference.log_loss(labels, given_),
        "brier": np.mean([((p - o) ** 2).sum() for p, o in zip(given_, own, strict=True)]),
        "auroc": reference.roc_auc_score(labels, given_, multi_class="ovr", average="macro"),
    }
    for name, value in expected.items():
        assert score(name, given_, labels) == pytest.approx(value, abs=2e-5), name
    outliers = labels == 3
    expected_value = reference.roc_auc_score(outliers, -(given_ * np.log(given_)).sum(axis=1))
    assert outlier_auroc(given_, outliers) == pytest.approx(expected_value)


def test_auroc_with_ties_and_absent_classes_against_scikit_learn() -> None:
    given_, labels = predictions(1, classes=5)
    given_, labels = np.round(given_, 1), labels % 3  # no row of classes 3 and 4
    each = [reference.roc_auc_score(labels == c, given_[:, c]) for c in range(3)]
    assert auroc(given_, labels) == pytest.approx(np.mean(each))
    with pytest.raises(MetricUndefined, match="2 classes"):
        auroc(given_, labels * 0)


@pytest.mark.parametrize("name", LABELLED)
@settings(max_examples=10, deadline=None)
@given(seed=SEEDS, coarse=st.booleans())
def test_order_of_rows_names_of_classes_and_unlabelled_rows_do_not_matter(
    name: str, seed: int, coarse: bool
) -> None:
    rng = np.random.default_rng(seed)
    given_, labels = predictions(seed, rows=60)
    if coarse:  # ties of classes and of certainties
        given_ = np.round(given_ * 4 + 0.5)
        given_ = given_ / given_.sum(axis=1, keepdims=True)
    value = score(name, given_, labels)
    rows, names = rng.permutation(60), rng.permutation(4)
    renamed = np.empty_like(given_)
    renamed[:, names] = given_
    assert score(name, given_[rows], labels[rows]) == pytest.approx(value, abs=1e-12)
    assert score(name, renamed, names[labels]) == pytest.approx(value, abs=1e-12)
    more, none = np.concatenate([given_, given_[:9]]), np.append(labels, np.full(9, -1))
    again = score(name, more, none)
    assert again == pytest.approx(value, abs=1e-12)
    if again.per_cell is not None:
        assert np.isnan(again.per_cell[60:]).all()
        assert again.per_cell[:60].mean() == pytest.approx(value, abs=1e-12)


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS, classes=st.integers(2, 6))
def test_perfect_and_uninformative_predictions(seed: int, classes: int) -> None:
    labels = np.random.default_rng(seed).permutation(np.arange(10 * classes) % classes)
    perfect, none = np.eye(classes)[labels], np.full((len(labels), classes), 1 / classes)
    chance = {
        "balanced_accuracy": 1 / classes,
        "macro_f1": 1 / classes,
        "log_loss": np.log(classes),
        "brier": 1 - 1 / classes,
        "auroc": 0.5,
        "expected_calibration_error": 0,
        "selective_accuracy": 1 / classes,
    }
    assert chance.keys() == set(LABELLED)
    for name, value in chance.items():
        assert score(name, none, labels) == pytest.approx(value, abs=1e-12), name
        best = METRICS[name].range[0 if METRICS[name].direction == "min" else 1]
        assert score(name, perfect, labels) == pytest.approx(best, abs=1e-5), name
    assert outlier_auroc(none, labels == 0) == 0.5


def test_a_class_never_seen_in_training_costs_the_floor() -> None:
    given_ = np.array([[1.0, 0.0], [1.0, 0.0]])
    value = log_loss(given_, np.array([0, 1]))
    assert value == pytest.approx((np.log1p(FLOOR) + np.log1p(FLOOR) - np.log(FLOOR)) / 2)
    assert brier(given_, np.array([0, 1])) == 1
    assert score("balanced_accuracy", given_, np.array([0, 1])) == 0.5


def test_calibration_by_hand() -> None:
    confidence = np.array([0.55, 0.58, 0.9, 0.92, 0.93])
    given_ = np.stack([confidence, 1 - confidence], axis=1)
    labels = np.array([0, 1, 0, 0, 1])
    # (8/15, 9/15] holds two rows, (13/15, 14/15] three.
    found = bins(given_, labels)
    np.testing.assert_allclose(found, [[0.565, 2.75 / 3], [1 / 2, 2 / 3], [2, 3]])
    expected = (2 * (0.565 - 0.5) + 3 * (2.75 - 2) / 3) / 5
    assert expected_calibration_error(given_, labels) == pytest.approx(expected)


def test_edges_of_the_bins_belong_below() -> None:
    edge = 9 / BINS
    given_ = np.array([[edge, 1 - edge], [np.nextafter(edge, 1), 1 - edge], [1, 0]])
    assert bins(given_, np.zeros(3, dtype=int))[2].tolist() == [1, 1, 1]


def test_calibration_of_a_calibrated_model_is_too_high_with_few_rows_as_stated() -> None:
    documentation = expected_calibration_error.__doc__ or ""
    for rows, stated, draws in ((500, 0.048, 150), (5_000, 0.015, 60)):
        found = [
            float(expected_calibration_error(*predictions(seed, rows, classes=5)))
            for seed in range(draws)
        ]
        assert f"{stated}" in documentation
        assert np.mean(found) == pytest.approx(stated, abs=4 * np.std(found) / draws**0.5 + 5e-4)
    assert expected_calibration_error(*predictions(0, 5_000, 5, sharp=4)) > 0.1


def test_accuracy_by_coverage_by_hand() -> None:
    confidence = np.array([0.6, 0.9, 0.8, 0.7])
    given_ = np.stack([confidence, 1 - confidence], axis=1)
    labels = np.array([1, 0, 1, 0])  # by certainty: right, wrong, right, wrong
    np.testing.assert_allclose(accuracy_by_coverage(given_, labels), [1, 1 / 2, 2 / 3, 1 / 2])
    assert selective_accuracy(given_, labels) == pytest.approx((1 + 1 / 2 + 2 / 3 + 1 / 2) / 4)


@settings(max_examples=20, deadline=None)
@given(seed=SEEDS)
def test_equal_certainties_count_as_if_in_random_order(seed: int) -> None:
    rng = np.random.default_rng(seed)
    given_, labels = predictions(seed, rows=8, classes=2)
    given_ = np.round(given_ * 3) / 3
    value = selective_accuracy(given_, labels)
    assert value == pytest.approx(accuracy_by_coverage(given_, labels).mean(), abs=1e-12)
    right = (given_.argmax(axis=1) == labels).astype(float)
    draws = []
    for _ in range(400):
        order = np.lexsort((rng.random(8), -given_.max(axis=1)))
        draws.append((np.cumsum(right[order]) / np.arange(1, 9)).mean())
    assert value == pytest.approx(np.mean(draws), abs=5 * np.std(draws) / 20 + 1e-9)


def test_the_order_of_certainty_decides_at_equal_accuracy() -> None:
    confidence = np.linspace(0.5, 1, 101)[1:]
    given_ = np.stack([confidence, 1 - confidence], axis=1)
    wise, foolish = (np.arange(100) < 50).astype(int), (np.arange(100) >= 50).astype(int)
    assert selective_accuracy(given_, wise) == pytest.approx(0.5 + 0.5 * np.log(2), abs=0.01)
    assert selective_accuracy(given_, foolish) == pytest.approx(0.5 - 0.5 * np.log(2), abs=0.01)


def test_entropy_and_the_class_held_out() -> None:
    np.testing.assert_allclose(
        entropy(np.array([[1, 0, 0, 0], [0.5, 0.5, 0, 0], [0.25] * 4])), [0, 0.5, 1]
    )
    given_ = np.array([[1.0, 0], [0.9, 0.1], [0.5, 0.5], [0.1, 0.9]])
    outliers = np.array([False, False, True, False])
    assert outlier_auroc(given_, outliers) == 1
    assert outlier_auroc(given_, np.array([True, False, False, False])) == 0
    for value in (True, False):
        with pytest.raises(MetricUndefined, match="held out"):
            outlier_auroc(given_, np.full(4, value))


@pytest.mark.parametrize("name", [n for n in NAMES if n != "macro_f1"])
def test_standard_error_is_the_spread_over_draws_of_the_rows(name: str) -> None:
    found = []
    for seed in range(250):
        given_, labels = predictions(seed, rows=300, classes=3, sharp=3)
        found.append(score(name, given_, labels, outliers=(labels == 0) ^ (np.arange(300) < 30)))
    stated = np.mean([value.se for value in found])  # type: ignore[type-var]
    assert stated == pytest.approx(np.std(found), rel=0.18)
    for value in found[:5]:
        assert np.nanmean(value.per_cell) == pytest.approx(float(value))  # type: ignore[arg-type]


def test_codes_beyond_the_classes_and_other_shapes_are_refused() -> None:
    given_, labels = predictions()
    for name in LABELLED:
        with pytest.raises(ValueError, match="probabilities"):
            METRICS[name].function(given_, labels + 1)
        with pytest.raises(ValueError, match="probabilities"):
            METRICS[name].function(given_, labels[1:])


def test_curves_say_what_the_metrics_say() -> None:
    given_, labels = predictions(3, rows=300)
    outliers = np.arange(300) >= 260
    labels = np.where(outliers, -1, labels)
    samples = np.stack([given_, np.full_like(given_, 0.25)])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        curves = prediction_curves(given_, labels, outliers, samples)
    shown = curves["reliability"]
    gap = np.abs(np.subtract(shown["confidence"], shown["accuracy"]))
    assert np.average(gap, weights=shown["rows"]) == pytest.approx(
        expected_calibration_error(given_, labels), abs=1e-5
    )
    assert sum(shown["rows"]) == 260
    coverage = curves["coverage"]
    assert coverage["coverage"] == pytest.approx(np.linspace(0.05, 1, 20))
    assert coverage["accuracy"][-1] == pytest.approx(
        reference.accuracy_score(labels[:260], given_[:260].argmax(axis=1)), abs=1e-6
    )
    surest = np.argsort(-given_[:260].max(axis=1))[:13]
    right = given_[surest].argmax(axis=1) == labels[surest]
    assert coverage["accuracy"][0] == pytest.approx(right.mean(), abs=1e-6)
    expected = [float(score("balanced_accuracy", given_, labels)), 0.25]
    assert curves["posterior"]["accuracy"] == pytest.approx(expected, abs=1e-6)
    spread = curves["uncertainty"]
    assert spread["entropy"] == pytest.approx(np.arange(0.025, 1, 0.05))
    assert sum(spread["known"]) == pytest.approx(1, abs=1e-4)
    assert sum(spread["held_out"]) == pytest.approx(1, abs=1e-4)
    assert all(type(v) is float for c in curves.values() for column in c.values() for v in column)


@pytest.mark.parametrize("rows", [1, 3])
def test_curves_of_few_rows_and_of_nothing_more_than_predictions(rows: int) -> None:
    curves = prediction_curves(*predictions(rows=rows), np.zeros(rows, dtype=bool))
    assert set(curves) == {"reliability", "coverage"}
    assert len(curves["coverage"]["accuracy"]) == 20
    with pytest.raises(MetricUndefined, match="label"):
        prediction_curves(predictions()[0], np.full(200, -1))
