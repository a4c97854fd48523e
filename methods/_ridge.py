"""Ridge regression whose penalty is chosen by leaving out one row at a time."""

from __future__ import annotations

from typing import Any

import numpy as np

from omicsbench.methods._common import Array

# Times the number of features: of features of unit variance, the ratio of noise to signal for
# which it is the best penalty, where all features matter alike.
RATIOS = np.logspace(-4, 4, 25)


def fit_ridge(X: Array, y: Array) -> tuple[Any, Array, dict[str, Any]]:
    """The fitted model, errors (n,) of each row predicted without it, and facts.

    scikit-learn's RidgeCV on centred features: the penalty of the least squared error when one
    row is left out, which a decomposition gives for all rows and penalties at once. It is sought in
    units of the features' total variance, so it means the same at any number of them.
    """
    from sklearn.linear_model import RidgeCV

    total = float(np.var(X, axis=0, dtype=np.float64).sum()) or 1.0
    model = RidgeCV(alphas=total * RATIOS, store_cv_results=True)
    model.fit(np.asarray(X, dtype=np.float64), y)
    place = int(np.argmin(np.abs(np.log(model.alphas / model.alpha_))))
    squared = model.cv_results_.reshape(len(y), -1)[:, place]
    model.cv_results_ = None  # (n, penalties): not needed any more
    edge = place in (0, len(RATIOS) - 1)
    facts = {"penalty": float(model.alpha_), "noise_to_signal": float(RATIOS[place])}
    return model, np.sqrt(squared), {**facts, "at_the_end_of_the_grid": edge}
