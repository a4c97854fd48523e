"""Variational, denoising and contrastive: each keeps more than chance, and does what it says."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")
import torch

from omicsbench.methods import _training
from omicsbench.methods._variants import Variational, rebuilt
from omicsbench.methods.contrastive import Contrastive
from omicsbench.methods.denoising_autoencoder import DenoisingAutoencoder
from omicsbench.methods.pca import Pca
from omicsbench.methods.vae import Vae


@pytest.fixture(autouse=True)
def one_thread():
    """Small problems only: threads that wait for each other on a busy machine cost most."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def linear(n: int, p: int = 40, k: int = 3, seed: int = 0) -> np.ndarray:
    """Probabilistic PCA: nothing can beat PCA. The loadings do not hang on the seed."""
    W = np.random.default_rng(7).standard_normal((k, p))
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, k)) @ W + 0.7 * rng.standard_normal((n, p)) + 1
    return X.astype(np.float32)


def curved(n: int, p: int = 40, k: int = 2, seed: int = 0) -> np.ndarray:
    """A k-dimensional manifold that bends through p dimensions, and noise."""
    fixed, rng = np.random.default_rng(7), np.random.default_rng(seed)
    A, b = fixed.standard_normal((k, p)), fixed.uniform(0, 2 * np.pi, p)
    z = rng.uniform(-1.7, 1.7, (n, k))
    X = 1.4 * np.cos(1.5 * z @ A + b) + 0.5 * rng.standard_normal((n, p))
    return X.astype(np.float32)


def kinds(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Three kinds of rows about centres that do not hang on the seed; most of it is noise."""
    centres = np.random.default_rng(7).standard_normal((3, 40))
    rng = np.random.default_rng(seed)
    kind = rng.integers(0, 3, n)
    return (centres[kind] + 1.2 * rng.standard_normal((n, 40))).astype(np.float32), kind


def r2(model, T: np.ndarray) -> float:
    """Share of the variance of unseen rows that the latent space keeps."""
    restored = model.inverse_transform(model.transform(T))
    return float(1 - ((T - restored) ** 2).sum() / ((T - T.mean(0)) ** 2).sum())


def test_linear_vae_is_pca():
    X, T = linear(800), linear(400, seed=1)
    pca, net = (
        r2(m.fit(X), T) for m in (Pca(3), Vae(3, depth=0, learning_rate=1e-2, max_steps=300))
    )
    assert pca - 0.05 < net < pca + 0.003


@pytest.mark.parametrize("make", [Vae, DenoisingAutoencoder])
def test_keeps_more_than_pca_of_a_curved_manifold(make):
    X, T = curved(1_500), curved(400, seed=1)
    net = make(2, width=64, max_steps=600).fit(X)
    assert r2(net, T) > r2(Pca(2).fit(X), T) + 0.1


def test_bound_improves_with_training():
    X, T = curved(600), torch.from_numpy(curved(300, seed=1))
    nets = [
        Vae(2, width=64, beta=1, max_steps=s, validation_fraction=0).fit(X).net_
        for s in (1, 50, 400)
    ]
    with torch.no_grad():
        bounds = [-net.loss(T, 1.0).item() for net in nets]
    assert bounds[0] + 0.05 < bounds[1] < bounds[2] - 0.05


def test_more_beta_keeps_less():
    X, T = linear(500), linear(200, seed=1)
    little, much = (r2(Vae(3, width=64, beta=b, max_steps=150).fit(X), T) for b in (1, 300))
    assert much < 0.1 < 0.5 < little


def test_bound_of_rows_held_out_is_the_same_at_each_look():
    net = Variational([40, 2, 40], 1, np.zeros(40, dtype=np.float32)).eval()
    x = torch.from_numpy(linear(20))
    assert net.loss(x, 1.0).item() == net.loss(x, 1.0).item()
    net.train()
    torch.nn.init.normal_(net.decoder[-1].weight)
    assert net.loss(x, 1.0).item() != net.loss(x, 1.0).item()


def test_masked_is_what_training_rows_alone_are():
    net = Variational([40, 2, 40], 1, np.ones(40, dtype=np.float32))
    torch.nn.init.normal_(net.decoder[-1].weight)
    x = torch.from_numpy(linear(50))
    plain = torch.nn.functional.mse_loss(net(x), x).item()
    assert rebuilt(net, x, 0.0).item() == pytest.approx(plain)
    assert rebuilt(net, x, 0.3).item() != pytest.approx(plain)
    assert rebuilt(net.eval(), x, 0.3).item() == pytest.approx(plain)


def test_contrastive_tells_kinds_of_unseen_rows_apart():
    from sklearn.neighbors import KNeighborsClassifier

    (X, y), (T, t) = kinds(600), kinds(300, seed=1)
    model = Contrastive(2, width=64, expanded=64, max_steps=150).fit(X)
    found = KNeighborsClassifier(15).fit(model.transform(X), y).score(model.transform(T), t)
    assert found > 0.85
    assert model.transform(T).std(axis=0).min() > 0.1, "a dimension has collapsed"


@pytest.mark.parametrize("make", [Vae, DenoisingAutoencoder, Contrastive])
def test_few_rows_are_trained_on_anew(make, monkeypatch):
    monkeypatch.setattr(_training, "FEW", 500)
    few, many = (make(2, width=16, max_steps=40).fit(linear(n)).fit_info_ for n in (60, 600))
    assert few["refitted"]
    assert not many["refitted"]
    assert many["validation_rows"] == 60


@pytest.mark.parametrize(
    ("make", "masked"), [(DenoisingAutoencoder, 1), (DenoisingAutoencoder, -0.1), (Contrastive, 0)]
)
def test_wrong_masks_are_refused_in_words(make, masked):
    with pytest.raises(ValueError, match=f"masked={masked}: give a share"):
        make(2, masked=masked).fit(linear(30))
