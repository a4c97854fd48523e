"""Factor models of values: what each may and may not do."""

from __future__ import annotations

import numpy as np
import pytest

from omicsbench.methods.factor_analysis import FactorAnalysis
from omicsbench.methods.nmf import Nmf


def test_factor_analysis_lets_no_feature_decide_alone() -> None:
    rng = np.random.default_rng(0)
    W = rng.standard_normal((3, 200))
    X, T = (
        (rng.standard_normal((m, 3)) @ W + rng.standard_normal((m, 200))).astype(np.float32)
        for m in (20, 100)
    )
    model = FactorAnalysis(8).fit(X)
    restored = model.inverse_transform(model.transform(T))
    assert 1 - ((T - restored) ** 2).sum() / ((T - X.mean(0)) ** 2).sum() > 0.4


def test_nmf_refuses_negative_values() -> None:
    with pytest.raises(ValueError, match=r"[Nn]egative"):
        Nmf(5).fit(-np.ones((20, 10), dtype=np.float32))
