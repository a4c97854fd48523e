"""Rows of a few kinds, for methods that draw pictures."""

from __future__ import annotations

import numpy as np


def kinds(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Six kinds of rows in 20 dimensions, each a short curve, with their labels."""
    rng, fixed = np.random.default_rng(seed), np.random.default_rng(7)
    centres, directions = 4 * fixed.standard_normal((2, 6, 20))
    y, along = rng.integers(0, 6, n), rng.uniform(-1, 1, n)
    X = centres[y] + along[:, None] * directions[y] + 0.5 * rng.standard_normal((n, 20))
    return X.astype(np.float32), y
