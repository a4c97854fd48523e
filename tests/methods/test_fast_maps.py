"""Pictures of very many rows: as good as the libraries' own, alike on any number of threads."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.manifold import trustworthiness
from sklearn.neighbors import KNeighborsClassifier

pytest.importorskip("manifolds_rs")

from omicsbench.methods import _fast_neighbors
from omicsbench.methods.tsne_knn import TsneKnn
from omicsbench.methods.umap import Umap
from omicsbench.methods.umap_rs import UmapRs


def kinds(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Six kinds of rows in 20 dimensions, each a short curve, with their labels."""
    rng, fixed = np.random.default_rng(seed), np.random.default_rng(7)
    centres, directions = 4 * fixed.standard_normal((2, 6, 20))
    y, along = rng.integers(0, 6, n), rng.uniform(-1, 1, n)
    X = centres[y] + along[:, None] * directions[y] + 0.5 * rng.standard_normal((n, 20))
    return X.astype(np.float32), y


@pytest.mark.parametrize("exact", [10_000, 100])
def test_neighbours_are_the_nearest(exact: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_fast_neighbors, "EXACT", exact)
    X, _ = kinds(2_000)
    found, lengths = _fast_neighbors.among_themselves(X, 10, seed=0)
    truth, far = _fast_neighbors.of_unseen(X, X, 11)
    assert (found != np.arange(2_000)[:, None]).all()
    kept = np.mean([np.isin(row, near).mean() for row, near in zip(found, truth, strict=True)])
    assert kept > (0.999 if exact > 2_000 else 0.95)
    assert np.median(np.abs(lengths - far[:, 1:])) < 1e-3


def test_what_the_search_leaves_out_is_searched_exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    import manifolds_rs

    X, _ = kinds(60)
    whole = manifolds_rs.knn_graph(X, 5, ann="exhaustive")
    torn = whole[0].copy(), whole[1].copy()
    torn[0][[3, 50], 2:] = -1
    torn[1][[3, 50], 2:] = np.inf
    monkeypatch.setattr(manifolds_rs, "knn_graph", lambda *args, **kwargs: torn)
    mended = _fast_neighbors.among_themselves(X, 5, seed=0)
    np.testing.assert_array_equal(mended[0], whole[0])
    np.testing.assert_allclose(mended[1], whole[1], atol=1e-3)


@pytest.mark.parametrize("make", [UmapRs, TsneKnn])
def test_threads_change_nothing(
    make: type[UmapRs | TsneKnn], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_fast_neighbors, "EXACT", 100)
    X, _ = kinds(400)
    pictures = []
    for count in ("1", "2"):
        monkeypatch.setenv("OMP_NUM_THREADS", count)
        pictures.append(make().fit(X).embedding_)
    np.testing.assert_allclose(*pictures, atol=1e-3)


def test_as_trustworthy_as_umap_learn() -> None:
    X, _ = kinds(600)
    ours, theirs = (trustworthiness(X, make().fit(X).embedding_) for make in (UmapRs, Umap))
    assert ours > theirs - 0.01


@pytest.mark.parametrize("model", [UmapRs(), TsneKnn(), TsneKnn(n_neighbors=90, sampled=10)])
def test_unseen_rows_lie_among_their_kind(model: UmapRs | TsneKnn) -> None:
    (X, y), (new, truth) = kinds(600), kinds(200, seed=1)
    placed = model.fit(X).transform(new)
    assert KNeighborsClassifier(5).fit(model.embedding_, y).score(placed, truth) > 0.95


def test_a_sample_of_the_neighbours_is_what_it_says() -> None:
    X, _ = kinds(200)
    assert TsneKnn(n_neighbors=50, sampled=7).fit(X).fit_info_["pairs"] == 200 * 7
    assert TsneKnn(n_neighbors=5, sampled=7).fit(X).fit_info_["pairs"] == 200 * 5


def test_more_dimensions_than_principal_components_start_at_random() -> None:
    X, _ = kinds(30)
    model = UmapRs(n_components=25).fit(X)
    assert model.fit_info_["start"] == "random"
    assert model.transform(X[:5]).shape == (5, 25)
