"""Clusters and silhouettes, against scikit-learn or a known answer."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.metrics import (
    adjusted_rand_score,
    normalized_mutual_info_score,
)

from blobs import blobs
from omicsbench.metrics import MetricUndefined
from omicsbench.metrics.clusters import ari, nmi, silhouette


def test_clusters_of_separate_blobs_are_found() -> None:
    embedding, labels = blobs(rows=300, classes=6, apart=30)
    assert ari(embedding, labels) == 1
    assert nmi(embedding, labels) == pytest.approx(1)
    merged = labels // 2  # labels coarser than the clusters
    found = KMeans(6, n_init=10, random_state=0).fit_predict(embedding)
    assert ari(embedding, merged) == pytest.approx(adjusted_rand_score(merged, found))
    assert nmi(embedding, merged) == pytest.approx(normalized_mutual_info_score(merged, found))


def test_clustering_sees_unlabelled_rows_but_does_not_score_them() -> None:
    embedding, labels = blobs(rows=300, classes=6, apart=30)
    labels[:100] = -1
    assert ari(embedding, labels) == 1
    labels[:260] = -1
    for function in (ari, nmi):
        with pytest.raises(MetricUndefined, match="too small to cluster"):
            function(embedding, labels)


def test_silhouette_by_hand() -> None:
    embedding, labels = blobs(rows=60, classes=3)
    distances = np.linalg.norm(embedding[:, None] - embedding[None], axis=2)
    widths = []
    for row, own in enumerate(labels):
        to = [distances[row, labels == c].sum() / ((labels == c).sum()) for c in range(3)]
        inner = distances[row, labels == own].sum() / ((labels == own).sum() - 1)
        outer = min(to[c] for c in range(3) if c != own)
        widths.append((outer - inner) / max(outer, inner))
    assert silhouette(embedding, labels) == pytest.approx(np.mean(widths), abs=1e-5)
