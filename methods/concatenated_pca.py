"""Principal components of all modalities side by side: the baseline of integration."""

from __future__ import annotations

import numpy as np

from omicsbench.methods._common import Array, latent, pad_columns
from omicsbench.methods._modalities import cells, centred, given, means
from omicsbench.methods.pca import Pca
from omicsbench.plugin import Choice, Modalities, method

LEAST_NOISE = 1e-6  # of the first variance: where the components explain all there is


@method(
    name="concatenated_pca",
    family="simple",
    task="integrate",
    summary="Exact principal components of the modalities side by side, blocks made comparable.",
    source="https://doi.org/10.1002/wics.1246",
    invertible=True,
    partial=True,
    needs=("sklearn",),
    space={"block_scaling": Choice([True, False])},
)
class ConcatenatedPca:
    """PCA of one wide matrix; with block scaling, multiple factor analysis.

    A cell that lacks some modalities gets the scores to be expected from those it has, under
    probabilistic PCA (https://doi.org/10.1111/1467-9868.00196) with the mean of the discarded
    variances as noise. With nothing missing this is the plain projection.

    Parameters
    ----------
    block_scaling : divide each modality by its first singular value, so that no modality
        alone makes up the first component. Without it thousands of genes outweigh 25 proteins.
    """

    def __init__(self, n_components: int | None = None, block_scaling: bool = True) -> None:
        self.n_components = n_components
        self.block_scaling = block_scaling

    def fit(self, X: Modalities) -> ConcatenatedPca:
        self.means_ = means(X)
        self.scales_ = {name: self._scale(modality.values) for name, modality in X.items()}
        wide = np.concatenate([self._block(X, name) for name in X], axis=1)
        fitted = Pca(latent(self.n_components)).fit(wide)
        axes, variances = fitted.pca_.components_, fitted.pca_.explained_variance_
        ends = np.cumsum([len(mean) for mean in self.means_.values()])[:-1]
        self.axes_ = dict(zip(X, np.split(axes.T, ends), strict=True))
        left = variances.sum() * (1 / fitted.fit_info_["explained_variance_ratio"] - 1)
        noise = max(left, 0) / max(wide.shape[1] - len(axes), 1)
        self.noise_ = float(max(noise, LEAST_NOISE * variances[0]))
        self.signal_ = np.maximum(variances.astype(np.float64) - self.noise_, 0)
        self.fit_info_ = {**fitted.fit_info_, "block_scales": self.scales_, "noise": self.noise_}
        return self

    def transform(self, X: Modalities) -> Array:
        names = given(X, self.means_)
        # The missing features at their expectation, then projected. In closed form, with G the
        # axes' products over what is given: variances (G signal + noise)^-1 axes' x.
        scores = np.zeros((cells(X), len(self.signal_)), dtype=np.float32)
        for name in names:
            scores += self._block(X, name) @ self.axes_[name]
        if len(names) < len(self.means_):
            axes = np.concatenate([self.axes_[name] for name in names]).astype(np.float64)
            inner = axes.T @ axes * self.signal_ + self.noise_ * np.eye(len(self.signal_))
            variances = (self.signal_ + self.noise_)[:, None]
            scores = (variances * np.linalg.solve(inner, scores.T)).T
        return pad_columns(scores, latent(self.n_components))

    def inverse_transform(self, Z: Array) -> dict[str, Array]:
        return {
            name: np.asarray(
                Z[:, : axes.shape[1]] @ axes.T * self.scales_[name] + self.means_[name],
                dtype=np.float32,
            )
            for name, axes in self.axes_.items()
        }

    def _scale(self, values: Array) -> float:
        """First singular value over the root of n - 1; one for a modality without variance."""
        if not self.block_scaling:
            return 1.0
        return float(np.sqrt(Pca(1).fit(values).pca_.explained_variance_[0])) or 1.0

    def _block(self, X: Modalities, name: str) -> Array:
        block = centred(X[name], self.means_[name])
        block /= self.scales_[name]
        return block
