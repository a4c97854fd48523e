"""What the simple predictors share: a quiet fit, one class only, probabilities as they are due."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from omicsbench.methods._common import Array


class Predictor:
    """Probabilities by ``model_``, a fitted classifier of scikit-learn's kind."""

    classes_: Array
    model_: Any

    def predict_proba(self, X: Any) -> Array:
        """(m, c) float64, rows that sum to 1."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            p = np.asarray(self.model_.predict_proba(X), dtype=np.float64)
        return np.asarray(p / p.sum(axis=1, keepdims=True))


def fit_quietly(model: Any, X: Any, y: Array, **more: Any) -> tuple[Any, bool]:
    """The fitted model, and whether it converged; the library's warnings stay off the terminal.

    Where all rows are of one class there is nothing to tell apart: then it is the frequencies.
    """
    from sklearn.exceptions import ConvergenceWarning

    if len(np.unique(y)) < 2:
        return class_frequencies(X, y), True
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(X, y, **more)
    return model, not any(issubclass(w.category, ConvergenceWarning) for w in caught)


def class_frequencies(X: Any, y: Array) -> Any:
    """A classifier that knows the frequencies of the training rows and nothing else."""
    from sklearn.dummy import DummyClassifier

    return DummyClassifier(strategy="prior").fit(X, y)


def held_out(y: Array, fraction: float, random_state: int) -> Array:
    """Rows to validate on, ascending: a share of all rows, but each class keeps one to learn from.

    So a class with one member is never held out; where all are such, nothing is.
    """
    rows = np.random.default_rng(random_state).permutation(len(y))
    kept = np.unique(y[rows], return_index=True)[1]
    spare = np.delete(rows, kept)
    return np.sort(spare[: int(np.ceil(fraction * len(y)))])


def check_positive(**values: float) -> None:
    """Raises ValueError unless all are above 0."""
    for name, value in values.items():
        if not value > 0:
            raise ValueError(f"{name}={value}: give a number above 0")
