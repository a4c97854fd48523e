"""Ridge: logistic regression, its penalty chosen by cross-validation on the training rows."""

from __future__ import annotations

import numpy as np

from omicsbench.methods._common import Array
from omicsbench.methods._logistic_cv import LogisticCv
from omicsbench.plugin import Choice, method


@method(
    name="ridge_classifier",
    family="simple",
    task="predict",
    summary="Multinomial logistic regression; ridge penalty by built-in cross-validation.",
    source="https://doi.org/10.18637/jss.v033.i01",
    needs=("sklearn",),
    space={"folds": Choice([3, 5, 10])},
)
class RidgeClassifier(LogisticCv):
    """``logistic_regression`` that needs no tuning: the best of seven penalties, then all rows.

    Each class keeps a row to learn from in every fold; where no class has two members there is
    nothing to choose by, and the frequencies of the classes are predicted.

    Parameters
    ----------
    folds : of the cross-validation.
    max_iter : steps of L-BFGS at most; ``fit_info_["converged"]`` tells whether they were enough.
    """

    def __init__(self, folds: int = 5, max_iter: int = 1000, random_state: int = 0) -> None:
        self.folds = folds
        self.max_iter = max_iter
        self.random_state = random_state

    def fit(self, X: Array, y: Array) -> RidgeClassifier:
        self._fit(X, y, np.logspace(-4, 2, 7), [0.0], max_iter=self.max_iter)
        return self
