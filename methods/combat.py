"""ComBat: location and scale of every feature in every batch, shrunken by empirical Bayes."""

from __future__ import annotations

import numpy as np

from omicsbench.methods._batch_effects import CorrectedPca, rows_of
from omicsbench.methods._common import Array
from omicsbench.plugin import method

TOLERANCE, ITERATIONS = 1e-4, 200
FEW = 3  # rows of a batch, below which no scale is estimated


@method(
    name="combat",
    family="simple",
    task="batch",
    summary="ComBat, parametric empirical Bayes, then PCA.",
    source="https://doi.org/10.1093/biostatistics/kxj037",
    uses=("batch",),
    needs=("sklearn",),
)
class Combat(CorrectedPca):
    """Each batch adds to a feature and multiplies its noise; features of a batch do alike.

    Nothing but the batch is in the model, so that what batches differ in by their cells is
    removed too. Unseen cells of a batch of training are corrected by what was learnt of it. Of a
    new batch, location and scale are estimated from its own cells, all that are transformed
    together, with the training cells' mean and variance as what they are brought to; a batch of
    fewer than 3 cells is left as it is.
    """

    def __init__(self, n_components: int | None = None) -> None:
        self.n_components = n_components

    def _learn(self, X: Array, batch: Array) -> Array:
        groups = dict(rows_of(batch))
        values = X.astype(np.float64)
        means = {code: values[rows].mean(axis=0) for code, rows in groups.items()}
        self.mean_ = sum(len(rows) * means[code] for code, rows in groups.items()) / len(X)
        pooled = sum(
            np.square(values[rows] - means[code]).sum(axis=0) for code, rows in groups.items()
        )
        sd = np.sqrt(pooled / len(X))
        # A feature that varies between batches alone has no scale; nothing is divided by it.
        self.sd_ = np.where(sd > 0, sd, 1.0)
        corrected = np.empty_like(X)
        self.effects_ = {}
        for code, rows in groups.items():
            self.effects_[code] = self._effect(values[rows])
            corrected[rows] = self._corrected(X[rows], code)
        return corrected

    def _effect(self, X: Array) -> tuple[Array, Array]:
        """Location and scale of a batch's standardised features, (p,) each, after shrinkage."""
        p = X.shape[1]
        if len(X) < FEW or p < 2:
            return np.zeros(p), np.ones(p)
        return shrunken((X - self.mean_) / self.sd_)

    def _corrected(self, X: Array, code: int) -> Array:
        location, scale = self.effects_.get(code) or self._effect(X)
        standard = ((X - self.mean_) / self.sd_ - location) / np.sqrt(scale)
        return np.asarray(standard * self.sd_ + self.mean_, dtype=np.float32)


def shrunken(Z: Array) -> tuple[Array, Array]:
    """Posterior means of location and variance of each feature of Z (n, p), two rows or more.

    Locations of all features are drawn from one normal distribution, variances from one inverse
    gamma, whose parameters are matched to the moments (Johnson, Li & Rabinovic 2007, 3.2).
    """
    n = len(Z)
    location, variance = Z.mean(axis=0), Z.var(axis=0, ddof=1)
    centre, spread = location.mean(), location.var()
    m, s2 = variance.mean(), variance.var(ddof=1)
    if spread == 0 or s2 == 0 or m == 0:
        return location, np.where(variance > 0, variance, 1.0)
    shape, rate = (2 * s2 + m**2) / s2, (m * s2 + m**3) / s2
    found, scale = location, variance
    for _ in range(ITERATIONS):
        new = (n * spread * location + scale * centre) / (n * spread + scale)
        squares = np.square(Z - new).sum(axis=0)
        wider = (rate + squares / 2) / (n / 2 + shape - 1)
        change = max(
            (np.abs(new - found) / np.maximum(np.abs(found), 1e-12)).max(),
            (np.abs(wider - scale) / np.maximum(scale, 1e-12)).max(),
        )
        found, scale = new, wider
        if change < TOLERANCE:
            break
    return found, scale
