"""Logistic regression whose penalty is chosen by cross-validation, also where classes are small."""

from __future__ import annotations

from typing import Any

import numpy as np

from omicsbench.methods._common import Array
from omicsbench.methods._predictors import Predictor, class_frequencies, fit_quietly

SMALLEST = 1e-6  # a probability below it counts as that, as in the harness's own log loss
Split = tuple[Array, Array]


def splits(y: Array, folds: int, random_state: int) -> list[Split]:
    """Rows to learn from and rows held out, for each fold; at most ``folds`` of them.

    Members of a class are dealt out to the folds in turn, so that each class has a row to learn
    from in every fold. One with a single member is never held out.
    """
    rng = np.random.default_rng(random_state)
    fold = np.full(len(y), -1)
    dealt = 0
    for code in np.unique(y):
        rows = rng.permutation(np.flatnonzero(y == code))
        if len(rows) > 1:
            fold[rows] = (dealt + np.arange(len(rows))) % folds
            dealt += len(rows)
    every = ((np.flatnonzero(fold != i), np.flatnonzero(fold == i)) for i in range(folds))
    return [split for split in every if len(split[1])]


def log_score(model: Any, X: Any, y: Array) -> float:
    """Mean log probability of the true classes, of a classifier that may know more classes."""
    p = model.predict_proba(X)[np.arange(len(y)), np.searchsorted(model.classes_, y)]
    return float(np.log(np.maximum(p, SMALLEST)).mean())


class LogisticCv(Predictor):
    """scikit-learn's LogisticRegressionCV on centred features, by the log loss of rows held out."""

    folds: int
    random_state: int

    def _fit(self, X: Array, y: Array, Cs: Array, l1_ratios: list[float], **more: Any) -> None:
        from sklearn.linear_model import LogisticRegressionCV
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        if self.folds < 2:
            raise ValueError(f"folds={self.folds}: give 2 or more")
        self.classes_, codes = np.unique(y, return_inverse=True)
        cv = splits(codes, self.folds, self.random_state)
        self.fit_info_ = {"folds": len(cv)}
        if not cv or len(self.classes_) < 2:  # nothing to choose by, or to tell apart
            self.model_ = class_frequencies(X, codes)
            return
        regression = LogisticRegressionCV(
            Cs=Cs,
            l1_ratios=l1_ratios,
            cv=cv,
            scoring=log_score,
            use_legacy_attributes=False,
            random_state=self.random_state,
            **more,
        )
        centred = make_pipeline(StandardScaler(with_std=False), regression)
        self.model_, converged = fit_quietly(centred, X, codes)
        self.fit_info_ |= {
            "C": float(regression.C_),
            "l1_ratio": float(regression.l1_ratio_),
            "converged": converged,
        }
