"""Topics, parts and latent semantic axes of counts: the truth of drawn counts, and references."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from scipy import sparse
from sklearn.decomposition import NMF, LatentDirichletAllocation

from omicsbench.methods.kl_nmf import KlNmf
from omicsbench.methods.lda import Lda
from omicsbench.methods.lsi import Lsi
from omicsbench.stream import Counts

N, P, K = 150, 60, 3


@cache
def drawn() -> tuple[np.ndarray, np.ndarray]:
    """Shares of topics (n, k) and counts (n, p) of cells of unlike depth."""
    rng = np.random.default_rng(0)
    topics = rng.dirichlet(np.full(P, 0.2), K)
    shares = rng.dirichlet(np.full(K, 0.4), N)
    depth = rng.lognormal(6, 0.7, N).astype(int) + 10
    Y = np.stack([rng.multinomial(d, s @ topics) for d, s in zip(depth, shares, strict=True)])
    return shares, Y.astype(np.float32)


@cache
def fitted(model: Any) -> Any:
    return model(K).fit(Counts.held(drawn()[1]))


@pytest.mark.parametrize("model", [Lda, KlNmf])
def test_finds_the_topics_of_every_cell(model: Any) -> None:
    shares, Y = drawn()
    Z = fitted(model).transform(Counts.held(Y))
    Z = Z / Z.sum(axis=1, keepdims=True)
    likeness = np.corrcoef(Z.T, shares.T)[:K, K:]
    assert sorted(likeness.argmax(axis=1)) == list(range(K)), "one topic each"
    assert likeness.max(axis=1).min() > 0.95


def test_topics_are_scikit_learns_and_sum_to_one() -> None:
    _, Y = drawn()
    theirs = LatentDirichletAllocation(K, learning_method="online", random_state=0).fit(Y)
    Z = fitted(Lda).transform(Counts.held(Y))
    np.testing.assert_allclose(Z, theirs.transform(Y), atol=2e-3)
    np.testing.assert_allclose(Z.sum(axis=1), 1, atol=1e-5)


def test_parts_are_scikit_learns_at_equal_depth() -> None:
    _, Y = drawn()
    theirs = NMF(
        K, init="nndsvda", solver="mu", beta_loss="kullback-leibler", max_iter=400, random_state=0
    ).fit(Y)
    totals = Y.sum(axis=1, keepdims=True)
    Z = fitted(KlNmf).transform(Counts.held(Y))
    np.testing.assert_allclose(Z * totals / totals.mean(), theirs.transform(Y), atol=0.02)
    deeper = fitted(KlNmf).transform(Counts.held(4 * Y))
    np.testing.assert_allclose(deeper, Z, atol=0.02 * Z.std())


def test_it_says_that_it_stopped_short() -> None:
    info = KlNmf(K, max_iter=5).fit(Counts.held(drawn()[1])).fit_info_
    assert info == {"iterations": 5, "converged": False}


def reference(present: np.ndarray) -> np.ndarray:
    """TF-IDF as published, and a full SVD."""
    tf = present / np.maximum(present.sum(axis=1, keepdims=True), 1)
    weighted = 1e4 * tf * np.log(1 + len(present) / np.maximum(present.sum(axis=0), 1))
    U, s, _ = np.linalg.svd(weighted.astype(np.float64), full_matrices=False)
    return U * s


@pytest.mark.parametrize("drop_first", [True, False])
@pytest.mark.parametrize("form", [np.asarray, sparse.csr_matrix])
def test_lsi_is_the_published_formula(drop_first: bool, form: Any) -> None:
    Y = np.minimum(drawn()[1], 3)
    model = Lsi(K, drop_first=drop_first).fit(form(Y / Y.std(axis=0)))
    first = int(drop_first)
    truth = reference(Y > 0)[:, first : first + K]
    Z = model.transform(form(Y))
    signs = np.sign((Z * truth).sum(axis=0))
    np.testing.assert_allclose(Z, truth * signs, atol=2e-3 * truth.std())
    np.testing.assert_allclose(model.transform(form(Y[4:6])), Z[4:6], atol=1e-2)


def test_lsi_of_a_cell_that_shows_nothing_lies_at_the_origin() -> None:
    model = Lsi(K).fit(drawn()[1])
    assert (model.transform(np.zeros((2, P), dtype=np.float32)) == 0).all()
