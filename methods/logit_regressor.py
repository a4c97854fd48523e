"""Regression under a sigmoid: one linear number a row, bent to lie between two ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from omicsbench.methods._common import Array
from omicsbench.methods._regressors import OutOfSample, fit_quietly, folds_of
from omicsbench.plugin import Choice, method

PENALTIES = tuple(10.0**e for e in (-3, -2, -1, 0, 1, 2))  # C of scikit-learn, the inverse
SPARSE = 0.1  # share of entries that are not 0 up to which rows are kept sparse


@dataclass(frozen=True)
class _Bent:
    """Probabilities stretched from (0, 1) to the ends of the targets."""

    logistic: Any
    low: float
    high: float

    def predict(self, X: Any) -> Array:
        """(m,) float64."""
        share = self.logistic.predict_proba(_thin(X))[:, 1]
        return np.asarray(self.low + (self.high - self.low) * share, dtype=np.float64)


@method(
    name="logit_regressor",
    family="simple",
    task="regress",
    summary="A linear model under a sigmoid (fractional logit), its penalty by cross-validation.",
    source="https://doi.org/10.1002/(SICI)1099-1255(199611)11:6<619::AID-JAE418>3.0.CO;2-1",
    intervals=True,
    needs=("sklearn",),
    space={"folds": Choice([3, 5, 10])},
)
class LogitRegressor(OutOfSample):
    """Papke and Wooldridge (1996) between the least and the greatest training target.

    What adds up in a trait is often seen through a bend with two plateaus: dark and bright, dead
    and alive. One sigmoid over a linear model is the least that can follow it. Fitted as
    scikit-learn's LogisticRegression, each row once as a success and once as a failure, weighted
    by how far its target is from either end. Intervals are as wide as the errors of rows held out.

    Parameters
    ----------
    folds : of the cross-validation that chooses the penalty.
    """

    def __init__(self, folds: int = 5, random_state: int = 0) -> None:
        self.folds = folds
        self.random_state = random_state

    def fit(self, X: Array, y: Array) -> LogitRegressor:
        X, target = _thin(X), self._standardised(y)
        splits = list(folds_of(len(target), self.folds, self.random_state))
        errors = np.empty((len(PENALTIES), len(target)))
        for rows, held in splits:
            for place, C in enumerate(PENALTIES):
                told = _fit(X[rows], target[rows], C)[0].predict(X[held])
                errors[place, held] = told - target[held]
        best = int(np.argmin((errors**2).mean(axis=1)))
        self.model_, converged = _fit(X, target, PENALTIES[best])
        self.errors_ = errors[best] * self.spread_
        self.fit_info_ = {"C": PENALTIES[best], "converged": converged}
        return self


def _fit(X: Any, target: Array, C: float) -> tuple[_Bent, bool]:
    from scipy import sparse
    from sklearn.linear_model import LogisticRegression

    low, high = float(target.min()), float(target.max())
    share = (target - low) / ((high - low) or 1.0)
    twice = sparse.vstack([X, X]).tocsr() if sparse.issparse(X) else np.concatenate([X, X])
    happened = np.repeat([1, 0], len(target))
    model = LogisticRegression(C=C, max_iter=1_000)
    weights = np.concatenate([share, 1 - share])
    return _Bent(model, low, high), fit_quietly(model, twice, happened, sample_weight=weights)


def _thin(X: Any) -> Any:
    """Rows as CSR where most entries are 0, which costs less; else as they come."""
    from scipy import sparse

    if sparse.issparse(X):
        return X.tocsr()
    X = np.asarray(X)
    return sparse.csr_matrix(X) if np.count_nonzero(X) <= SPARSE * X.size else X
