"""Features brought to unit variance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omicsbench.plugin import Values

UNSCALED = ("mutations",)  # values left as they are: features share their unit
CLIP = 10.0  # standard deviations from the mean, as scanpy's max_value
Matrix = Any  # CSR or dense, float32; or rows of a mapped matrix


@dataclass(frozen=True)
class Scaler:
    """Unit variance, clipped at 10 standard deviations from the mean; zeros stay zeros.

    Nothing is centred: a sparse matrix stays sparse, and methods centre for themselves. Of
    genotypes the standard deviation is that expected of the allele's frequency p, sqrt(2p(1 - p))
    (Patterson et al. 2006, 10.1371/journal.pgen.0020190), not the one observed.
    """

    sd: NDArray[np.float32]
    mean: NDArray[np.float32]
    on: bool = True

    @classmethod
    def fit(cls, X: Matrix, on: bool = True, values: Values = "continuous") -> Scaler:
        """Learn from ``X`` (n, p). A feature without variance is left as it is."""
        return cls.of(*mean_and_variance(X), on, values)

    @classmethod
    def of(
        cls,
        mean: NDArray[np.float64],
        variance: NDArray[np.float64],
        on: bool = True,
        values: Values = "continuous",
    ) -> Scaler:
        """From the features' means and variances, (p,) each, of what the ``values`` are."""
        if values == "genotypes":
            variance = np.maximum(mean * (1 - mean / 2), 0)
        sd = np.sqrt(variance)
        # A constant column has a variance of rounding errors, not of zero.
        sd[sd <= 1e-6 * np.maximum(np.abs(mean), 1e-6)] = 1.0
        return cls(sd.astype(np.float32), mean.astype(np.float32), on)

    @property
    def high(self) -> NDArray[np.float32]:
        """The largest scaled value of each feature."""
        return self.mean / self.sd + np.float32(CLIP)

    def transform(self, X: Matrix) -> Matrix:
        """A scaled copy of ``X`` (n, p), CSR or dense as given."""
        if not self.on:
            return X.copy()
        if not isinstance(X, np.ndarray):
            X = X.copy()
            X.data /= self.sd[X.indices]
            np.minimum(X.data, self.high[X.indices], out=X.data)
            return X
        return np.clip(X / self.sd, self.mean / self.sd - np.float32(CLIP), self.high)

    def inverse(self, X: NDArray[np.float32]) -> NDArray[np.float32]:
        """Back to the features' own units."""
        return X * self.sd if self.on else X


def from_sums(
    total: NDArray[np.float64], squares: NDArray[np.float64], n: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and variance (divided by n) from sums and sums of squares over ``n`` rows."""
    mean = total / max(n, 1)
    return mean, np.maximum(squares / max(n, 1) - mean**2, 0)


def mean_and_variance(X: Matrix) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and variance of each column of CSR or dense ``X`` (n, p), in double precision."""
    if isinstance(X, np.ndarray):
        return X.mean(axis=0, dtype=np.float64), X.var(axis=0, dtype=np.float64)
    from sklearn.utils.sparsefuncs import mean_variance_axis

    mean, variance = mean_variance_axis(X, axis=0)
    return mean, variance
