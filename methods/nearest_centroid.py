"""Nearest shrunken centroid: a cell is of the class whose mean it is nearest to."""

from __future__ import annotations

import numpy as np

from omicsbench.methods._common import Array
from omicsbench.methods._logistic_cv import log_score, splits
from omicsbench.plugin import Real, method

FLATTEST, SHARPEST = 1e-5, 10.0  # factors to the scores, searched on a log scale


@method(
    name="nearest_centroid",
    family="simple",
    task="predict",
    summary="Nearest shrunken centroid; probabilities by a temperature fitted out of fold.",
    source="https://doi.org/10.1073/pnas.082099299",
    needs=("scipy",),
    space={"shrink": Real(0.0, 5.0)},
)
class NearestCentroid:
    """As published: centroids shrunken towards the overall mean, in units of their own error.

    Score: minus half the squared distance to a centroid, each feature by its spread within
    classes, and the log of the class's share. As if features were independent, which makes them
    far too sure with many. So probabilities are the softmax of the distances' part times a
    factor, the one of the least log loss of rows held out. (scikit-learn's has no such
    factor, and fails where every class has one member.)

    Parameters
    ----------
    shrink : standard errors by which each difference from the overall mean is shortened.
    folds : of the cross-validation by which the factor is fitted; where no class has two members
        it is 1 / features.
    """

    def __init__(self, shrink: float = 0.0, folds: int = 5, random_state: int = 0) -> None:
        self.shrink = shrink
        self.folds = folds
        self.random_state = random_state

    def fit(self, X: Array, y: Array) -> NearestCentroid:
        if self.shrink < 0 or self.folds < 2:
            raise ValueError("give a shrink of 0 or more, and 2 folds or more")
        self._learn(X, np.asarray(y))
        self.factor_ = self._factor(X, np.asarray(y))
        self.fit_info_ = {"factor": self.factor_, "features_used": self.used_}
        return self

    def _learn(self, X: Array, y: Array) -> None:
        self.classes_, codes, members = np.unique(y, return_inverse=True, return_counts=True)
        n, c = len(y), len(members)
        mean = X.mean(axis=0, dtype=np.float64)
        own, squares = np.empty((c, X.shape[1])), np.zeros(X.shape[1])
        for k in range(c):
            rows = X[codes == k]
            own[k] = rows.mean(axis=0, dtype=np.float64)
            squares += np.square(rows - own[k]).sum(axis=0)
        spread = np.sqrt(squares / max(n - c, 1))
        # As published, so that features of hardly any spread do not decide alone.
        self.spread_ = spread + (float(np.median(spread)) or 1.0)
        error = np.sqrt(np.maximum(1 / members - 1 / n, 0))[:, None] * self.spread_
        apart = own - mean
        shortened = np.maximum(np.abs(apart) - self.shrink * error, 0)
        self.used_ = int((shortened > 0).any(axis=0).sum())
        self.centroids_ = mean + np.sign(apart) * shortened
        self.log_share_ = np.log(members / n)
        self.factor_ = 1.0

    def _factor(self, X: Array, y: Array) -> float:
        """To the scores, of the least log loss of rows held out."""
        from scipy.optimize import minimize_scalar

        held_out = []
        for rows, held in splits(y, self.folds, self.random_state):
            fold = NearestCentroid(self.shrink)
            fold._learn(X[rows], y[rows])
            held_out.append((fold, X[held], y[held]))
        if not held_out:
            return 1 / X.shape[1]

        def loss(log_factor: float) -> float:
            total = 0.0
            for fold, cells, codes in held_out:
                fold.factor_ = float(np.exp(log_factor))
                total -= log_score(fold, cells, codes) * len(codes)
            return total

        bounds = float(np.log(FLATTEST)), float(np.log(SHARPEST))
        return float(np.exp(minimize_scalar(loss, bounds=bounds, method="bounded").x))

    def predict_proba(self, X: Array) -> Array:
        """(m, c) float64, rows that sum to 1."""
        from scipy.special import softmax

        scaled, centres = X / self.spread_, self.centroids_ / self.spread_
        # Squared distances but for what is the same for all classes.
        score = scaled @ centres.T - np.square(centres).sum(axis=1) / 2
        return np.asarray(softmax(self.factor_ * score + self.log_share_, axis=1))
