"""Counts brought to one depth: nothing of depth is left, and nothing but molecules is taken."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from omicsbench.metrics import METRICS
from omicsbench.prepare.evened import LOWEST, evened
from omicsbench.prepare.normalise import TARGET_SUM, counted

CELLS, GENES = 400, 30


def part(as_kept: Any = np.asarray, seed: int = 0) -> tuple[Any, np.ndarray]:
    """Counts of cells that differ in depth alone, of which half the features are selected."""
    rng = np.random.default_rng(seed)
    depth = rng.lognormal(6, 1, CELLS)
    X = rng.poisson(depth[:, None] / GENES * np.ones(GENES))
    totals = np.maximum(X.sum(axis=1), 1).astype(np.float32)
    own = X[:, ::2]
    logs = np.log1p(own * (TARGET_SUM / totals[:, None])).astype(np.float32)
    return SimpleNamespace(X=as_kept(logs), depth=totals), own


@pytest.mark.parametrize("as_kept", [np.asarray, sparse.csr_matrix])
def test_all_but_the_lowest_have_one_depth(as_kept: Any) -> None:
    given, own = part(as_kept)
    rows = np.random.default_rng(1).permutation(CELLS)[:300]
    even = evened(given, rows, 0)
    target = np.quantile(given.depth, LOWEST)
    few = given.depth[rows] <= target
    np.testing.assert_array_equal(even.depth[few], given.depth[rows][few])
    # What is left of a cell is drawn, so that totals differ as binomial ones do.
    assert abs(even.depth[~few].mean() - target) < 4
    assert even.depth[~few].std() < np.sqrt(target) + 2
    counts = counted(even.X, even.depth)
    assert (counts <= own[rows]).all()
    np.testing.assert_allclose(counts.sum() / even.depth.sum(), 0.5, atol=0.02)
    again = evened(given, rows, 0)
    np.testing.assert_array_equal(even.X, again.X)
    assert not np.array_equal(even.X, evened(given, rows, 1).X)


def test_depth_alone_makes_no_neighbours_agree() -> None:
    """As it would, and as well as the best embeddings, if the halves kept their depth."""
    (first, _), (other, _) = part(seed=2), part(seed=2)
    even = evened(other, np.arange(CELLS), 0)

    def score(depth: np.ndarray) -> float:
        seen, half = (np.log(d)[:, None] for d in (first.depth, depth))
        found = METRICS["half_consistency"](
            embedding=seen[:200], background=seen, half_embedding=half
        )
        return float(found)

    assert score(other.depth) > 0.5
    assert score(even.depth) < 0.12
