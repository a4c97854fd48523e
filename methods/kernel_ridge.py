"""Kernel ridge regression: ridge regression on likenesses of rows; GBLUP is its linear kernel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from omicsbench.methods._common import Array
from omicsbench.methods._regressors import OutOfSample
from omicsbench.methods._ridge import Linear, fit_ridge
from omicsbench.plugin import Whole, method

WIDTHS = (0.1, 0.3, 1.0, 3.0)  # times 1 / the features' total variance
TRIED = 1_000  # rows at most, drawn at random, by which the width is chosen
KERNELS = ("rbf", "linear")


@dataclass(frozen=True)
class _Through:
    """A linear model of features that are made of the rows."""

    features: Any
    linear: Linear

    def predict(self, X: Any) -> Array:
        """(m,) float64."""
        return self.linear.predict(self.features.transform(X))


@method(
    name="kernel_ridge",
    family="simple",
    task="regress",
    summary="Ridge regression with an RBF kernel, or a linear one (GBLUP); up to 2,000 landmarks.",
    source="https://doi.org/10.3168/jds.2007-0980",
    intervals=True,
    needs=("sklearn",),
    space={"landmarks": Whole(500, 5000, log=True)},
)
class KernelRidge(OutOfSample):
    """Exact up to ``landmarks`` training rows, beyond them by Nystroem's features.

    The penalty is the one of the least squared error when one row is left out, and so is the width,
    of at most 1,000 rows. With
    ``kernel="linear"`` and genotypes of unit variance it is GBLUP (VanRaden 2008, second form),
    the penalty being chosen so and not by restricted likelihood. Intervals are as wide as the
    errors of the rows left out.

    Parameters
    ----------
    kernel : ``"rbf"`` or ``"linear"``.
    landmarks : training rows to which others are likened.
    """

    def __init__(self, kernel: str = "rbf", landmarks: int = 2_000, random_state: int = 0) -> None:
        self.kernel = kernel
        self.landmarks = landmarks
        self.random_state = random_state

    def fit(self, X: Array, y: Array) -> KernelRidge:
        if self.kernel not in KERNELS:
            raise ValueError(f"kernel={self.kernel!r}: use one of {', '.join(KERNELS)}")
        if self.landmarks < 2:
            raise ValueError(f"landmarks={self.landmarks}: give 2 or more")
        X, target = np.asarray(X, dtype=np.float64), self._standardised(y)
        total = float(X.var(axis=0).sum()) or 1.0
        width = self._width(X, target, total) if self.kernel == "rbf" else None
        features = self._features(X, None if width is None else width / total)
        linear, errors, facts = fit_ridge(features.transform(X), target)
        self.model_, self.errors_ = _Through(features, linear), errors * self.spread_
        self.fit_info_ = {**facts, "width": width}
        return self

    def _width(self, X: Array, target: Array, total: float) -> float:
        """That of ``WIDTHS`` which predicts rows left out best."""
        order = np.random.default_rng(self.random_state).permutation(len(X))
        rows = np.sort(order[:TRIED])

        def cost(width: float) -> float:
            features = self._features(X[rows], width / total)
            errors = fit_ridge(features.transform(X[rows]), target[rows])[1]
            return float(np.mean(errors**2))

        return min(WIDTHS, key=cost)

    def _features(self, X: Array, gamma: float | None) -> Any:
        """Nystroem's features of rows centred by the training rows."""
        from sklearn.kernel_approximation import Nystroem
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        landmarks = Nystroem(
            kernel=self.kernel,
            gamma=gamma,
            n_components=min(self.landmarks, len(X)),
            random_state=self.random_state,
        )
        return make_pipeline(StandardScaler(with_std=False), landmarks).fit(X)
