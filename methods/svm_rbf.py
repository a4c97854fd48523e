"""Support vector machine with an RBF kernel, its scores turned into probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np

from omicsbench.methods._common import Array
from omicsbench.methods._predictors import check_positive
from omicsbench.methods.linear_svm import LinearSvm
from omicsbench.plugin import Real, method


@method(
    name="svm_rbf",
    family="simple",
    task="predict",
    summary="SVM with an RBF kernel, calibrated by cross-validation.",
    source="https://doi.org/10.1007/BF00994018",
    needs=("sklearn",),
    space={"C": Real(1e-2, 1e3, log=True), "width": Real(0.1, 10.0, log=True)},
)
class SvmRbf(LinearSvm):
    """scikit-learn's SVC, trained on all rows; probabilities as ``linear_svm`` makes them.

    Sigmoids are fitted to scores out of fold; a class with one member gets its share of the
    training rows. Time grows with the square of the rows and more.

    Parameters
    ----------
    C : weight of the training errors against the size of the weights.
    width : factor to the kernel's gamma, which is 1 / (features x variance of all values).
    folds : of the cross-validation; fewer where the largest class has fewer members.
    """

    def __init__(
        self, C: float = 1.0, width: float = 1.0, folds: int = 5, random_state: int = 0
    ) -> None:
        super().__init__(C, folds, random_state)
        self.width = width

    def _calibrated(self, X: Any, y: Array, folds: int) -> Any:
        from sklearn.svm import SVC

        check_positive(width=self.width)
        gamma = self.width / (X.shape[1] * (float(np.var(X, dtype=np.float64)) or 1.0))
        return super()._calibrated(X, y, folds).set_params(estimator=SVC(C=self.C, gamma=gamma))
