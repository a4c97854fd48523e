"""Groups of points with labels."""

from __future__ import annotations

import numpy as np


def blobs(
    seed: int = 0, rows: int = 120, classes: int = 2, apart: float = 1.5
) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(rows) % classes)
    means = apart * np.random.default_rng(42).normal(size=(classes, 4))
    return (means[labels] + rng.normal(size=(rows, 4))).astype(np.float32), labels
