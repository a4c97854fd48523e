"""Every regressor: units, few rows, what it learns, and intervals that hold what they promise."""

from __future__ import annotations

import importlib
import json
import pickle
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn import linear_model
from threadpoolctl import threadpool_limits

from omicsbench.registry.discover import discover, unavailable

METHODS = {n: e for n, e in discover().methods.items() if e.info.task == "regress"}
SHORT: dict[str, dict[str, Any]] = {
    "mlp_regressor": {"width": 32, "max_steps": 300},
    "deep_ensemble_regressor": {"width": 32, "members": 2, "max_steps": 300},
    "tabm_regressor": {"width": 32, "members": 4, "max_steps": 150, "learning_rate": 1e-2},
    "bayesian_mlp_regressor": {"max_steps": 400, "samples": 8},
    "random_forest_regressor": {"n_estimators": 40},
    "gradient_boosting_regressor": {"max_iter": 60},
}
SIGHTED = [name for name, entry in METHODS.items() if entry.info.family != "control"]
UNSURE = [name for name, entry in METHODS.items() if entry.info.intervals]
STREAMING = [name for name, entry in METHODS.items() if entry.info.accepts_sparse]
every = pytest.mark.parametrize("name", METHODS)


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    torch = pytest.importorskip("torch")
    before = torch.get_num_threads()
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    torch.set_num_threads(1)
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("error")
        yield
    torch.set_num_threads(before)


def build(name: str, **params: Any) -> Any:
    entry = METHODS[name]
    if reason := unavailable(entry.info, entry.make):
        pytest.skip(reason)
    return entry.make(**{**SHORT.get(name, {}), **params})


def line(n: int, noise: float = 0.3, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """A number that follows 3 of 12 features, far from zero and on a scale of its own."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 12)).astype(np.float32) + 2
    y = X[:, 0] - X[:, 1] + 0.5 * X[:, 2] + noise * rng.normal(size=n)
    return X, (300 + 40 * y).astype(np.float32)


def r2(model: Any, X: np.ndarray, y: np.ndarray) -> float:
    return float(1 - ((model.predict(X) - y) ** 2).mean() / y.var())


@every
def test_contract(name: str) -> None:
    (X, y), (new, _) = line(60), line(9, seed=1)
    before = X.copy(), y.copy()
    model = build(name).fit(X, y)
    told = model.predict(new)
    assert told.shape == (9,)
    assert told.dtype == np.float32
    np.testing.assert_array_equal(X, before[0])
    np.testing.assert_array_equal(y, before[1])
    np.testing.assert_allclose(build(name).fit(X, y).predict(new), told, rtol=1e-5)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict(new), told)
    np.testing.assert_allclose(model.predict(new[3:5]), told[3:5], rtol=1e-4)
    facts = getattr(model, "fit_info_", {})
    assert json.loads(json.dumps(facts, allow_nan=False)) == facts


@pytest.mark.parametrize("name", SIGHTED)
def test_learns_a_line_in_its_own_units(name: str) -> None:
    (X, y), (new, truth) = line(240), line(200, seed=1)
    assert r2(build(name).fit(X, y), new, truth) > 0.6


@every
@pytest.mark.parametrize("n", [3, 8])
def test_few_rows(name: str, n: int) -> None:
    X, y = line(n)
    model = build(name, **({"max_steps": 12} if "max_steps" in SHORT.get(name, {}) else {}))
    told = model.fit(X, y).predict(line(5, seed=1)[0])
    assert np.isfinite(told).all()
    assert np.abs(told - 300).max() < 1000


@every
def test_more_features_than_rows_and_features_without_variance(name: str) -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(30, 80)).astype(np.float32)
    X[:, 40:] = 0
    short = {"max_steps": 12} if "max_steps" in SHORT.get(name, {}) else {}
    told = build(name, **short).fit(X, 5 + X[:, 0]).predict(X)
    assert np.isfinite(told).all()


@every
def test_of_noise_nothing_is_claimed(name: str) -> None:
    if "max_steps" in SHORT.get(name, {}) and name == "bayesian_mlp_regressor":
        pytest.skip("it stops by its budget, which is short here")
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(200, 30)).astype(np.float32), rng.normal(size=200).astype(np.float32)
    model = build(name).fit(X[:120], y[:120])
    assert r2(model, X[120:], y[120:]) > -0.35


@pytest.mark.parametrize("name", UNSURE)
def test_intervals_hold_about_as_many_as_they_say(name: str) -> None:
    (X, y), (new, truth) = line(300, noise=1.0), line(500, noise=1.0, seed=1)
    model = build(name).fit(X, y)
    for level, slack in ((0.5, 0.17), (0.9, 0.1)):
        ends = model.predict_interval(new, level)
        assert ends.shape == (500, 2)
        inside = ((ends[:, 0] <= truth) & (truth <= ends[:, 1])).mean()
        assert inside == pytest.approx(level, abs=slack)


@pytest.mark.parametrize("name", STREAMING)
def test_sparse_and_dense_rows_give_the_same(name: str) -> None:
    X, y = line(60)
    X[X < 2] = 0
    short = {"max_steps": 40} if "max_steps" in SHORT.get(name, {}) else {}
    dense = build(name, **short).fit(X, y).predict(X)
    sparse = build(name, **short).fit(sp.csr_matrix(X), y).predict(sp.csr_matrix(X))
    np.testing.assert_allclose(sparse, dense, rtol=1e-3)


def test_ridge_is_scikit_learns_of_the_penalty_that_predicts_rows_left_out_best() -> None:
    X, y = line(40)
    model = build("ridge").fit(X, y)
    chosen = model.fit_info_["penalty"]
    theirs = linear_model.Ridge(chosen).fit(X.astype(np.float64), y)
    np.testing.assert_allclose(model.predict(X), theirs.predict(X.astype(np.float64)), rtol=1e-5)
    left_out = [
        y[i] - linear_model.Ridge(chosen).fit(np.delete(X, i, 0), np.delete(y, i)).predict(X[[i]])
        for i in range(40)
    ]
    np.testing.assert_allclose(np.ravel(left_out), model.errors_, rtol=0.02, atol=0.5)


@pytest.mark.parametrize(("n", "features"), [(60, 12), (30, 80)])
def test_penalty_and_errors_are_those_of_scikit_learns_search(n: int, features: int) -> None:
    from omicsbench.methods._ridge import RATIOS, fit_ridge

    rng = np.random.default_rng(n)
    X = rng.normal(size=(n, features)) + 3
    y = X[:, 0] - X[:, 1] + rng.normal(size=n)
    model, errors, facts = fit_ridge(X, y)
    theirs = linear_model.RidgeCV(X.var(axis=0).sum() * RATIOS, store_cv_results=True).fit(X, y)
    assert facts["penalty"] == pytest.approx(theirs.alpha_)
    np.testing.assert_allclose(model.predict(X), theirs.predict(X), rtol=1e-6)
    place = int(np.argmin(theirs.cv_results_.mean(axis=0)))
    np.testing.assert_allclose(errors**2, theirs.cv_results_[:, place], rtol=1e-5, atol=1e-12)


def test_linear_kernel_is_ridge_regression() -> None:
    (X, y), (new, _) = line(50), line(20, seed=1)
    kernel = build("kernel_ridge", kernel="linear").fit(X, y)
    plain = build("ridge").fit(X, y)
    np.testing.assert_allclose(kernel.predict(new), plain.predict(new), rtol=1e-3)
    few = build("kernel_ridge", landmarks=10).fit(X, y)
    assert np.isfinite(few.predict(new)).all()


def test_directions_are_chosen_by_rows_held_out() -> None:
    X, y = line(200, noise=0.05)
    assert build("pls_regressor").fit(X, y).fit_info_["directions"] <= 6
    assert build("pls_regressor", most=1).fit(X, y).fit_info_["directions"] == 1


def test_sparse_model_leaves_features_out() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(150, 60)).astype(np.float32)
    model = build("elastic_net_regressor", l1_ratio=1.0).fit(X, 3 * X[:, 0])
    assert model.fit_info_["features_used"] < 20


def test_pairs_are_seen_by_what_is_not_linear() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(900, 4)).astype(np.float32)
    y = (X[:, 0] * X[:, 1]).astype(np.float32)
    assert r2(build("ridge").fit(X[:600], y[:600]), X[600:], y[600:]) < 0.1
    for name in ("kernel_ridge", "gradient_boosting_regressor", "mlp_regressor"):
        assert r2(build(name).fit(X[:600], y[:600]), X[600:], y[600:]) > 0.6, name


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("elastic_net_regressor", {"l1_ratio": 0.0}),
        ("elastic_net_regressor", {"folds": 1}),
        ("pls_regressor", {"most": 0}),
        ("kernel_ridge", {"landmarks": 1}),
        ("kernel_ridge", {"kernel": "cubic"}),
        ("gradient_boosting_regressor", {"library": "x"}),
        ("mlp_regressor", {"depth": 0}),
        ("mlp_regressor", {"validation_fraction": 0.8}),
        ("deep_ensemble_regressor", {"members": 0}),
        ("bayesian_mlp_regressor", {"depth": 3}),
    ],
)
def test_what_cannot_be_is_refused(name: str, params: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"give|use one of"):
        build(name, **params).fit(*line(30))


def test_a_bend_with_two_plateaus_is_followed_where_a_line_is_not() -> None:
    rng = np.random.default_rng(0)
    X = (rng.random((1_500, 60)) < 0.05).astype(np.float32)  # few mutations a row
    y = 1.3 + 2.4 / (1 + np.exp(4 * X @ rng.gamma(1.0, 1.0, 60) - 6)) + rng.normal(0, 0.1, 1_500)
    bent, straight = (
        build(name).fit(X[:1_000], y[:1_000]) for name in ("logit_regressor", "ridge")
    )
    assert r2(bent, X[1_000:], y[1_000:]) > r2(straight, X[1_000:], y[1_000:]) + 0.1
    told = bent.predict(X)
    assert y[:1_000].min() - 1e-5 <= told.min() <= told.max() <= y[:1_000].max() + 1e-5


@pytest.mark.parametrize("dense", [True, False])
def test_the_sigmoid_is_the_one_of_statsmodels(dense: bool) -> None:
    """Fractional logit without a penalty: a binomial GLM of shares."""
    sm = pytest.importorskip("statsmodels.api")
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 4)) if dense else (rng.random((400, 4)) < 0.08).astype(np.float64)
    y = 1 / (1 + np.exp(-X @ [1.0, -1.0, 0.5, 0.0] + rng.normal(0, 0.5, 400)))
    low, high = y.min(), y.max()
    own = importlib.import_module("omicsbench.methods.logit_regressor")
    fitted, converged = own._fit(own._thin(X), y, 1e6)
    assert converged
    assert sp.issparse(own._thin(X)) is not dense
    glm = sm.GLM((y - low) / (high - low), sm.add_constant(X), family=sm.families.Binomial()).fit()
    theirs = low + (high - low) * glm.predict(sm.add_constant(X))
    np.testing.assert_allclose(fitted.predict(X), theirs, atol=2e-3)
