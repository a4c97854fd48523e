"""Elastic net: logistic regression on few features, penalty chosen by cross-validation."""

from __future__ import annotations

import numpy as np

from omicsbench.methods._common import Array
from omicsbench.methods._logistic_cv import LogisticCv
from omicsbench.plugin import Choice, method


@method(
    name="elastic_net",
    family="simple",
    task="predict",
    summary="Multinomial elastic-net regression; penalty by built-in cross-validation.",
    source="https://doi.org/10.1111/j.1467-9868.2005.00503.x",
    needs=("sklearn",),
    space={"folds": Choice([3, 5]), "l1_ratio": Choice([0.1, 0.5, 0.9])},
)
class ElasticNet(LogisticCv):
    """The best of four penalties, then all rows. SAGA takes ten times as long as ridge, or more.

    Each class keeps a row to learn from in every fold; where no class has two members there is
    nothing to choose by, and the frequencies of the classes are predicted.

    Parameters
    ----------
    l1_ratio : share of the penalty by the sum of the weights, the rest by their squares.
    folds : of the cross-validation.
    max_iter : passes of SAGA at most; ``fit_info_["converged"]`` tells whether they were enough.
    """

    def __init__(
        self, l1_ratio: float = 0.5, folds: int = 3, max_iter: int = 200, random_state: int = 0
    ) -> None:
        self.l1_ratio = l1_ratio
        self.folds = folds
        self.max_iter = max_iter
        self.random_state = random_state

    def fit(self, X: Array, y: Array) -> ElasticNet:
        if not 0 <= self.l1_ratio <= 1:
            raise ValueError(f"l1_ratio={self.l1_ratio}: give a number from 0 to 1")
        more = {"solver": "saga", "max_iter": self.max_iter, "tol": 1e-3}
        self._fit(X, y, np.logspace(-2, 1, 4), [self.l1_ratio], **more)
        return self
