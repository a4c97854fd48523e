"""Predictors that choose or calibrate by rows held out: the contract, small classes, references."""

from __future__ import annotations

import json
import pickle
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from sklearn import linear_model, neighbors
from sklearn.svm import SVC
from threadpoolctl import threadpool_limits

from omicsbench.methods._logistic_cv import log_score, splits
from omicsbench.methods.elastic_net import ElasticNet
from omicsbench.methods.nearest_centroid import NearestCentroid
from omicsbench.methods.ridge_classifier import RidgeClassifier
from omicsbench.methods.svm_rbf import SvmRbf

MAKERS: dict[str, Callable[..., Any]] = {
    "ridge_classifier": RidgeClassifier,
    "elastic_net": ElasticNet,
    "nearest_centroid": NearestCentroid,
    "svm_rbf": SvmRbf,
}
every = pytest.mark.parametrize("name", MAKERS)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """A warning that a library lets through is an error here."""
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def small(n: int = 40, features: int = 30, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Counts of unit variance, and classes of unlike size, two with one member."""
    rng = np.random.default_rng(seed)
    X = rng.poisson(0.7, (n, features)).astype(np.float32)
    y = rng.choice([2, 5, 40], size=n, p=[0.5, 0.3, 0.2]).astype(np.int32)
    y[:8] = [0, 7, 2, 2, 5, 5, 40, 40]
    return X / X.std(axis=0), y


def apart(n: int = 300, features: int = 10) -> tuple[np.ndarray, np.ndarray]:
    """Three classes that lie apart, each in a feature of its own."""
    rng = np.random.default_rng(0)
    y = rng.choice([1, 4, 6], n)
    X = rng.normal(size=(n, features)).astype(np.float32) + 5
    X[np.arange(n), y] += 6
    return X, y


@every
def test_contract_with_small_classes(name: str) -> None:
    X, y = small()
    before = X.copy(), y.copy()
    model = MAKERS[name]().fit(X, y)
    assert model.classes_.tolist() == [0, 2, 5, 7, 40]
    new = small(33, seed=1)[0] + 1
    p = model.predict_proba(new)
    assert p.shape == (33, 5)
    assert p.min() >= 0
    np.testing.assert_allclose(p.sum(axis=1), 1)
    np.testing.assert_array_equal(X, before[0])
    np.testing.assert_array_equal(y, before[1])
    np.testing.assert_allclose(MAKERS[name]().fit(X, y).predict_proba(new), p, atol=1e-12)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict_proba(new), p)
    assert json.loads(json.dumps(model.fit_info_)) == model.fit_info_
    assert model.info.task == "predict"
    assert model.info.family == "simple"


CASES = {
    "two classes": np.repeat([3, 9], 10),
    "one class": np.full(20, 3),
    "every class with one member": np.arange(20) * 2,
    "one class with more than one member": np.r_[np.zeros(17), 4, 5, 6].astype(int),
    "two members in each": np.repeat(np.arange(5), 2),
    "one row": np.array([6]),
}


@every
@pytest.mark.parametrize("case", CASES)
def test_odd_sets_of_classes(name: str, case: str) -> None:
    y = CASES[case]
    X = small()[0][: len(y)]
    model = MAKERS[name]().fit(X, y)
    np.testing.assert_array_equal(model.classes_, np.unique(y))
    p = model.predict_proba(X)
    assert p.shape == (len(y), len(model.classes_))
    np.testing.assert_allclose(p.sum(axis=1), 1)


@every
def test_learns_classes_that_lie_apart_and_is_as_sure_as_it_is_right(name: str) -> None:
    X, y = apart()
    model = MAKERS[name]().fit(X[:200], y[:200])
    p = model.predict_proba(X[200:])
    right = model.classes_[p.argmax(axis=1)] == y[200:]
    assert right.mean() > 0.95
    assert abs(p.max(axis=1).mean() - right.mean()) < 0.05


@every
def test_of_noise_nothing_is_claimed(name: str) -> None:
    """Log loss of what cannot be told near that of the frequencies."""
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(160, 100)).astype(np.float32), rng.integers(0, 3, 160)
    model = MAKERS[name]().fit(X[:100], y[:100])
    assert log_score(model, X[100:], y[100:]) > np.log(1 / 3) - 0.1


def test_every_class_keeps_a_row_to_learn_from() -> None:
    y = np.array([0, 1, 1, 2, 2, 2, 3, 4, 4])
    for folds in (2, 3, 5):
        made = splits(y, folds, 0)
        for rows, held in made:
            assert set(y[rows]) == set(y)
            assert not set(rows) & set(held)
            assert len(rows) + len(held) == len(y)
        assert sorted(np.concatenate([held for _, held in made])) == [1, 2, 3, 4, 5, 7, 8]
    assert splits(np.arange(4), 3, 0) == []


def test_ridge_is_scikit_learns_of_the_penalty_it_chose() -> None:
    X, y = apart(120)
    X += np.random.default_rng(3).normal(0, 3, X.shape).astype(np.float32)
    model = RidgeClassifier().fit(X, y)
    scores = {}
    for C in np.logspace(-4, 2, 7):
        plain = linear_model.LogisticRegression(C=C, max_iter=5000)
        parts = splits(np.unique(y, return_inverse=True)[1], 5, 0)
        scores[C] = np.mean(
            [log_score(plain.fit(X[rows], y[rows]), X[held], y[held]) for rows, held in parts]
        )
    best = max(scores, key=lambda C: scores[C])
    assert model.fit_info_["C"] == pytest.approx(best)
    X64 = X.astype(np.float64) - X.mean(axis=0)
    theirs = linear_model.LogisticRegression(C=best, max_iter=5000, tol=1e-8).fit(X64, y)
    np.testing.assert_allclose(model.predict_proba(X), theirs.predict_proba(X64), atol=1e-2)


def test_centroids_are_scikit_learns_and_shrink_to_few_features() -> None:
    X, y = apart(200, features=40)
    for shrink in (0.0, 2.0):
        theirs = neighbors.NearestCentroid(shrink_threshold=shrink or None).fit(X, y)
        ours = NearestCentroid(shrink).fit(X, y)
        np.testing.assert_allclose(ours.centroids_, theirs.centroids_, atol=1e-4)
    assert NearestCentroid(8.0).fit(X, y).fit_info_["features_used"] == 3


def test_svm_scores_are_scikit_learns() -> None:
    X, y = apart()
    model = SvmRbf().fit(X, y)
    theirs = SVC(gamma="scale").fit(X, y).decision_function(X)
    (calibrated,) = model.model_.calibrated_classifiers_
    np.testing.assert_allclose(calibrated.estimator.decision_function(X), theirs, atol=1e-2)


@pytest.mark.parametrize(
    "model",
    [
        RidgeClassifier(folds=1),
        ElasticNet(l1_ratio=2.0),
        NearestCentroid(-1.0),
        NearestCentroid(folds=1),
        SvmRbf(C=0.0),
        SvmRbf(width=0.0),
    ],
)
def test_what_cannot_be_is_refused(model: Any) -> None:
    with pytest.raises(ValueError, match="give"):
        model.fit(*small())
