"""Linear support vector machine, its scores turned into probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np

from omicsbench.methods._common import Array
from omicsbench.methods._predictors import (
    Predictor,
    check_positive,
    class_frequencies,
    fit_quietly,
)
from omicsbench.plugin import Real, method


@method(
    name="linear_svm",
    family="simple",
    task="predict",
    summary="Linear SVM, one class against the rest, calibrated by cross-validation.",
    source="https://doi.org/10.1007/BF00994018",
    accepts_sparse=True,
    needs=("sklearn",),
    space={"C": Real(1e-4, 1e2, log=True)},
)
class LinearSvm(Predictor):
    """scikit-learn's LinearSVC, trained on all rows; sigmoids fitted to its scores out of fold.

    A class with two members or more is in every training part, however many the folds. A class
    with one member cannot be held out, so nothing is known of how its scores behave: it gets
    its share of the training rows, 1 / n, for every cell, and the others share the rest.
    ``fit_info_["uncalibrated_classes"]`` counts such classes. Of temperature scaling and an
    ensemble of SVMs, the first was worse by far with many classes, the second with small ones.

    liblinear penalises the intercept with the weights. ``intercept_scaling`` as large as a row
    makes that harmless, and centring needless.

    Parameters
    ----------
    C : weight of the training errors against the size of the weights.
    folds : of the cross-validation; fewer where the largest class has fewer members.
    """

    def __init__(self, C: float = 1.0, folds: int = 5, random_state: int = 0) -> None:
        self.C = C
        self.folds = folds
        self.random_state = random_state

    def fit(self, X: Any, y: Array) -> LinearSvm:
        check_positive(C=self.C)
        if self.folds < 2:
            raise ValueError(f"folds={self.folds}: give 2 or more")
        y = np.asarray(y)
        self.classes_, members = np.unique(y, return_counts=True)
        self.known_ = members > 1
        self.rest_ = float(1 / len(y))
        folds, converged = 0, True
        if self.known_.sum() > 1:
            rows = np.flatnonzero(np.isin(y, self.classes_[self.known_]))
            folds = int(min(self.folds, members.max()))
            self.model_, converged = fit_quietly(
                self._calibrated(X[rows], y[rows], folds), X[rows], y[rows]
            )
        else:  # no two classes to tell apart by rows held out
            self.model_ = class_frequencies(X, y)
            self.known_ = np.ones(len(self.classes_), dtype=bool)
        self.fit_info_ = {
            "folds": folds,
            "uncalibrated_classes": int((members == 1).sum()),
            "converged": converged,
        }
        return self

    def _calibrated(self, X: Any, y: Array, folds: int) -> Any:
        import warnings

        from sklearn.calibration import CalibratedClassifierCV
        from sklearn.model_selection import StratifiedKFold
        from sklearn.svm import LinearSVC

        squares = X.multiply(X) if hasattr(X, "multiply") else np.square(X)
        length = float(np.sqrt(squares.sum(dtype=np.float64) / len(y))) or 1.0
        svm = LinearSVC(C=self.C, intercept_scaling=length, random_state=self.random_state)
        splitter = StratifiedKFold(folds, shuffle=True, random_state=self.random_state)
        with warnings.catch_warnings():  # that a class has fewer members than there are folds
            warnings.simplefilter("ignore")
            splits = list(splitter.split(np.empty(len(y)), y))
        return CalibratedClassifierCV(svm, method="sigmoid", cv=splits, ensemble=False)

    def predict_proba(self, X: Any) -> Array:
        known = super().predict_proba(X)
        p = np.full((len(known), len(self.classes_)), self.rest_)
        p[:, self.known_] = known * (1 - self.rest_ * (~self.known_).sum())
        return p
