"""Reconstruction, against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import mean_squared_error, r2_score

from omicsbench.metrics import MetricUndefined
from omicsbench.metrics.reconstruction import reconstruction_mse, reconstruction_r2
from spaces import spaces


def test_reconstruction_against_scikit_learn() -> None:
    genes, _ = spaces(7)
    guess = genes + np.random.default_rng(7).normal(size=genes.shape).astype(np.float32)
    expected = r2_score(genes, guess, multioutput="variance_weighted")
    assert reconstruction_r2(genes, guess) == pytest.approx(expected, rel=1e-5)
    expected = mean_squared_error(genes, guess)
    assert reconstruction_mse(genes, guess) == pytest.approx(expected, rel=1e-5)


def test_reconstruction_by_the_mean_explains_nothing() -> None:
    genes, _ = spaces(8)
    guess = np.broadcast_to(genes.mean(axis=0, dtype=np.float64), genes.shape)
    assert reconstruction_r2(genes, guess) == pytest.approx(0, abs=1e-12)


def test_reconstruction_of_unfit_input() -> None:
    genes, _ = spaces(9)
    with pytest.raises(MetricUndefined, match="all alike"):
        reconstruction_r2(np.ones_like(genes), genes)
    with pytest.raises(ValueError, match="reconstruction"):
        reconstruction_mse(genes, genes[:, :1])
