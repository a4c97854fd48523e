"""Simple predictors: one contract, kept where classes are small, and scikit-learn's own numbers."""

from __future__ import annotations

import inspect
import json
import pickle
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from scipy import sparse
from sklearn import linear_model
from sklearn.ensemble import RandomForestClassifier
from sklearn.neighbors import KNeighborsClassifier
from threadpoolctl import threadpool_limits

from omicsbench.datasets import linear_classes
from omicsbench.methods._predictors import held_out
from omicsbench.methods.class_prior import ClassPrior
from omicsbench.methods.gradient_boosting import GradientBoosting
from omicsbench.methods.knn_classifier import KnnClassifier
from omicsbench.methods.linear_svm import LinearSvm
from omicsbench.methods.logistic_regression import LogisticRegression
from omicsbench.methods.random_forest import RandomForest

MAKERS: dict[str, Callable[..., Any]] = {
    "class_prior": ClassPrior,
    "logistic_regression": LogisticRegression,
    "elastic_net": lambda: LogisticRegression(l1_ratio=0.5),
    "linear_svm": LinearSvm,
    "knn_classifier": KnnClassifier,
    "random_forest": lambda: RandomForest(n_estimators=50),
    "boosting_sklearn": GradientBoosting,
    "boosting_lightgbm": lambda: GradientBoosting("lightgbm"),
}
CLASSES = [ClassPrior, LogisticRegression, LinearSvm, KnnClassifier, RandomForest, GradientBoosting]
LEARNING = [name for name in MAKERS if name != "class_prior"]
every = pytest.mark.parametrize("name", MAKERS)


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A warning that a library lets through is an error here; boosting takes one thread.

    Two OpenMP threads that share a core with other work wait for each other for seconds.
    """
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def make(name: str) -> Any:
    if name == "boosting_lightgbm":
        pytest.importorskip("lightgbm")
    return MAKERS[name]()


def small(n: int = 40, features: int = 30, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Counts of unit variance, half of them 0, and classes of unlike size, two with one member."""
    rng = np.random.default_rng(seed)
    X = rng.poisson(0.7, (n, features)).astype(np.float32)
    y = rng.choice([2, 5, 40], size=n, p=[0.5, 0.3, 0.2]).astype(np.int32)
    y[:8] = [0, 7, 2, 2, 5, 5, 40, 40]
    return X / X.std(axis=0), y


@every
@pytest.mark.parametrize("n", [20, 40, 200])
def test_probabilities_of_every_class_seen(name: str, n: int) -> None:
    X, y = small(n)
    model = make(name).fit(X, y)
    assert model.classes_.tolist() == [0, 2, 5, 7, 40]
    p = model.predict_proba(small(33, seed=1)[0] + 1)
    assert p.shape == (33, 5)
    assert np.issubdtype(p.dtype, np.floating)
    assert p.min() >= 0
    np.testing.assert_allclose(p.sum(axis=1), 1)


CASES = {
    "two classes": np.repeat([3, 9], 10),
    "one class": np.full(20, 3),
    "every class with one member": np.arange(20) * 2,
    "one class with more than one member": np.r_[np.zeros(17), 4, 5, 6].astype(int),
    "one row": np.array([6]),
}


@every
@pytest.mark.parametrize("case", CASES)
def test_odd_sets_of_classes(name: str, case: str) -> None:
    y = CASES[case]
    X = small()[0][: len(y)]
    model = make(name).fit(X, y)
    np.testing.assert_array_equal(model.classes_, np.unique(y))
    p = model.predict_proba(X)
    assert p.shape == (len(y), len(model.classes_))
    np.testing.assert_allclose(p.sum(axis=1), 1)


@every
def test_equal_seeds_pickles_and_input(name: str) -> None:
    X, y = small(60)
    before = X.copy(), y.copy()
    model = make(name).fit(X, y)
    p = model.predict_proba(X)
    np.testing.assert_array_equal(X, before[0])
    np.testing.assert_array_equal(y, before[1])
    np.testing.assert_allclose(make(name).fit(X, y).predict_proba(X), p, atol=1e-12)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict_proba(X), p)
    assert json.loads(json.dumps(model.fit_info_)) == model.fit_info_


@pytest.mark.parametrize("cls", [cls for cls in CLASSES if cls.info.accepts_sparse])
def test_sparse_input_where_declared(cls: Any) -> None:
    X, y = small(100)
    dense = cls().fit(X, y).predict_proba(X)
    rows = sparse.csr_matrix(X)
    np.testing.assert_allclose(cls().fit(rows, y).predict_proba(rows), dense, atol=1e-3)
    assert abs(rows - X).max() == 0


@pytest.mark.parametrize("name", LEARNING)
def test_learns_classes_that_lie_apart(name: str) -> None:
    rng = np.random.default_rng(0)
    y = rng.choice([1, 4, 6], 300)
    X = rng.normal(size=(300, 10)).astype(np.float32) + 5
    X[np.arange(300), y] += 6
    model = make(name).fit(X[:200], y[:200])
    p = model.predict_proba(X[200:])
    assert (model.classes_[p.argmax(axis=1)] == y[200:]).mean() > 0.95
    assert p.max(axis=1).mean() > 0.8


@pytest.mark.parametrize("cls", CLASSES)
def test_declared_and_constructed_as_the_contract_says(cls: Any) -> None:
    assert cls.info.task == "predict"
    assert cls.info.family == ("control" if cls is ClassPrior else "simple")
    parameters = inspect.signature(cls).parameters
    assert "n_components" not in parameters
    model = cls()
    assert {name: getattr(model, name) for name in parameters} == {
        name: p.default for name, p in parameters.items()
    }
    assert not hasattr(model, "classes_")


def test_prior_is_the_frequencies() -> None:
    X, y = small(50)
    p = ClassPrior().fit(X, y).predict_proba(X[:4])
    np.testing.assert_allclose(p, np.tile(np.unique(y, return_counts=True)[1] / 50, (4, 1)))


@pytest.mark.parametrize("l1_ratio", [0.0, 0.5])
def test_logistic_regression_is_scikit_learns_whatever_the_centre(l1_ratio: float) -> None:
    X, y = small(200, features=8)
    solver = "saga" if l1_ratio else "lbfgs"
    theirs = linear_model.LogisticRegression(
        l1_ratio=l1_ratio, solver=solver, max_iter=20_000, tol=1e-7, random_state=0
    ).fit(X.astype(np.float64), y)
    ours = LogisticRegression(l1_ratio=l1_ratio).fit(X, y)
    assert ours.fit_info_["converged"]
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=5e-3)
    moved = LogisticRegression(l1_ratio=l1_ratio).fit(X + 100, y).predict_proba(X + 100)
    np.testing.assert_allclose(moved, ours.predict_proba(X), atol=5e-3)


def test_logistic_regression_says_that_it_stopped_short() -> None:
    X, y = small(200)
    info = LogisticRegression(max_iter=2).fit(X, y).fit_info_
    assert info == {"solver": "lbfgs", "iterations": 2, "converged": False}
    many = np.random.default_rng(0).normal(1, 1, (300, 2000)).astype(np.float32)
    info = LogisticRegression().fit(many, small(300)[1]).fit_info_
    assert info["converged"]
    assert info["iterations"] < 100


def test_neighbours_are_scikit_learns_with_one_more_voter() -> None:
    X, y = small(200)
    for weights in ("distance", "uniform"):
        theirs = KNeighborsClassifier(15, weights=weights).fit(X, y).predict_proba(X[:50])
        ours = KnnClassifier(weights=weights).fit(X, y).predict_proba(X[:50])
        prior = np.unique(y, return_counts=True)[1] / 200
        np.testing.assert_allclose(ours, (15 * theirs + prior) / 16, atol=1e-6)
        assert ours.min() > 0
    assert KnnClassifier().fit(X[:9], y[:9]).fit_info_ == {"n_neighbors": 9}


def test_forest_is_scikit_learns() -> None:
    X, y = small(100)
    theirs = RandomForestClassifier(40, random_state=3).fit(X, y).predict_proba(X)
    ours = RandomForest(n_estimators=40, random_state=3).fit(X, y)
    np.testing.assert_allclose(ours.predict_proba(X), theirs, atol=1e-9)
    assert ours.fit_info_["trees"] == 40


def test_svm_gives_a_class_with_one_member_its_share() -> None:
    X, y = small(50)
    model = LinearSvm().fit(X, y)
    assert model.fit_info_["uncalibrated_classes"] == 2
    p = model.predict_proba(X)
    np.testing.assert_allclose(p[:, [0, 3]], 1 / 50)
    assert np.ptp(p[:, 1]) > 0.1
    assert LinearSvm().fit(X[2:8], y[2:8]).fit_info_["folds"] == 2, "two members in each class"


def test_svm_does_not_mind_where_the_centre_is() -> None:
    X, y = small(300, features=8)
    p, moved = (LinearSvm(C=0.1).fit(X + by, y).predict_proba(X + by) for by in (0, 3))
    assert abs(p - moved).mean() < 0.03


@pytest.mark.parametrize("library", ["sklearn", "lightgbm"])
def test_boosting_stops_when_held_out_rows_say_so(library: str) -> None:
    if library == "lightgbm":
        pytest.importorskip("lightgbm")
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(300, 6)).astype(np.float32), rng.integers(0, 3, 300)
    noise = GradientBoosting(library).fit(X, y).fit_info_
    assert noise["iterations"] < 50, "there is nothing to learn"
    assert noise["validation_rows"] == 30
    assert noise["min_samples_leaf"] == 20
    few = GradientBoosting(library).fit(X[:20], (X[:20, 0] > 0).astype(int))
    assert few.fit_info_["min_samples_leaf"] == 4
    assert np.ptp(few.predict_proba(X)[:, 1]) > 0.1, "trees split at n = 20 too"


def test_every_class_keeps_a_row_to_learn_from() -> None:
    for seed in range(20):
        y = np.array([0, 1, 1, 2, 2, 2, 3])
        held = held_out(y, 0.5, seed)
        assert len(held) == 3, "as many as can be spared, of the four wanted"
        assert set(np.delete(y, held)) == {0, 1, 2, 3}
    assert len(held_out(np.repeat([0, 1], 50), 0.1, 0)) == 10
    assert len(held_out(np.arange(9), 0.1, 0)) == 0


def test_lightgbm_missing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lightgbm", None)
    with pytest.raises(ValueError, match=r"pip install omicsbench\[boost\]"):
        GradientBoosting("lightgbm").fit(*small())


@pytest.mark.parametrize(
    "model",
    [
        LogisticRegression(C=0),
        LogisticRegression(l1_ratio=2),
        LogisticRegression(max_iter=0),
        LinearSvm(C=-1),
        LinearSvm(folds=1),
        KnnClassifier(0),
        KnnClassifier(weights="no"),
        RandomForest(0),
        GradientBoosting("xgboost"),
        GradientBoosting(learning_rate=0),
    ],
)
def test_bad_parameters_are_told(model: Any) -> None:
    with pytest.raises(ValueError, match=r"=.*: (give|use)"):
        model.fit(*small())


def calibration_error(p: np.ndarray, hit: np.ndarray) -> float:
    """ECE of the top probability: 15 bins of equal width, weighted by the rows in each."""
    bins = np.minimum((p * 15).astype(int), 14)
    gaps = [abs((p - hit)[bins == b].sum()) for b in range(15)]
    return float(sum(gaps) / len(p))


@pytest.mark.parametrize(
    ("name", "classes"),
    [
        ("truth", 4),
        ("class_prior", 4),
        ("logistic_regression", 4),
        ("logistic_regression", 2),
        ("linear_svm", 2),
    ],
)
def test_calibrated_on_a_linear_truth(name: str, classes: int) -> None:
    adata = linear_classes.load(n=6000, classes=classes)
    y = adata.obs["class"].cat.codes.to_numpy()
    p = adata.obsm["posterior"][3000:]
    if name != "truth":
        p = make(name).fit(adata.X[:3000], y[:3000]).predict_proba(adata.X[3000:])
    assert calibration_error(p.max(axis=1), p.argmax(axis=1) == y[3000:]) < 0.05
