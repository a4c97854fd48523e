"""Ridge regression whose penalty is chosen by leaving out one row at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from omicsbench.methods._common import Array

# Times the features' total variance: the ratio of noise to signal for which it is the best
# penalty, where all directions matter alike.
RATIOS = np.logspace(-4, 4, 25)


@dataclass(frozen=True)
class Linear:
    """A linear model: ``intercept + (X - mean) @ coefficients``."""

    mean: Array
    coefficients: Array
    intercept: float

    def predict(self, X: Any) -> Array:
        """(m,) float64."""
        centred = np.asarray(X, dtype=np.float64) - self.mean
        return np.asarray(self.intercept + centred @ self.coefficients)


def fit_ridge(X: Array, y: Array) -> tuple[Linear, Array, dict[str, Any]]:
    """The model, errors (n,) of each row predicted without it, and facts.

    What scikit-learn's RidgeCV gives, by an eigendecomposition of the smaller of the two Gram
    matrices in place of its singular value decomposition, which takes minutes where there are
    thousands of rows and features.
    """
    from scipy.linalg import eigh

    X, mean, center = (
        np.asarray(X, dtype=np.float64),
        np.mean(X, axis=0, dtype=np.float64),
        y.mean(),
    )
    X, target, n = X - mean, y - center, len(y)
    total = float(np.einsum("ij,ij->", X, X)) / n or 1.0
    wide = X.shape[1] >= n
    values, axes = eigh(X @ X.T if wide else X.T @ X, overwrite_a=True, driver="evd")
    values = np.maximum(values, 0)
    # Rows (n, r) along the axes: their squares sum to the values.
    rows = axes * np.sqrt(values) if wide else X @ axes
    along, squares = rows.T @ target, rows**2
    penalties = total * RATIOS
    weights = 1 / (values[:, None] + penalties)
    # A row's own share in its fitted value; the mean takes 1 / n.
    leverage = squares @ weights + 1 / n
    errors = (target[:, None] - rows @ (weights * along[:, None])) / (1 - leverage)
    place = int(np.argmin((errors**2).mean(axis=0)))
    if wide:
        coefficients = X.T @ (axes @ (weights[:, place] * (axes.T @ target)))
    else:
        coefficients = axes @ (weights[:, place] * along)
    facts = {
        "penalty": float(penalties[place]),
        "noise_to_signal": float(RATIOS[place]),
        "at_the_end_of_the_grid": place in (0, len(RATIOS) - 1),
    }
    return Linear(mean, coefficients, float(center)), errors[:, place], facts
