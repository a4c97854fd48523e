"""Partial least squares: directions of the features that go with the target."""

from __future__ import annotations

import numpy as np

from omicsbench.methods._common import Array
from omicsbench.methods._regressors import Regressor, fit_quietly, folds_of
from omicsbench.plugin import Choice, method


@method(
    name="pls_regressor",
    family="simple",
    task="regress",
    summary="Partial least squares; the number of directions by built-in cross-validation.",
    source="https://doi.org/10.1016/S0169-7439(01)00155-1",
    needs=("sklearn",),
    space={"folds": Choice([3, 5, 10])},
)
class PlsRegressor(Regressor):
    """scikit-learn's PLSRegression on features as they come, centred.

    A direction does not change when more follow, so one fit a fold tells of all their numbers.

    Parameters
    ----------
    most : directions tried, from 1 on.
    folds : of the cross-validation that chooses among them.
    """

    def __init__(self, most: int = 20, folds: int = 5, random_state: int = 0) -> None:
        self.most = most
        self.folds = folds
        self.random_state = random_state

    def fit(self, X: Array, y: Array) -> PlsRegressor:
        from sklearn.cross_decomposition import PLSRegression

        if self.most < 1:
            raise ValueError(f"most={self.most}: give 1 direction or more")
        target = self._standardised(y)
        splits = list(folds_of(len(y), self.folds, self.random_state))
        most = min(self.most, X.shape[1], min(len(rows) for rows, _ in splits) - 1)
        errors = np.zeros(max(1, most))
        for rows, held in splits if most > 1 else []:
            model = PLSRegression(most, scale=False)
            fit_quietly(model, X[rows], target[rows])
            scores = model.transform(X[held])
            told = np.cumsum(scores * model.y_loadings_[0], axis=1) + target[rows].mean()
            errors += ((told - target[held, None]) ** 2).sum(axis=0)
        chosen = int(np.argmin(errors)) + 1
        self.model_ = PLSRegression(chosen, scale=False)
        fit_quietly(self.model_, X, target)
        self.fit_info_ = {"directions": chosen}
        return self
