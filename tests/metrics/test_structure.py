"""Neighbourhoods and distances, against other implementations; standard errors of scores."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import rankdata
from sklearn import manifold
from sklearn.metrics import pairwise_distances

from omicsbench.metrics import MetricUndefined, Neighbors
from omicsbench.metrics.reconstruction import reconstruction_mse, reconstruction_r2
from omicsbench.metrics.structure import (
    continuity,
    distance_spearman,
    knn_recall,
    trustworthiness,
)
from spaces import nearest, spaces

NEIGHBOURHOOD = (knn_recall, trustworthiness, continuity)


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
    from omicsbench.metrics.probes import mean_recall

    rng = np.random.default_rng(0)
    genes, rebuilt = (rng.gamma(1.0, size=(400, 12)) for _ in range(2))
    rebuilt = 0.6 * genes + 0.2 * rebuilt
    labels = rng.integers(0, 4, 400)
    predicted = np.where(rng.random(400) < 0.7, labels, rng.integers(0, 4, 400))
    cases = {
        "r2": lambda i: reconstruction_r2(genes[i], rebuilt[i]),
        "mse": lambda i: reconstruction_mse(genes[i], rebuilt[i]),
        "balanced": lambda i: mean_recall(labels[i], predicted[i]),
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
