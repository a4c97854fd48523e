"""The arrangement of classes, by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import rankdata
from sklearn.metrics import pairwise_distances

from omicsbench.metrics import MetricUndefined
from omicsbench.metrics.classes import centroid_distance_correlation, centroid_knn
from spaces import nearest, spaces


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
