"""Neighbours: ranks as scikit-learn has them, kept on disk, shapes checked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import rankdata
from sklearn.metrics import pairwise_distances

from omicsbench.metrics import MetricUndefined, Neighbors
from omicsbench.metrics.structure import (
    knn_recall,
)
from spaces import nearest, spaces


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
