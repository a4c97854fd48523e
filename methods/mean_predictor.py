"""Control: the mean of the training targets, the floor of every regression."""

from __future__ import annotations

from typing import Any

import numpy as np

from omicsbench.methods._common import Array
from omicsbench.methods._regressors import center_and_spread
from omicsbench.plugin import method


@method(
    name="mean_predictor",
    family="control",
    task="regress",
    summary="Mean of the training targets, for every cell: what looking at X must beat.",
    source="https://scikit-learn.org/stable/modules/generated/sklearn.dummy.DummyRegressor.html",
    accepts_sparse=True,
    streams=True,
    intervals=True,
)
class MeanPredictor:
    """Knows nothing of the cell. Its intervals are quantiles of the training targets."""

    def fit(self, X: Any, y: Array) -> MeanPredictor:
        self.targets_ = np.sort(np.asarray(y, dtype=np.float64))
        self.mean_, _ = center_and_spread(y)
        return self

    def predict(self, X: Any) -> Array:
        """(m,) float32."""
        return np.full(X.shape[0], self.mean_, dtype=np.float32)

    def predict_interval(self, X: Any, level: float) -> Array:
        """(m, 2) float32."""
        ends = np.quantile(self.targets_, [(1 - level) / 2, (1 + level) / 2])
        return np.tile(ends.astype(np.float32), (X.shape[0], 1))
