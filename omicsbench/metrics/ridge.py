"""Numbers read off an embedding by ridge regression, and how much of them comes out."""

from __future__ import annotations

import numpy as np

from omicsbench.metrics.base import Estimate, FloatArray, IntArray, MetricUndefined
from omicsbench.metrics.points import cleaned

ROWS = 5_000  # training rows that are used, drawn with a fixed seed
PENALTIES = np.logspace(-6, 3, 10)  # of the mean sum of squares of a dimension of the embedding
MIN_ROWS = 4
SEED = 0


def read_off(train: FloatArray, train_numbers: FloatArray, scored: FloatArray) -> FloatArray:
    """Numbers (m, q) float64 of the scored rows, predicted by ridge from the training rows.

    The penalty is the same in all directions of the embedding and relative to its spread, so that
    neither rotation nor scale matters; it is chosen by leave-one-out on the training rows, one for
    all numbers, which are brought to unit variance for that. At most ``ROWS`` training rows enter.

    train : (n, d); train_numbers : (n, q); scored : (m, d). Raises MetricUndefined for too few
    rows, or an embedding that is not finite.
    """
    from sklearn.linear_model import RidgeCV

    chosen = _some(len(train))
    if len(chosen) < MIN_ROWS:
        raise MetricUndefined(f"{len(chosen)} training rows are too few to learn from")
    Z = cleaned(train[chosen]).astype(np.float64)
    asked = cleaned(scored, train[chosen]).astype(np.float64)
    Y = train_numbers[chosen].astype(np.float64)
    mean, sd = Y.mean(axis=0), Y.std(axis=0)
    sd[sd == 0] = 1
    spread = np.square(Z - Z.mean(axis=0)).sum() / Z.shape[1]
    if spread == 0:
        return np.tile(mean, (len(asked), 1))
    model = RidgeCV(PENALTIES * spread).fit(Z, (Y - mean) / sd)
    return np.asarray(model.predict(asked).reshape(len(asked), -1) * sd + mean)


def mean_r2(numbers: FloatArray, predicted: FloatArray, baseline: FloatArray) -> Estimate:
    """Mean over q numbers of 1 - (squared error) / (squared distance from the baseline).

    So that the baseline, such as the mean of the training rows, scores 0. A cell's influence is
    that on each ratio, by the delta method. Numbers that equal the baseline in all rows are left
    out; MetricUndefined is raised if none is left.

    numbers, predicted : (m, q); baseline : (q,). At most 1.
    """
    error = np.square(predicted - numbers, dtype=np.float64)
    total = np.square(numbers - baseline, dtype=np.float64)
    kept = total.sum(axis=0) > 0
    if not kept.any():
        raise MetricUndefined("what is to be predicted does not vary among the scored rows")
    error, total = error[:, kept], total[:, kept]
    unexplained = error.sum(axis=0) / total.sum(axis=0)
    off = (error - unexplained * total) / total.mean(axis=0)
    value = float(1 - unexplained.mean())
    return Estimate(value, value - off.mean(axis=1))


def _some(n: int) -> IntArray:
    """Places of the training rows that are used, ascending."""
    if n <= ROWS:
        return np.arange(n)
    return np.sort(np.random.default_rng(SEED).choice(n, ROWS, replace=False))
