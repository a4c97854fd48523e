"""Controls bound the metrics: one by the labels themselves."""

from __future__ import annotations

import numpy as np
import pytest

from omicsbench.methods.label_oracle import LabelOracle


@pytest.mark.parametrize("d", [1, 2, 5, 30])
def test_label_oracle_separates_every_class(d: int) -> None:
    y = np.repeat(np.arange(15), 20)
    X = np.zeros((len(y), 3), dtype=np.float32)
    model = LabelOracle(d).fit(X[:40], y[:40])  # two classes seen
    Z = model.transform(X, y).astype(float)
    distances = np.linalg.norm(Z[:, None] - Z[None], axis=2)
    same = y[:, None] == y[None]
    assert distances[same].max() < distances[~same].min()
    alone = model.transform(X[:20], y[-20:])
    np.testing.assert_allclose(alone.mean(0), Z[-20:].mean(0), atol=0.02)
    assert np.abs(model.transform(X[:20], np.full(20, -1))).max() < 0.1
