"""GLM-PCA finds the factors that counts were drawn from, whatever a cell's depth."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from omicsbench.methods import glm_pca
from omicsbench.methods._count_factors import Loadings, Pass, place
from omicsbench.methods.glm_pca import GlmPca
from omicsbench.stream import Counts

N, P, K = 300, 120, 3


@cache
def drawn(theta: float | None = None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Factors (n, k), counts (n, p) and totals (n,) of the model itself."""
    rng = np.random.default_rng(0)
    U = rng.standard_normal((N, K))
    eta = U @ (0.5 * rng.standard_normal((K, P))) + rng.normal(-5, 1, P)
    totals = rng.lognormal(7, 0.8, N)
    mean = totals[:, None] * np.exp(eta)
    if theta is not None:
        mean *= rng.gamma(theta, 1 / theta, mean.shape)
    return U, rng.poisson(mean).astype(np.float32), totals.astype(np.float32)


def counts(theta: float | None = None) -> Counts:
    return Counts.held(*drawn(theta)[1:])


def common(A: Any, B: Any) -> float:
    """The least correlation of a direction of one space with the other."""
    bases = [np.linalg.qr(M - M.mean(axis=0))[0] for M in (A, B)]
    return float(np.linalg.svd(bases[0].T @ bases[1], compute_uv=False).min())


@pytest.mark.parametrize(("truth", "theta"), [(None, None), (None, 100.0), (5.0, 5.0)])
def test_finds_the_factors(truth: float | None, theta: float | None) -> None:
    model = GlmPca(K, theta).fit(counts(truth))
    assert model.fit_info_["converged"]
    Z = model.transform(counts(truth))
    assert common(Z, drawn(truth)[0]) > 0.97
    np.testing.assert_allclose(Z.mean(axis=0), 0, atol=0.3)
    off = np.corrcoef(Z.T)[np.triu_indices(K, 1)]
    np.testing.assert_allclose(off, 0, atol=0.05)
    assert (np.diff(Z.var(axis=0)) < 0).all(), "axes by variance"


def test_poisson_is_its_limit() -> None:
    poisson, limit = (GlmPca(K, theta).fit(counts()).transform(counts()) for theta in (None, 1e6))
    assert common(poisson, limit) > 0.9999


def test_a_cell_counted_deeper_stays_in_place() -> None:
    _, Y, totals = drawn()
    model = GlmPca(K, None, penalty=1e-3).fit(counts())
    once = model.transform(counts())
    twice = model.transform(Counts.held(2 * Y, 2 * totals))
    moved = np.linalg.norm(once - twice, axis=1)
    assert np.median(moved) < 0.01 * np.linalg.norm(once.std(axis=0))


def test_each_cell_is_placed_by_itself_and_best() -> None:
    model = GlmPca(K).fit(counts())
    _, Y, totals = drawn()
    U = place(model.loadings_, Y, totals)
    np.testing.assert_allclose(place(model.loadings_, Y[5:9], totals[5:9]), U[5:9], atol=1e-4)
    far = place(model.loadings_, Y, totals, U + 3)
    np.testing.assert_allclose(far, U, atol=2e-3)

    def objective(V: np.ndarray) -> float:
        return model.loadings_.slopes(V, Y, totals)[2] - float((V**2).sum()) / 2

    rng = np.random.default_rng(1)
    for _ in range(5):
        aside = U + 0.1 * rng.standard_normal(U.shape).astype(np.float32)
        assert objective(aside) < objective(U)


def test_a_step_raises_the_likelihood_from_anywhere() -> None:
    _, Y, totals = drawn()
    rng = np.random.default_rng(2)
    U = (3 * rng.standard_normal((N, K))).astype(np.float32)
    weights = rng.standard_normal((K, P)).astype(np.float32)
    loadings = Loadings(weights, np.full(P, -4, np.float32), 10.0, 1.0)
    reached = []
    for _ in range(6):
        read = Pass(loadings)
        read.add(U, Y, totals)
        squares = np.square(loadings.weights, dtype=np.float64).sum()
        reached.append(read.objective - float(squares) / 2)
        loadings = read.stepped(ridge=1.0)
    assert (np.diff(reached) > 0).all()


def test_blocks_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = GlmPca(K).fit(counts()).transform(counts())
    monkeypatch.setattr(glm_pca, "BLOCK", 70)
    parts = GlmPca(K).fit(counts()).transform(counts())
    np.testing.assert_allclose(parts, whole, atol=0.02)


def test_it_says_that_it_stopped_short() -> None:
    info = GlmPca(K, max_iter=2).fit(counts()).fit_info_
    assert info["iterations"] == 2
    assert info["converged"] is False


@pytest.mark.parametrize("params", [{"theta": 0.0}, {"penalty": 0.0}, {"ridge": -1.0}])
def test_what_cannot_be_is_refused(params: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="give a number above 0"):
        GlmPca(K, **params).fit(counts())


def test_cells_of_features_never_seen_are_placed() -> None:
    _, Y, totals = drawn()
    without = Y.copy()
    without[:, :20] = 0
    model = GlmPca(K).fit(Counts.held(without, totals))
    assert np.isfinite(model.transform(counts())).all()
