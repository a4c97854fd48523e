"""Elastic net: a linear model that leaves features out, for measured numbers."""

from __future__ import annotations

import numpy as np

from omicsbench.methods._common import Array
from omicsbench.methods._regressors import Regressor, fit_quietly, folds_of
from omicsbench.plugin import Choice, Real, method

PENALTIES = 40  # from one that leaves out every feature down to a thousandth of it


@method(
    name="elastic_net_regressor",
    family="simple",
    task="regress",
    summary="Linear regression with a sparse penalty, its strength by built-in cross-validation.",
    source="https://doi.org/10.18637/jss.v033.i01",
    needs=("sklearn",),
    space={"l1_ratio": Real(0.05, 1.0), "folds": Choice([3, 5, 10])},
)
class ElasticNetRegressor(Regressor):
    """scikit-learn's ElasticNetCV on features and targets as they come, centred.

    Parameters
    ----------
    l1_ratio : 1 is the lasso; towards 0 it becomes ridge regression.
    folds : of the cross-validation that chooses the penalty.
    """

    def __init__(self, l1_ratio: float = 0.5, folds: int = 5, random_state: int = 0) -> None:
        self.l1_ratio = l1_ratio
        self.folds = folds
        self.random_state = random_state

    def fit(self, X: Array, y: Array) -> ElasticNetRegressor:
        from sklearn.linear_model import ElasticNetCV

        if not 0 < self.l1_ratio <= 1:
            raise ValueError(f"l1_ratio={self.l1_ratio}: give a share above 0, up to 1")
        self.model_ = ElasticNetCV(
            l1_ratio=self.l1_ratio,
            alphas=PENALTIES,
            cv=list(folds_of(len(y), self.folds, self.random_state)),
            random_state=self.random_state,
        )
        # scikit-learn refuses its own Gram matrix where single precision has rounded it.
        exact = np.asarray(X, dtype=np.float64)
        converged = fit_quietly(self.model_, exact, self._standardised(y))
        self.fit_info_ = {
            "penalty": float(self.model_.alpha_),
            "features_used": int(np.count_nonzero(self.model_.coef_)),
            "converged": converged,
        }
        return self
