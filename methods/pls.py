"""Partial least squares: what in the first modality tells most of the others."""

from __future__ import annotations

import warnings

import numpy as np

from omicsbench.methods._common import Array, latent, pad_columns
from omicsbench.methods._modalities import cells, centred, given, means
from omicsbench.plugin import Modalities, method


@method(
    name="pls",
    family="simple",
    task="integrate",
    summary="PLS regression of the other modalities, side by side, on the first one.",
    source="https://doi.org/10.1016/S0169-7439(01)00155-1",
    invertible=True,
    partial=True,
    needs=("sklearn",),
)
class Pls:
    """scikit-learn's PLSRegression, and a second one in return for cells without the first.

    The scores of the first modality are those that predict the others best, each modality divided
    by the root of its total variance. The others foretell these scores by a regression of the
    same kind; a cell lies at the mean of what its sides say. Among the others, a modality that
    is missing counts as average. From the first modality alone, the others are rebuilt exactly as
    PLSRegression predicts them.
    """

    def __init__(self, n_components: int | None = None) -> None:
        self.n_components = n_components

    def fit(self, X: Modalities) -> Pls:
        from sklearn.cross_decomposition import PLSRegression
        from sklearn.exceptions import ConvergenceWarning

        if len(X) < 2:
            raise ValueError("pls needs two modalities or more")
        self.means_ = means(X)
        self.scales_ = {}
        for name, modality in X.items():
            total = float(modality.values.var(axis=0, dtype=np.float64).sum())
            self.scales_[name] = np.sqrt(total) if total > 0 else 1.0
        first, *others = self.sides_ = list(X)
        own, other = self._side(X, [first]), self._side(X, others)
        rank = min(latent(self.n_components), cells(X) - 1, own.shape[1], other.shape[1])
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            there = PLSRegression(rank, scale=False, max_iter=1_000).fit(own, other)
            scores = there.transform(own)
            back = PLSRegression(rank, scale=False, max_iter=1_000).fit(other, scores)
        self.readers_ = [there.x_rotations_, back.coef_.T]
        self.loadings_ = [there.x_loadings_, there.y_loadings_]
        late = any(issubclass(w.category, ConvergenceWarning) for w in caught)
        self.fit_info_ = {"components": rank, "converged": not late}
        return self

    def transform(self, X: Modalities) -> Array:
        names = given(X, self.means_)
        first, *others = self.sides_
        scores = []
        for side, reader in zip(([first], others), self.readers_, strict=True):
            if set(side) & set(names):
                scores.append(self._side(X, side) @ reader)
        return pad_columns(np.mean(scores, axis=0), latent(self.n_components))

    def inverse_transform(self, Z: Array) -> dict[str, Array]:
        first, *others = self.sides_
        rebuilt = {}
        for side, loading in zip(([first], others), self.loadings_, strict=True):
            ends = np.cumsum([len(self.means_[name]) for name in side])[:-1]
            for name, own in zip(side, np.split(loading, ends), strict=True):
                values = Z[:, : own.shape[1]] @ own.T * self.scales_[name] + self.means_[name]
                rebuilt[name] = np.asarray(values, dtype=np.float32)
        return rebuilt

    def _side(self, X: Modalities, names: list[str]) -> Array:
        """Centred, scaled modalities beside each other; zeros for one that is missing."""
        blocks = [
            centred(X[name], self.means_[name]) / self.scales_[name]
            if name in X
            else np.zeros((cells(X), len(self.means_[name])))
            for name in names
        ]
        return np.concatenate(blocks, axis=1, dtype=np.float64)
