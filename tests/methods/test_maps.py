"""Independent components, kernel PCA and the diffusion map: known structure, and references."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import KernelPCA

from omicsbench.methods.ica import Ica
from omicsbench.methods.kernel_pca import KernelPca
from omicsbench.methods.spectral import Spectral


def mixed() -> tuple[np.ndarray, np.ndarray]:
    """Independent uniform sources (n, 3), and a mixture of them (n, 12)."""
    rng = np.random.default_rng(0)
    sources = rng.uniform(-1, 1, (500, 3))
    X = sources @ rng.standard_normal((3, 12)) + 0.01 * rng.standard_normal((500, 12))
    return sources, X.astype(np.float32)


def likeness(Z: np.ndarray, truth: np.ndarray) -> np.ndarray:
    k = truth.shape[1]
    return np.abs(np.corrcoef(Z.T, truth.T)[:k, k:])


@pytest.mark.parametrize("rows", [500, 10])
def test_ica_unmixes_sources(rows: int) -> None:
    sources, X = mixed()
    model = Ica(3).fit(X[:rows])
    Z = model.transform(X[:rows])
    np.testing.assert_allclose(Z.std(axis=0), 1, atol=1e-3)
    rebuilt = model.inverse_transform(Z)
    np.testing.assert_allclose(rebuilt, X[:rows], atol=0.1)
    if rows == 500:
        assert model.fit_info_["converged"]
        assert likeness(Z, sources).max(axis=1).min() > 0.98


def test_ica_says_that_it_stopped_short() -> None:
    assert Ica(3, max_iter=1).fit(mixed()[1]).fit_info_["converged"] is False


def test_kernel_pca_is_exact_with_all_cells_as_landmarks() -> None:
    X = mixed()[1][:80]
    theirs = KernelPCA(4, kernel="rbf", gamma=0.5 / (12 * X.var(dtype=np.float64)))
    truth = theirs.fit(X).transform(X)
    model = KernelPca(4).fit(X)
    Z = model.transform(X)
    np.testing.assert_allclose(np.abs(Z), np.abs(truth), atol=1e-3)
    np.testing.assert_allclose(model.transform(X[5:7]), Z[5:7], atol=1e-5)
    fewer = KernelPca(4, landmarks=30).fit(X)
    assert fewer.fit_info_["landmarks"] == 30
    assert likeness(fewer.transform(X)[:, :1], truth[:, :1]).min() > 0.95


def ring(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Angles (n,), and a ring in 20 dimensions with a little noise (n, 20)."""
    rng = np.random.default_rng(seed)
    angle = rng.uniform(0, 2 * np.pi, n)
    plane = np.linalg.qr(np.random.default_rng(5).standard_normal((20, 2)))[0]
    X = np.column_stack([np.cos(angle), np.sin(angle)]) @ plane.T
    return angle, (X + 0.02 * rng.standard_normal(X.shape)).astype(np.float32)


def test_a_diffusion_map_unrolls_a_ring_for_unseen_cells_too() -> None:
    model = Spectral(2).fit(ring(300, 0)[1])
    angle, new = ring(100, 1)
    Z = model.transform(new)
    found = np.arctan2(Z[:, 1], Z[:, 0])
    turned = np.exp(1j * (found - angle)), np.exp(1j * (found + angle))
    assert max(abs(t.mean()) for t in turned) > 0.99, "up to a rotation or a mirror"


@pytest.mark.parametrize("landmarks", [120, 50])
def test_a_landmark_is_placed_where_the_map_has_it(landmarks: int) -> None:
    X = ring(120, 0)[1]
    model = Spectral(3, landmarks=landmarks).fit(X)
    kernel = model._kernel(model.landmarks_) / np.outer(model.density_, model.density_)
    walk = kernel / kernel.sum(axis=1, keepdims=True)
    values, vectors = np.linalg.eig(walk)
    order = np.argsort(-values.real)
    assert values.real[order[0]] == pytest.approx(1)
    rows = np.sort(np.random.default_rng(0).permutation(120)[:landmarks])
    Z = model.transform(X[rows])
    truth = vectors.real[:, order[1:4]] * values.real[order[1:4]]
    assert np.diag(likeness(Z[:, 2:], truth[:, 2:])).min() > 0.999
    np.testing.assert_allclose(Z, model.places_ * values.real[order[1:4]], atol=1e-5)


def test_a_diffusion_map_does_not_mind_cells_that_repeat() -> None:
    X = np.repeat(ring(10, 0)[1], 20, axis=0)
    assert np.isfinite(Spectral(3).fit(X).transform(X)).all()


@pytest.mark.parametrize("model", [Spectral(2, neighbors=0), KernelPca(2, width=0.0)])
def test_what_cannot_be_is_refused(model: Spectral | KernelPca) -> None:
    with pytest.raises(ValueError, match=r"give .* or more"):
        model.fit(ring(30, 0)[1])
