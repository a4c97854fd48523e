"""Integrators do what they say: against scikit-learn, Gaussian algebra and a planted truth."""

from __future__ import annotations

import pickle
from functools import cache
from typing import Any

import numpy as np
import pytest
from sklearn.cross_decomposition import CCA, PLSRegression
from sklearn.decomposition import PCA
from threadpoolctl import threadpool_limits

from omicsbench.plugin import Modalities, Modality
from omicsbench.registry.discover import Registry, discover
from omicsbench.registry.pipeline import resolve

PARTIAL = ["concatenated_pca", "cca", "mofa", "pls", "multimodal_autoencoder"]
NAMES = [*PARTIAL, "one_modality", "original_cite_seq", "original_scnmt", "random_integration"]


@pytest.fixture(autouse=True)
def one_thread() -> Any:
    with threadpool_limits(1):
        yield


@cache
def registry() -> Registry:
    return discover()


def build(text: str, dimensions: int = 3) -> Any:
    return resolve(text, registry(), dimensions).stages[0].build(0, "cpu")


@cache
def planted(n: int = 400, seed: int = 0) -> tuple[dict[str, Modality], np.ndarray]:
    """Two factors seen by all of three modalities, one of each modality's own, and noise."""
    truth = np.random.default_rng(7)
    maps = {name: truth.standard_normal((3, p)) for name, p in (("a", 30), ("b", 12), ("c", 20))}
    rng = np.random.default_rng(seed)
    shared = rng.standard_normal((n, 2))
    made = {}
    for name, W in maps.items():
        z = np.column_stack([shared, rng.standard_normal(n)])
        values = z @ W + 0.5 * rng.standard_normal((n, W.shape[1])) + 2
        made[name] = Modality((values / values.std(axis=0)).astype(np.float32))
    return made, shared


def explained(Z: np.ndarray, truth: np.ndarray) -> float:
    """Share of the truth's variance that a linear map of Z explains."""
    A = np.column_stack([Z, np.ones(len(Z))])
    fit = A @ np.linalg.lstsq(A, truth, rcond=None)[0]
    return float(1 - ((truth - fit) ** 2).sum() / ((truth - truth.mean(axis=0)) ** 2).sum())


def r2(predicted: np.ndarray, values: np.ndarray) -> float:
    error = ((values - predicted) ** 2).sum(axis=0)
    return float(np.mean(1 - error / ((values - values.mean(axis=0)) ** 2).sum(axis=0)))


@pytest.mark.parametrize("name", NAMES)
def test_twenty_cells_with_more_features_than_cells(name: str) -> None:
    X, _ = planted(20)
    model = build(f"{name}(10)", 10).fit(X)
    Z = model.transform(planted(7, seed=1)[0])
    assert Z.shape == (7, 10)
    assert np.isfinite(Z).all()


@pytest.mark.parametrize("name", ["concatenated_pca", "cca", "mofa", "pls"])
def test_what_the_modalities_share_is_found(name: str) -> None:
    X, _ = planted()
    new, shared = planted(300, seed=1)
    dimensions = 5 if name in ("concatenated_pca", "mofa") else 2  # these find private ones too
    Z = build(name, dimensions).fit(X).transform(new)
    assert explained(Z, shared) > 0.9


@pytest.mark.parametrize("name", PARTIAL)
def test_one_modality_predicts_the_others(name: str) -> None:
    X, _ = planted()
    new, _ = planted(300, seed=1)
    model = build(name, 5).fit(X)
    rebuilt = model.inverse_transform(model.transform({"a": new["a"]}))
    for other in ("b", "c"):
        assert r2(rebuilt[other], new[other].values) > 0.3, "the mean reaches 0 at most"


@pytest.mark.parametrize("name", PARTIAL)
def test_an_unknown_modality_is_refused_in_words(name: str) -> None:
    X, _ = planted(60)
    model = build(name).fit(X)
    with pytest.raises(ValueError, match="zebra"):
        model.transform({"zebra": X["a"]})


def test_concatenated_pca_is_the_pca_of_the_concatenation() -> None:
    X, _ = planted()
    model = build("concatenated_pca(block_scaling=False)", 4).fit(X)
    wide = np.hstack([m.values for m in X.values()])
    expected = PCA(4, svd_solver="full").fit(wide)
    Z, Y = model.transform(X), expected.transform(wide)
    np.testing.assert_allclose(np.abs(Z), np.abs(Y), atol=2e-3)
    back = np.hstack(list(model.inverse_transform(Z).values()))
    np.testing.assert_allclose(back, expected.inverse_transform(Y), atol=2e-3)


def test_missing_modalities_are_conditioned_on_as_a_gaussian_is() -> None:
    """Scores expected from what is given, under the covariance of probabilistic PCA."""
    X, _ = planted()
    model = build("concatenated_pca", 3).fit(X)
    given = {"b": X["b"]}
    axes = np.vstack(list(model.axes_.values())).astype(np.float64)
    covariance = axes * model.signal_ @ axes.T + model.noise_ * np.eye(len(axes))
    here = slice(30, 42)
    block = (X["b"].values - model.means_["b"]) / model.scales_["b"]
    fill = covariance[:, here] @ np.linalg.solve(covariance[here, here], block.T)
    np.testing.assert_allclose(model.transform(given), (axes.T @ fill).T, atol=2e-3)


def test_cca_of_two_modalities_agrees_with_scikit_learn() -> None:
    X, _ = planted(600)
    two: Modalities = {name: X[name] for name in ("b", "c")}
    model = build("cca(shrinkage=0.0)", 2).fit(two)
    apart = [model.transform({name: two[name]}) for name in two]
    ours = [abs(np.corrcoef(apart[0][:, i], apart[1][:, i])[0, 1]) for i in range(2)]
    theirs = CCA(2, max_iter=5000).fit(two["b"].values, two["c"].values)
    U, V = theirs.transform(two["b"].values, two["c"].values)
    expected = [abs(np.corrcoef(U[:, i], V[:, i])[0, 1]) for i in range(2)]
    np.testing.assert_allclose(ours, expected, atol=0.01)


def test_pls_predicts_as_scikit_learn_does() -> None:
    X, _ = planted()
    two: Modalities = {name: X[name] for name in ("a", "b")}
    model = build("pls", 2).fit(two)
    rebuilt = model.inverse_transform(model.transform({"a": two["a"]}))["b"]
    sides = [(m.values - m.values.mean(axis=0)) / model.scales_[n] for n, m in two.items()]
    expected = PLSRegression(2, scale=False).fit(*sides).predict(sides[0])
    there = expected * model.scales_["b"] + two["b"].values.mean(axis=0)
    np.testing.assert_allclose(rebuilt, there, atol=5e-3)


def test_mofa_places_training_cells_where_mofapy2_has_them(capfd: Any) -> None:
    X, _ = planted()
    model = build("mofa", 4).fit(X)
    Z = model.transform(X)
    for i in range(4):
        if model.factors_[:, i].std() > 0.1:
            assert abs(np.corrcoef(Z[:, i], model.factors_[:, i])[0, 1]) > 0.99
    assert capfd.readouterr().out == ""


def test_noise_in_another_modality_does_not_change_one_modality_alone() -> None:
    X, _ = planted()
    model = build("one_modality(modality=1)").fit(X)
    changed = X | {"a": Modality(X["a"].values[::-1].copy())}
    np.testing.assert_array_equal(model.transform(X), model.transform(changed))
    with pytest.raises(ValueError, match="modalit"):
        model.transform({"a": X["a"]})


@pytest.mark.parametrize("name", PARTIAL)
def test_pickled_and_seeded(name: str) -> None:
    X, _ = planted(60)
    first, second = build(name).fit(X), build(name).fit(X)
    copy = pickle.loads(pickle.dumps(first))
    np.testing.assert_allclose(first.transform(X), second.transform(X), atol=1e-4)
    np.testing.assert_allclose(first.transform(X), copy.transform(X), atol=1e-5)
