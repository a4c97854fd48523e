"""Random forest of measured numbers: trees on bootstrapped rows and random features."""

from __future__ import annotations

import numpy as np

from omicsbench.methods._common import Array, threads
from omicsbench.methods._regressors import OutOfSample, fit_quietly
from omicsbench.plugin import Choice, Whole, method


@method(
    name="random_forest_regressor",
    family="simple",
    task="regress",
    summary="Averaged regression trees, each on a bootstrap of the rows and random features.",
    source="https://doi.org/10.1023/A:1010933404324",
    intervals=True,
    needs=("sklearn",),
    space={
        "max_features": Choice([0.05, 0.1, 0.33, 0.6, 1.0]),
        "min_samples_leaf": Whole(1, 20, log=True),
    },
)
class RandomForestRegressor(OutOfSample):
    """scikit-learn's forest with Breiman's advice for numbers: a third of the features at a split.

    Intervals are as wide as the errors of training rows by the trees that did not see them.

    Parameters
    ----------
    n_estimators : trees.
    max_features : share of the features tried at each split.
    min_samples_leaf : rows in a leaf, at least.
    """

    def __init__(
        self,
        n_estimators: int = 200,
        max_features: float = 0.33,
        min_samples_leaf: int = 5,
        random_state: int = 0,
    ) -> None:
        self.n_estimators = n_estimators
        self.max_features = max_features
        self.min_samples_leaf = min_samples_leaf
        self.random_state = random_state

    def fit(self, X: Array, y: Array) -> RandomForestRegressor:
        from sklearn.ensemble import RandomForestRegressor as Forest

        target = self._standardised(y)
        self.model_ = Forest(
            n_estimators=self.n_estimators,
            max_features=self.max_features,
            min_samples_leaf=self.min_samples_leaf,
            oob_score=True,
            n_jobs=threads(),
            random_state=self.random_state,
        )
        fit_quietly(self.model_, X, target)
        told = np.asarray(self.model_.oob_prediction_)
        self.errors_ = (told - target) * self.spread_
        self.fit_info_ = {"r2_out_of_bag": float(self.model_.oob_score_)}
        return self
