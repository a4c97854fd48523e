"""Principal components of what is made of counts: the reference's values, and exact axes."""

from __future__ import annotations

from typing import Any

import anndata
import numpy as np
import pytest
from sklearn.decomposition import PCA

from omicsbench.methods import _count_pca
from omicsbench.methods.hvg import Hvg
from omicsbench.methods.log_pca import LogPca
from omicsbench.methods.pearson_pca import PearsonPca
from omicsbench.stream import Counts

K = 4
MODELS = [PearsonPca, LogPca]


def drawn(n: int = 150, p: int = 60, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    kinds = np.random.default_rng(9).lognormal(0, 1.5, (3, p))
    mean = kinds[rng.integers(0, 3, n)] * rng.lognormal(0, 0.5, (n, 1))
    return rng.negative_binomial(2, 2 / (2 + mean)).astype(np.float32) + (np.arange(p) == 0)


def references(Y: np.ndarray) -> dict[type, np.ndarray]:
    """By scanpy, of which the totals are those of the features it is given."""
    import scanpy

    residuals, logs = (anndata.AnnData(Y.copy()) for _ in range(2))
    scanpy.experimental.pp.normalize_pearson_residuals(residuals)
    scanpy.pp.normalize_total(logs, target_sum=1e4)
    scanpy.pp.log1p(logs)
    return {PearsonPca: residuals.X, LogPca: logs.X}


@pytest.mark.parametrize("model", MODELS)
def test_values_are_scanpys_and_the_axes_exact(model: Any) -> None:
    Y = drawn()
    X = Counts.held(Y)
    theirs = references(Y)[model]
    ours = model(K).fit(X)
    np.testing.assert_allclose(ours._values(Y, X.totals), theirs, rtol=2e-5, atol=2e-5)
    truth = PCA(K, svd_solver="full").fit(theirs.astype(np.float64))
    Z, expected = ours.transform(X), truth.transform(theirs)
    signs = np.sign((Z * expected).sum(axis=0))
    np.testing.assert_allclose(Z, expected * signs, atol=1e-3 * expected.std())
    share = truth.explained_variance_ratio_.sum()
    assert ours.fit_info_["explained_variance_ratio"] == pytest.approx(share, abs=1e-5)


@pytest.mark.parametrize("model", [*MODELS, Hvg])
def test_blocks_do_not_matter_and_rows_stand_alone(
    model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    X, new = Counts.held(drawn()), Counts.held(drawn(50, seed=1))
    whole = model(K).fit(X).transform(new)
    for name in ("omicsbench.methods.hvg.BLOCK", "omicsbench.methods._gram.BLOCK"):
        monkeypatch.setattr(name, 40)
    monkeypatch.setattr(_count_pca, "BLOCK", 40)
    parts = model(K).fit(X)
    np.testing.assert_allclose(parts.transform(new), whole, atol=1e-3)
    np.testing.assert_allclose(parts.transform(new.some(slice(7, 9))), whole[7:9], atol=1e-3)


def test_depth_leaves_log_values_where_they_are() -> None:
    Y = drawn()
    model = LogPca(K).fit(Counts.held(Y))
    np.testing.assert_allclose(
        model.transform(Counts.held(3 * Y)), model.transform(Counts.held(Y)), atol=1e-3
    )


def test_unseen_cells_are_held_against_the_training_cells() -> None:
    Y = drawn()
    model = PearsonPca(K).fit(Counts.held(Y))
    assert model.clip_ == pytest.approx(np.sqrt(len(Y)))
    odd = np.zeros((1, Y.shape[1]), dtype=np.float32)
    odd[0, 5] = 1e6
    residual = model._values(odd, odd.sum(axis=1))
    assert residual[0, 5] <= model.clip_
    assert residual.min() >= -model.clip_
    alone = model.transform(Counts.held(Y[3:4]))
    np.testing.assert_allclose(alone, model.transform(Counts.held(Y))[3:4], atol=1e-4)


def test_a_feature_that_no_training_cell_shows_says_nothing() -> None:
    Y = drawn()
    without = Y.copy()
    without[:, 7] = 0
    totals = Y.sum(axis=1)
    model = PearsonPca(K).fit(Counts.held(without, totals))
    seen, unseen = (model.transform(Counts.held(rows, totals)) for rows in (without, Y))
    np.testing.assert_allclose(unseen, seen, atol=1e-4)


@pytest.mark.parametrize("theta", [0.0, -1.0])
def test_pearson_refuses_what_is_no_size(theta: float) -> None:
    with pytest.raises(ValueError, match="give a number above 0"):
        PearsonPca(K, theta=theta).fit(Counts.held(drawn()))


def test_hvg_gives_the_features_that_vary_most() -> None:
    Y = drawn()
    logs = references(Y)[LogPca]
    best = np.argsort(-logs.var(axis=0))[:K]
    model = Hvg(K).fit(Counts.held(Y))
    assert model.fit_info_ == {"features": best.tolist()}
    np.testing.assert_allclose(model.transform(Counts.held(Y)), logs[:, best], rtol=1e-5)
