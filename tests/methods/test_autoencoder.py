"""The autoencoder is as good as PCA where it must be, and better where it can be."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import scipy.sparse as sp

from omicsbench.methods.autoencoder import Autoencoder
from omicsbench.methods.bfloat16_autoencoder import Bfloat16Autoencoder
from omicsbench.methods.original_8_layers import Corrected8Layers, Original8Layers
from omicsbench.methods.pca import Pca


@pytest.fixture(autouse=True)
def one_thread(monkeypatch):
    """Small problems only: threads that wait for each other on a busy machine cost most."""
    import torch
    from threadpoolctl import threadpool_limits

    before = torch.get_num_threads()
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    torch.set_num_threads(1)
    with threadpool_limits(1):
        yield
    torch.set_num_threads(before)


def linear(n: int, p: int = 80, k: int = 5, seed: int = 0) -> np.ndarray:
    """Probabilistic PCA: nothing can beat PCA."""
    rng = np.random.default_rng(seed)
    W = rng.standard_normal((k, p)) * np.linspace(1.2, 0.5, k)[:, None]
    X = rng.standard_normal((n, k)) @ W + 0.7 * rng.standard_normal((n, p)) + 1
    return X.astype(np.float32)


def curved(n: int, p: int = 60, k: int = 3, seed: int = 0) -> np.ndarray:
    """A k-dimensional manifold that bends through p dimensions."""
    rng = np.random.default_rng(seed)
    A, b = rng.standard_normal((k, p)), rng.uniform(0, 2 * np.pi, p)
    z = rng.uniform(-1.7, 1.7, (n, k))
    X = 1.4 * np.cos(1.5 * z @ A + b) + 0.3 * rng.standard_normal((n, p))
    return X.astype(np.float32)


def r2(model, T: np.ndarray) -> float:
    """Share of the variance of unseen rows that the latent space keeps."""
    restored = model.inverse_transform(model.transform(T))
    return float(1 - ((T - restored) ** 2).sum() / ((T - T.mean(0)) ** 2).sum())


def test_linear_autoencoder_is_pca():
    X = linear(2000)
    pca, net = (r2(m.fit(X[:1000]), X[1000:]) for m in (Pca(5), Autoencoder(5, depth=0)))
    assert pca - 0.015 < net < pca + 0.003


@pytest.mark.parametrize("depth", [2, 8])
def test_deep_does_not_beat_pca_on_linear_data(depth):
    X = linear(2000)
    pca, net = (r2(m.fit(X[:1000]), X[1000:]) for m in (Pca(5), Autoencoder(5, depth=depth)))
    assert pca - 0.1 < net < pca


@pytest.mark.parametrize("depth", [2, 8])
def test_beats_pca_on_a_curved_manifold(depth):
    X = curved(4000)
    net = Autoencoder(3, depth=depth, width=128, max_steps=1500).fit(X[:3000])
    assert r2(net, X[3000:]) > r2(Pca(3).fit(X[:3000]), X[3000:]) + 0.15


@pytest.mark.parametrize("depth", [0, 2, 4, 8, 10])
@pytest.mark.parametrize("n", [20, 300])
def test_trains_at_any_depth(depth, n):
    X = linear(n + 500, seed=1)
    net = Autoencoder(5, depth=depth, max_steps=400).fit(X[:n])
    assert r2(net, X[n:]) > (0.1 if n == 20 else 0.6), "no better than the mean"
    assert len(net.fit_info_["widths"]) == depth + 3


def test_widths_taper_and_mirror():
    net = Autoencoder(10, depth=8, max_steps=2).fit(linear(50))
    widths = net.fit_info_["widths"]
    assert widths == [80, 512, 191, 72, 27, 10, 27, 72, 191, 512, 80]
    assert Autoencoder(600, depth=4)._hidden() == [600, 600]


@pytest.mark.parametrize("depth", [1, 3, -2])
def test_odd_depth_is_refused_in_words(depth):
    with pytest.raises(ValueError, match="even number of hidden layers"):
        Autoencoder(2, depth=depth).fit(linear(30))


def test_unknown_activation_is_refused_in_words():
    with pytest.raises(ValueError, match="use one of elu"):
        Autoencoder(2, activation="step").fit(linear(30))


def test_sparse_trains_as_dense():
    X = np.maximum(linear(300), 0)
    dense, sparse = (
        Autoencoder(5, max_steps=60).fit(A).transform(X[:9]) for A in (X, sp.csr_matrix(X))
    )
    np.testing.assert_allclose(sparse, dense, atol=1e-3)


def test_batches_never_hold_more_than_they_say(monkeypatch):
    X = sp.csr_matrix(np.maximum(linear(1000), 0))
    seen = []
    original = sp.csr_matrix.toarray
    monkeypatch.setattr(
        sp.csr_matrix,
        "toarray",
        lambda self, *a, **k: seen.append(self.shape[0]) or original(self, *a, **k),
    )
    Autoencoder(5, max_steps=20, batch_size=64).fit(X)
    seen.remove(100)  # the validation rows, once
    assert max(seen) <= 64
    assert min(seen) > 32, "batches are nearly equal"


def test_early_stopping_keeps_the_best_weights():
    X = linear(60)
    info = Autoencoder(5, depth=2, learning_rate=1e-2).fit(X).fit_info_
    assert info["stopped_early"]
    assert info["best_step"] < info["steps"] < 50_000
    assert info["training_rows"] + info["validation_rows"] == 60
    steps, losses = zip(*info["validation_curve"], strict=True)
    assert all(later >= 2 * step for step, later in itertools.pairwise(steps))
    assert list(losses) == sorted(losses, reverse=True)
    assert losses[-1] >= info["validation_loss"]
    full = Autoencoder(5, validation_fraction=0, max_steps=7).fit(X).fit_info_
    assert full["steps"] == 7
    assert full["training_rows"] == 60
    assert full["validation_loss"] is None


def test_torch_seed_is_left_alone_and_seeds_differ():
    import torch

    torch.manual_seed(3)
    state = torch.get_rng_state()
    X = linear(60)
    a, b = (Autoencoder(2, max_steps=5, random_state=s).fit(X).transform(X) for s in (0, 1))
    assert torch.equal(state, torch.get_rng_state())
    assert not np.allclose(a, b)


def test_too_few_rows_are_refused_in_words():
    with pytest.raises(ValueError, match="two are needed"):
        Autoencoder(1).fit(linear(2))


def test_original_cannot_fit_signed_scores_and_corrected_can():
    X = linear(800)
    scores = Pca(20).fit(X[:400]).transform(X)
    original = Original8Layers(n_components=5, epochs=50).fit(scores[:400])
    restored = original.inverse_transform(original.transform(scores))
    assert restored.min() >= 0
    assert restored.max() <= 1
    corrected = Corrected8Layers(5).fit(X[:400])
    assert corrected.fit_info_["widths"] == [80, 30, 20, 10, 5, 10, 20, 30, 80]
    assert r2(corrected, X[400:]) > 0.6 > r2(original, scores[400:])


@pytest.mark.gpu
@pytest.mark.parametrize("depth", [0, 8])
def test_trains_on_cuda(depth):
    X = linear(600)
    models = (Autoencoder(5, depth=depth, device=device) for device in ("cpu", "cuda"))
    cpu, cuda = (r2(m.fit(sp.csr_matrix(X[:400])), X[400:]) for m in models)
    assert cuda == pytest.approx(cpu, abs=0.05)


def test_an_epoch_beyond_the_buffer_holds_every_row_once_in_runs() -> None:
    from omicsbench.methods import _training

    rows = np.arange(0, 6 * _training.BUFFER, 2)
    mixed = _training._shuffled(rows, np.random.default_rng(0))
    assert np.array_equal(np.sort(mixed), rows)
    assert not np.array_equal(mixed, rows)
    buffer = np.sort(mixed[: _training.BUFFER])
    neighbours = (np.diff(buffer) == 2).mean()
    assert neighbours > 0.9, "a buffer is read in runs"
    batch = mixed[:256]
    assert np.ptp(batch) > 0.8 * np.ptp(rows), "a batch comes from everywhere"
    assert (np.diff(np.sort(batch)) == 2).mean() < 0.2, "and seldom holds neighbours"


@pytest.fixture(scope="module")
def in_both_precisions() -> dict[str, Autoencoder]:
    X = curved(4_000)[:3_000]
    return {
        make.info.name: make(3, depth=2, width=64, max_steps=1_500, random_state=1).fit(X)
        for make in (Autoencoder, Bfloat16Autoencoder)
    }


def test_mixed_precision_learns_as_much_as_float32(
    in_both_precisions: dict[str, Autoencoder],
) -> None:
    X = curved(4_000)
    exact, mixed = (r2(model, X[3_000:]) for model in in_both_precisions.values())
    assert exact > r2(Pca(3).fit(X[:3_000]), X[3_000:]) + 0.05, "there is something to learn"
    assert mixed == pytest.approx(exact, abs=0.02)


def test_products_are_rounded_in_mixed_precision_and_weights_are_not(
    in_both_precisions: dict[str, Autoencoder],
) -> None:
    import torch

    exact, mixed = in_both_precisions.values()
    assert {w.dtype for w in mixed.net_.parameters()} == {torch.float32}
    first = [one.fit_info_["validation_curve"][0] for one in (exact, mixed)]
    assert first[0] != first[1], "from the same start, by the same batches"
    assert first[0] == pytest.approx(first[1], rel=0.02)
    assert not torch.is_autocast_enabled("cpu"), "the next one is trained in float32"


def test_a_record_tells_the_precision(in_both_precisions: dict[str, Autoencoder]) -> None:
    exact, mixed = in_both_precisions.values()
    assert mixed.fit_info_["precision"].startswith("bfloat16")
    assert "precision" not in exact.fit_info_
