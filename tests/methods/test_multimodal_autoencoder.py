"""The multimodal autoencoder: its likelihoods, its missing modalities, the lecture's presets."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from scipy.stats import nbinom
from sklearn.metrics import log_loss
from threadpoolctl import threadpool_limits

from omicsbench.methods._multimodal import bernoulli, negative_binomial
from omicsbench.methods.multimodal_autoencoder import MultimodalAutoencoder
from omicsbench.methods.original_cite_seq import OriginalCiteSeq
from omicsbench.methods.original_scnmt import OriginalScnmt
from omicsbench.plugin import Modality


@pytest.fixture(autouse=True)
def one_thread() -> Any:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    with threadpool_limits(1):
        yield
    torch.set_num_threads(before)


def cells(n: int, seed: int = 0) -> tuple[dict[str, Modality], np.ndarray]:
    """Counts, presence and continuous values that bend with one shared coordinate."""
    truth, rng = np.random.default_rng(3), np.random.default_rng(seed)
    z = rng.uniform(-2, 2, n)
    curve = np.column_stack([z, np.sin(2 * z), z**2 - 1.3])
    mean = np.exp(1 + 0.5 * curve @ truth.standard_normal((3, 30)))
    counts = rng.poisson(mean).astype(np.float32)
    logits = curve @ truth.standard_normal((3, 20)) * 1.5
    there = (rng.uniform(size=(n, 20)) < 1 / (1 + np.exp(-logits))).astype(np.float32)
    values = (curve @ truth.standard_normal((3, 10))).astype(np.float32)
    values += 0.2 * rng.standard_normal((n, 10)).astype(np.float32)
    logs = np.log1p(counts)
    return {
        "rna": Modality(logs / 0.8, "negative_binomial", counts, counts.sum(axis=1)),
        "atac": Modality(there / 0.5, "bernoulli", there),
        "lipids": Modality(values),
    }, z


def test_the_negative_binomial_is_scipys() -> None:
    rng = np.random.default_rng(0)
    counts, mean = rng.poisson(4.0, (6, 5)), rng.gamma(2.0, 2.0, (6, 5))
    theta = rng.gamma(2.0, 1.0, 5)
    ours = negative_binomial(
        torch.tensor(counts, dtype=torch.float64),
        torch.tensor(np.log(mean)),
        torch.tensor(np.log(theta)),
    )
    expected = -nbinom.logpmf(counts, theta, theta / (theta + mean))
    constant = ours.numpy() - expected  # terms of the counts alone may be left out
    for j in range(5):
        other = negative_binomial(
            torch.tensor(counts[:, j], dtype=torch.float64),
            torch.tensor(np.log(mean[:, j] * 1.7)),
            torch.tensor(np.log(theta[j])),
        )
        expected = -nbinom.logpmf(counts[:, j], theta[j], theta[j] / (theta[j] + 1.7 * mean[:, j]))
        np.testing.assert_allclose(other.numpy() - expected, constant[:, j], atol=1e-6)


def test_the_bernoulli_is_scikit_learns() -> None:
    rng = np.random.default_rng(0)
    y, logits = rng.integers(0, 2, 50), rng.standard_normal(50)
    ours = bernoulli(torch.tensor(y, dtype=torch.float64), torch.tensor(logits)).mean()
    assert float(ours) == pytest.approx(log_loss(y, 1 / (1 + np.exp(-logits))))


def test_what_the_modalities_share_is_found_and_carried_across() -> None:
    X, _ = cells(1_000)
    new, z = cells(300, seed=1)
    model = MultimodalAutoencoder(3, max_steps=1_500).fit(X)
    Z = model.transform(new)
    A = np.column_stack([Z, np.ones(len(Z))])
    fit = A @ np.linalg.lstsq(A, z, rcond=None)[0]
    assert 1 - np.var(z - fit) / np.var(z) > 0.8
    rebuilt = model.inverse_transform(model.transform({"rna": new["rna"]}))
    for name in ("atac", "lipids"):
        error = np.square(rebuilt[name] - new[name].values).sum(axis=0)
        total = np.square(new[name].values - new[name].values.mean(axis=0)).sum(axis=0)
        assert np.mean(1 - error / total) > 0.15, "the mean reaches 0 at most"


@pytest.mark.parametrize("depth", [0, 2, 4])
@pytest.mark.parametrize("loss", ["likelihood", "mse"])
def test_twenty_cells_at_any_depth(depth: int, loss: str) -> None:
    X, _ = cells(20)
    model = MultimodalAutoencoder(5, depth=depth, loss=loss, max_steps=50).fit(X)
    Z = model.transform(X)
    assert Z.shape == (20, 5)
    assert np.isfinite(Z).all()
    for name, rebuilt in model.inverse_transform(Z).items():
        assert rebuilt.shape == X[name].values.shape
        assert np.isfinite(rebuilt).all()


@pytest.mark.parametrize(("parameter", "value"), [("loss", "l1"), ("depth", 3), ("depth", -2)])
def test_bad_parameters_are_refused_in_words(parameter: str, value: Any) -> None:
    with pytest.raises(ValueError, match=parameter):
        MultimodalAutoencoder(2, **{parameter: value}).fit(cells(30)[0])


def layers(net: torch.nn.Module) -> list[tuple[int, int]]:
    found = [m for m in net.modules() if isinstance(m, torch.nn.Linear)]
    return [(m.in_features, m.out_features) for m in found]


def test_the_presets_have_the_published_layers() -> None:
    X, _ = cells(60)
    two = {"rna": X["rna"], "protein": X["lipids"]}
    cite = OriginalCiteSeq(epochs=1).fit(two)
    assert layers(cite.net_) == [(30, 50), (10, 10), (60, 50), (50, 60), (60, 30), (60, 10)]
    scnmt = OriginalScnmt(epochs=1).fit(X)
    assert layers(scnmt.net_) == [
        (30, 30),
        (20, 30),
        (10, 30),
        (90, 50),
        (50, 90),
        (90, 30),
        (90, 20),
        (90, 10),
    ]
    assert cite.transform(two).shape == scnmt.transform(X).shape == (60, 50)
