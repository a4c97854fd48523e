"""The autoencoder of counts: it learns, places unseen cells, streams."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")
import torch

from omicsbench.methods._count_vae import start
from omicsbench.methods.count_vae import CountVae
from omicsbench.stream import Counts

P = 50


@pytest.fixture(autouse=True)
def one_thread():
    """Small problems only: threads that wait for each other on a busy machine cost most."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def simulated(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Negative binomial counts (theta 2) of cells on a line of 2 dimensions; their places."""
    loadings = np.random.default_rng(9).standard_normal((2, P))
    rng = np.random.default_rng(seed)
    z = rng.standard_normal((n, 2))
    shares = np.exp(0.8 * z @ loadings)
    mean = shares / shares.sum(axis=1, keepdims=True) * rng.lognormal(5.5, 0.5, (n, 1))
    return rng.poisson(rng.gamma(2, mean / 2)).astype(np.float32), z


@pytest.mark.parametrize("decoder", ["deep", "linear"])
def test_finds_the_places_of_unseen_cells(decoder):
    """A linear map of the embedding tells the true places, better than that of plain PCA."""
    from sklearn.linear_model import LinearRegression

    from omicsbench.methods.pca import Pca

    (X, z), (T, t) = simulated(800), simulated(300, seed=1)
    model = CountVae(2, decoder=decoder, max_steps=600).fit(Counts.held(X))
    pca = Pca(2).fit(X)
    found, plain = (
        LinearRegression().fit(m.transform(a), z).score(m.transform(b), t)
        for m, a, b in ((model, Counts.held(X), Counts.held(T)), (pca, X, T))
    )
    assert found > 0.8 > 0.1 + plain


def test_the_bound_of_unseen_cells_improves_with_training():
    (X, _), (T, _) = simulated(500), simulated(200, seed=1)
    bounds = [
        CountVae(2, max_steps=steps, validation_fraction=0)
        .fit(Counts.held(X))
        .score(Counts.held(T))
        for steps in (1, 40, 400)
    ]
    assert bounds[0] + 1 < bounds[1] < bounds[2] - 1


def test_training_starts_from_the_best_model_of_cells_alike():
    rng = np.random.default_rng(0)
    shares, depth = rng.dirichlet(np.ones(20)), rng.integers(500, 2_000, (4_000, 1))
    X = rng.poisson(rng.gamma(3, shares * depth / 3)).astype(np.float32)
    profile, log_theta = start(Counts.held(X))
    common = shares > 0.01
    np.testing.assert_allclose(profile[common], shares[common], rtol=0.1)
    assert np.median(np.exp(log_theta[common])) == pytest.approx(3, rel=0.2)


def test_a_random_start_costs_bound():
    """So the other one is used, and is the better one after few steps."""
    (X, _), (T, _) = simulated(500), simulated(200, seed=1)
    alike, random = (
        CountVae(2, start=start, max_steps=30, validation_fraction=0)
        .fit(Counts.held(X))
        .score(Counts.held(T))
        for start in ("alike", "random")
    )
    assert alike > random + 1


@pytest.mark.parametrize("n", [3, 20])
def test_few_rows_are_trained_on_anew(n):
    X, _ = simulated(n)
    model = CountVae(2, max_steps=30).fit(Counts.held(X))
    assert np.isfinite(model.transform(Counts.held(X))).all()
    assert model.fit_info_["refitted"]


def test_cells_and_features_without_counts_are_borne():
    X, _ = simulated(60)
    X[:5] = 0
    X[:, 7] = 0
    totals = X.sum(axis=1) + 1
    model = CountVae(2, max_steps=30).fit(Counts.held(X, totals))
    assert np.isfinite(model.transform(Counts.held(X, totals))).all()


def test_early_stopping_keeps_the_best_weights():
    X, _ = simulated(700)
    info = CountVae(2, learning_rate=1e-2).fit(Counts.held(X)).fit_info_
    assert info["stopped_early"]
    assert info["best_step"] < info["steps"] < 50_000
    assert (info["training_rows"], info["validation_rows"]) == (630, 70)
    assert info["refitted"]


def test_only_batches_and_blocks_are_read():
    """So memory does not grow with n: of 10,000 cells, at most a block is asked for at a time."""
    n, asked = 10_000, []
    rng = np.random.default_rng(0)

    def read(places):
        asked.append(len(places))
        return rng.poisson(2.0, (len(places), P)).astype(np.float32)

    X = Counts(read, np.full(n, 100, dtype=np.float32), P)
    CountVae(2, max_steps=150).fit(X).transform(X)
    assert max(asked) <= 8_192
    assert asked.count(1_000) == 1, "held-out rows are read once"


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"decoder": "wide"}, "use one of deep, linear"),
        ({"start": "zero"}, "use one of alike, random"),
        ({"depth": 0}, "one hidden layer"),
    ],
)
def test_wrong_parameters_are_refused_in_words(params, words):
    with pytest.raises(ValueError, match=words):
        CountVae(2, **params).fit(Counts.held(simulated(20)[0]))
