"""Data sets whose class probabilities are known: what they say of themselves is true."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score, log_loss
from sklearn.neural_network import MLPClassifier

from omicsbench.datasets import linear_classes, nonlinear_classes

BOTH = [linear_classes, nonlinear_classes]


def drawn(module: ModuleType, **more: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """X, codes of the classes and the true probabilities."""
    adata = module.load(**more)
    return adata.X, adata.obs["class"].cat.codes.to_numpy(), adata.obsm["posterior"]


@pytest.mark.parametrize("module", BOTH)
def test_labels_are_drawn_from_the_posterior(module: ModuleType) -> None:
    _, y, posterior = drawn(module, n=20_000)
    assert posterior.min() >= 0
    np.testing.assert_allclose(posterior.sum(axis=1), 1)
    hits = np.eye(posterior.shape[1])[y]
    # Of each class, among cells of like probability, as many as it says: five standard errors.
    for k in range(posterior.shape[1]):
        for low in np.arange(0, 1, 0.1):
            rows = (posterior[:, k] >= low) & (posterior[:, k] < low + 0.1)
            p = posterior[rows, k]
            error = np.sqrt((p * (1 - p)).sum())
            assert abs(hits[rows, k].sum() - p.sum()) < 5 * error + 1


@pytest.mark.parametrize("module", BOTH)
def test_shapes_seeds_and_names(module: ModuleType) -> None:
    first = module.load(n=300, features=12, classes=5, seed=1)
    assert first.X.shape == (300, 12)
    assert first.X.dtype == np.float32
    assert first.obsm["posterior"].shape == (300, 5)
    assert list(first.obs["class"].cat.categories) == [f"class{k}" for k in range(5)]
    again = module.load(n=300, features=12, classes=5, seed=1)
    np.testing.assert_array_equal(first.X, again.X)
    assert (first.obs["class"] == again.obs["class"]).all()
    other = module.load(n=300, features=12, classes=5, seed=2)
    assert abs(first.X - other.X).max() > 0.1


def test_logistic_regression_finds_the_linear_truth() -> None:
    X, y, posterior = drawn(linear_classes)
    p = LogisticRegression().fit(X[:4000], y[:4000]).predict_proba(X[4000:])
    assert log_loss(y[4000:], p) < log_loss(y[4000:], posterior[4000:]) + 0.03
    assert balanced_accuracy_score(y[4000:], p.argmax(axis=1)) > 0.5


def test_only_a_network_sees_products_of_hidden_directions() -> None:
    X, y, posterior = drawn(nonlinear_classes)
    network = MLPClassifier((128, 64), early_stopping=True, n_iter_no_change=15, random_state=0)
    said = {
        "linear": LogisticRegression().fit(X[:3000], y[:3000]).predict_proba(X[4000:]),
        "network": network.fit(X[:3000], y[:3000]).predict_proba(X[4000:]),
        "truth": posterior[4000:],
    }
    accuracy = {k: balanced_accuracy_score(y[4000:], p.argmax(axis=1)) for k, p in said.items()}
    loss = {k: log_loss(y[4000:], p) for k, p in said.items()}
    assert accuracy["linear"] == pytest.approx(1 / 3, abs=0.04)
    assert accuracy["linear"] + 0.2 < accuracy["network"] < accuracy["truth"]
    assert loss["truth"] < loss["network"] < loss["linear"] - 0.2


@pytest.mark.parametrize("module", BOTH)
@pytest.mark.parametrize("more", [{"n": 0}, {"classes": 1}, {"features": 0}])
def test_what_makes_no_sense_is_told(module: ModuleType, more: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="give 1 cell or more"):
        module.load(**more)
