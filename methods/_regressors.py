"""What the regressors share: standardised targets, folds, intervals by errors of rows left out."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from omicsbench.methods._common import Array


class Regressor:
    """Numbers by ``model_``, a fitted regressor of scikit-learn's kind on standardised targets.

    ``center_`` and ``spread_`` are those of the training rows, by which ``y`` was standardised.
    """

    model_: Any
    center_: float
    spread_: float

    def _standardised(self, y: Array) -> Array:
        """The training targets, (n,) float64, of mean 0 and variance 1."""
        self.center_, self.spread_ = center_and_spread(y)
        return np.asarray((np.asarray(y, dtype=np.float64) - self.center_) / self.spread_)

    def _restored(self, values: Any) -> Array:
        """Standardised values in the units of the data."""
        return np.asarray(values, dtype=np.float64) * self.spread_ + self.center_

    def predict(self, X: Any) -> Array:
        """(m,) float32, in the units of the data."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            values = np.asarray(self.model_.predict(X)).reshape(len(X))
        return self._restored(values).astype(np.float32)


class OutOfSample(Regressor):
    """Intervals by ``errors_`` (n,), those of training rows predicted without their own help.

    Half the width is their quantile, with a correction for few rows: alike for all rows.
    """

    errors_: Array

    def predict_interval(self, X: Any, level: float) -> Array:
        """(m, 2) float32: ends between which the target lies with a probability of ``level``."""
        n = len(self.errors_)
        half = np.quantile(np.abs(self.errors_), min(1.0, level * (n + 1) / n))
        middle = self.predict(X).astype(np.float64)
        return np.stack([middle - half, middle + half], axis=1).astype(np.float32)


def center_and_spread(y: Array) -> tuple[float, float]:
    """Mean and standard deviation, 1 where the targets do not vary."""
    y = np.asarray(y, dtype=np.float64)
    return float(y.mean()), float(y.std()) or 1.0


def fit_quietly(model: Any, X: Any, y: Array, **more: Any) -> bool:
    """Whether the model converged when it was fitted; warnings stay off the terminal."""
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(X, y, **more)
    return not any(issubclass(w.category, ConvergenceWarning) for w in caught)


def folds_of(n: int, folds: int, random_state: int) -> Iterator[tuple[Array, Array]]:
    """Rows to learn from and rows held out, for each of at most ``folds`` random folds."""
    from sklearn.model_selection import KFold

    if folds < 2:
        raise ValueError(f"folds={folds}: give 2 or more")
    made = KFold(min(folds, n), shuffle=True, random_state=random_state)
    yield from made.split(np.zeros(n))
