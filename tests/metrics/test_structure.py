"""Neighbours, distances, class arrangement and reconstruction, against other implementations."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import rankdata
from sklearn import manifold
from sklearn.metrics import mean_squared_error, pairwise_distances, r2_score
from sklearn.neighbors import NearestNeighbors

from omicsbench.metrics import MetricUndefined, Neighbors
from omicsbench.metrics.classes import centroid_distance_correlation, centroid_knn
from omicsbench.metrics.reconstruction import reconstruction_mse, reconstruction_r2
from omicsbench.metrics.structure import (
    continuity,
    distance_spearman,
    knn_recall,
    trustworthiness,
)

NEIGHBOURHOOD = (knn_recall, trustworthiness, continuity)


def spaces(seed: int, rows: int = 90) -> tuple[np.ndarray, np.ndarray]:
    """Gene space and an embedding that keeps some of it."""
    rng = np.random.default_rng(seed)
    genes = rng.normal(size=(rows, 8)).astype(np.float32)
    return genes, genes[:, :2] + 0.5 * rng.normal(size=(rows, 2)).astype(np.float32)


def nearest(points: np.ndarray, k: int) -> np.ndarray:
    return NearestNeighbors(n_neighbors=k).fit(points).kneighbors(return_distance=False)


@pytest.mark.parametrize("k", [1, 7, 44])
def test_neighbourhood_metrics_against_scikit_learn(k: int) -> None:
    genes, embedding = spaces(0)
    in_genes = Neighbors.of(genes, k)
    shared = [
        len(set(a) & set(b)) for a, b in zip(nearest(genes, k), nearest(embedding, k), strict=True)
    ]
    assert knn_recall(in_genes, embedding) == pytest.approx(np.mean(shared) / k)
    expected = manifold.trustworthiness(genes, embedding, n_neighbors=k)
    assert trustworthiness(in_genes, embedding) == pytest.approx(expected)
    expected = manifold.trustworthiness(embedding, genes, n_neighbors=k)
    assert continuity(in_genes, embedding) == pytest.approx(expected)


def test_blocks_of_rows_join_seamlessly() -> None:
    genes, embedding = spaces(1, rows=600)
    expected = manifold.trustworthiness(genes, embedding, n_neighbors=15)
    assert trustworthiness(Neighbors.of(genes, 15), embedding) == pytest.approx(expected)


@pytest.mark.parametrize("function", NEIGHBOURHOOD)
def test_ties_count_as_if_broken_at_random(function: Callable[..., float]) -> None:
    rng = np.random.default_rng(2)
    genes, embedding = spaces(2, rows=60)
    lattice = np.round(embedding)  # many rows coincide
    in_genes = Neighbors.of(genes, 6)
    jittered = [
        function(in_genes, lattice + 1e-4 * rng.normal(size=lattice.shape)) for _ in range(200)
    ]
    # Jitter orders ties alike for all rows, so single draws vary; their mean does not.
    spread = 4 * np.std(jittered) / np.sqrt(len(jittered))
    assert function(in_genes, lattice) == pytest.approx(np.mean(jittered), abs=spread + 1e-3)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), scale=st.floats(1e-3, 1e3))
def test_neighbourhood_metrics_are_invariant(seed: int, scale: float) -> None:
    rng = np.random.default_rng(seed)
    genes, embedding = spaces(seed, rows=40)
    rotation, _ = np.linalg.qr(rng.normal(size=(2, 2)))
    moved = scale * embedding @ rotation + 3 * scale
    shuffle = rng.permutation(len(genes))
    for function in NEIGHBOURHOOD:
        value = function(Neighbors.of(genes, 5), embedding)
        assert function(Neighbors.of(genes, 5), moved) == pytest.approx(value, abs=1e-9)
        shuffled = function(Neighbors.of(genes[shuffle], 5), embedding[shuffle])
        assert shuffled == pytest.approx(value, abs=1e-9)


def test_trustworthiness_needs_k_below_half_the_rows() -> None:
    genes, embedding = spaces(0, rows=20)
    for function in (trustworthiness, continuity):
        with pytest.raises(MetricUndefined, match="more than 20"):
            function(Neighbors.of(genes, 10), embedding)


def test_trustworthiness_of_the_worst_embedding_is_zero() -> None:
    class Reversed(Neighbors):
        """Gene-space ranks that are the embedding's, turned round."""

    line = np.sort(np.random.default_rng(0).normal(size=(31, 1)), axis=0)
    kind = Neighbors.of(line, 5)
    ranks = np.where(kind.ranks == 0, 0, 31 - kind.ranks)
    worst = Reversed(np.argsort(ranks, axis=1)[:, 1:6], ranks)
    assert trustworthiness(worst, line) == pytest.approx(0)
    assert continuity(worst, line) == pytest.approx(0)
    assert knn_recall(worst, line) == 0


def test_ranks_and_indices() -> None:
    genes, _ = spaces(3)
    found = Neighbors.of(genes, 4)
    np.testing.assert_array_equal(found.ranks, rankdata(pairwise_distances(genes), axis=1) - 1)
    np.testing.assert_array_equal(found.indices, nearest(genes, 4))
    np.testing.assert_array_equal(found.cut(2).indices, found.indices[:, :2])
    assert (found.k, found.cut(2).k) == (4, 2)
    assert (found.indices.dtype, found.ranks.dtype) == (np.int32, np.int16)


def test_every_rank_occurs_once_even_among_equal_points() -> None:
    found = Neighbors.of(np.zeros((30, 2)), 5)
    np.testing.assert_array_equal(np.sort(found.ranks, axis=1), np.tile(np.arange(30), (30, 1)))
    assert not np.diag(found.ranks).any()
    assert not (found.indices == np.arange(30)[:, None]).any()
    assert found.indices.max() > 10, "the order of the rows, which may hold labels, decides nothing"


@pytest.mark.parametrize("function", NEIGHBOURHOOD)
def test_anchors_estimate_what_all_points_give(function: Callable[..., float]) -> None:
    """400 of 3,000 points scored against all: the error stays within what is stored beside it."""
    genes, embedding = spaces(11, 3_000)
    exact = float(function(Neighbors.of(genes, 15), embedding))
    off, stated = [], []
    for draw in range(12):
        order = np.random.default_rng(draw).permutation(3_000)
        found = function(Neighbors.of(genes[order], 15, 400), embedding[order])
        off.append(float(found) - exact)
        stated.append(found.se)  # type: ignore[attr-defined]
    assert np.abs(off).max() < 4 * np.mean(stated)
    # With 400 of 3,000 drawn, the spread is a little under that of an unlimited population.
    assert 0.5 < np.std(off) / np.mean(stated) < 1.5
    assert np.std(stated) < 0.3 * np.mean(stated)


def test_standard_errors_against_the_bootstrap() -> None:
    from omicsbench.metrics.probes import _balanced_accuracy

    rng = np.random.default_rng(0)
    genes, rebuilt = (rng.gamma(1.0, size=(400, 12)) for _ in range(2))
    rebuilt = 0.6 * genes + 0.2 * rebuilt
    labels = rng.integers(0, 4, 400)
    predicted = np.where(rng.random(400) < 0.7, labels, rng.integers(0, 4, 400))
    cases = {
        "r2": lambda i: reconstruction_r2(genes[i], rebuilt[i]),
        "mse": lambda i: reconstruction_mse(genes[i], rebuilt[i]),
        "balanced": lambda i: _balanced_accuracy(labels[i], predicted[i]),
    }
    for name, scored in cases.items():
        draws = [float(scored(rng.integers(0, 400, 400))) for _ in range(400)]
        assert scored(np.arange(400)).se == pytest.approx(np.std(draws), rel=0.25), name


def test_memory_set_for_distances_changes_no_value(monkeypatch: pytest.MonkeyPatch) -> None:
    from omicsbench.metrics.points import block_rows

    genes, embedding = spaces(3, 700)
    scores = []
    for megabytes in ("256", "0.1"):
        monkeypatch.setenv("OMICSBENCH_BLOCK_MB", megabytes)
        found = Neighbors.of(genes, 9, 300)
        scores.append([f(found, embedding) for f in NEIGHBOURHOOD])
    assert scores[0] == scores[1]
    assert block_rows(700) == 4
    assert block_rows(10**9) == 1, "one row at least"


def test_neighbors_survive_the_disk(tmp_path: Path) -> None:
    found = Neighbors.of(spaces(4)[0], 4)
    found.save(tmp_path / "neighbors.npz")
    again = Neighbors.load(tmp_path / "neighbors.npz")
    np.testing.assert_array_equal(again.indices, found.indices)
    np.testing.assert_array_equal(again.ranks, found.ranks)
    assert [file.name for file in tmp_path.iterdir()] == ["neighbors.npz"]


def test_neighbors_check_their_shapes() -> None:
    found = Neighbors.of(spaces(0)[0], 4)
    with pytest.raises(ValueError, match="must be"):
        Neighbors(found.indices, found.ranks[:5])
    with pytest.raises(ValueError, match="cannot cut"):
        found.cut(5)
    with pytest.raises(MetricUndefined, match="too few"):
        Neighbors.of(np.zeros((5, 2)), 5)
    with pytest.raises(ValueError, match="scored rows"):
        knn_recall(found, np.zeros((3, 2)))


@pytest.mark.parametrize("rows", [80, 600])
def test_distance_spearman_against_ranks_by_hand(rows: int) -> None:
    genes, embedding = spaces(5, rows)
    pairs = np.triu_indices(rows, 1)
    ranks = [rankdata(pairwise_distances(space)[pairs]) for space in (genes, embedding)]
    within = 1e-6 if rows <= 500 else 0.03  # 500 rows are drawn of more
    expected = np.corrcoef(ranks)[0, 1]
    assert distance_spearman(genes, embedding) == pytest.approx(expected, abs=within)


def test_distance_spearman_of_equal_rows_is_undefined() -> None:
    with pytest.raises(MetricUndefined, match="gene space"):
        distance_spearman(np.zeros((20, 3)), spaces(0, 20)[1])


def test_class_metrics_by_hand() -> None:
    rng = np.random.default_rng(6)
    genes, embedding = spaces(6, rows=120)
    labels = rng.integers(-1, 7, 120)
    means = [
        np.stack([space[labels == c].mean(axis=0) for c in range(7)])
        for space in (genes, embedding)
    ]
    shared = [
        len(set(a) & set(b))
        for a, b in zip(nearest(means[0], 3), nearest(means[1], 3), strict=True)
    ]
    assert centroid_knn(genes, embedding, labels) == pytest.approx(np.mean(shared) / 3)
    pairs = np.triu_indices(7, 1)
    ranks = [rankdata(pairwise_distances(m)[pairs]) for m in means]
    value = centroid_distance_correlation(genes, embedding, labels)
    assert value == pytest.approx(np.corrcoef(ranks)[0, 1])


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_class_metrics_do_not_depend_on_names_or_order(seed: int) -> None:
    rng = np.random.default_rng(seed)
    genes, embedding = spaces(seed)
    labels = np.arange(90) % 6
    shuffle, names = rng.permutation(90), rng.permutation(6)
    for function in (centroid_knn, centroid_distance_correlation):
        value = function(genes, embedding, labels)
        again = function(genes[shuffle], embedding[shuffle], names[labels][shuffle])
        assert again == pytest.approx(value, abs=1e-9)


def test_class_metrics_need_four_different_classes() -> None:
    genes, embedding = spaces(0)
    for function in (centroid_knn, centroid_distance_correlation):
        with pytest.raises(MetricUndefined, match="4 classes"):
            function(genes, embedding, np.arange(90) % 3)
        with pytest.raises(MetricUndefined, match="do not differ"):
            function(np.ones_like(genes), embedding, np.arange(90) % 5)


def test_reconstruction_against_scikit_learn() -> None:
    genes, _ = spaces(7)
    guess = genes + np.random.default_rng(7).normal(size=genes.shape).astype(np.float32)
    expected = r2_score(genes, guess, multioutput="variance_weighted")
    assert reconstruction_r2(genes, guess) == pytest.approx(expected, rel=1e-5)
    expected = mean_squared_error(genes, guess)
    assert reconstruction_mse(genes, guess) == pytest.approx(expected, rel=1e-5)


def test_reconstruction_by_the_mean_explains_nothing() -> None:
    genes, _ = spaces(8)
    guess = np.broadcast_to(genes.mean(axis=0, dtype=np.float64), genes.shape)
    assert reconstruction_r2(genes, guess) == pytest.approx(0, abs=1e-12)


def test_reconstruction_of_unfit_input() -> None:
    genes, _ = spaces(9)
    with pytest.raises(MetricUndefined, match="all alike"):
        reconstruction_r2(np.ones_like(genes), genes)
    with pytest.raises(ValueError, match="reconstruction"):
        reconstruction_mse(genes, genes[:, :1])
