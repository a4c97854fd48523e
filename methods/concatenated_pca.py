"""PCA of all modalities side by side: the simplest way to integrate them."""

from __future__ import annotations

from typing import Any

import numpy as np

from omicsbench.methods._common import Array, column_means, latent, pad_columns
from omicsbench.plugin import Choice, Modalities, method


@method(
    name="concatenated_pca",
    family="simple",
    task="integrate",
    summary="Principal components of the modalities side by side, of equal weight or as they are.",
    source="https://doi.org/10.1002/wics.1246",
    invertible=True,
    partial=True,
    needs=("sklearn",),
    space={"block_scaling": Choice([True, False])},
)
class ConcatenatedPca:
    """Exact principal components of the centred modalities, one beside the other.

    With all modalities given, the embedding is their projection. Where some are missing, it is the
    posterior mean of probabilistic PCA given the others (10.1111/1467-9868.00196), whose noise is
    the mean variance of the components left out.

    Parameters
    ----------
    block_scaling : every modality is divided by the square root of its total variance, so that
        each has the same; else one with more features has more weight.
    """

    def __init__(self, n_components: int | None = None, block_scaling: bool = True) -> None:
        self.n_components = n_components
        self.block_scaling = block_scaling

    def fit(self, X: Modalities) -> ConcatenatedPca:
        from sklearn.decomposition import PCA

        self.means_ = {name: column_means(modality.values) for name, modality in X.items()}
        self.weights_ = dict.fromkeys(X, 1.0)
        if self.block_scaling:
            for name, modality in X.items():
                total = float(modality.values.var(axis=0, dtype=np.float64).sum())
                self.weights_[name] = 1 / np.sqrt(total) if total > 0 else 1.0
        joined = self._joined(X, list(X))
        n, p = joined.shape
        rank = min(latent(self.n_components), n - 1, p)
        solver = "covariance_eigh" if rank == p else "arpack"
        pca = PCA(rank, svd_solver=solver, random_state=0).fit(joined)
        self.loadings_ = np.asarray(pca.components_, dtype=np.float32)  # (rank, p)
        self.variances_ = np.asarray(pca.explained_variance_)
        self.noise_ = float(pca.noise_variance_)
        self.fit_info_ = {
            "components": rank,
            "explained_variance_ratio": float(pca.explained_variance_ratio_.sum()),
            "weights": {name: float(weight) for name, weight in self.weights_.items()},
        }
        return self

    def transform(self, X: Modalities) -> Array:
        unknown = [name for name in X if name not in self.means_]
        if unknown or not X:
            known = ", ".join(self.means_)
            raise ValueError(f"modalities {', '.join(X) or 'none'}: give some of {known}")
        names = [name for name in self.means_ if name in X]
        rows, W = self._joined(X, names), self._columns(names)
        if len(names) == len(self.means_):
            return pad_columns(rows @ W.T, latent(self.n_components))
        # Loadings of probabilistic PCA are scaled by the spread of each component; its latent
        # variable is of unit variance, and is brought back to the units of the scores.
        spread = np.sqrt(np.maximum(self.variances_ - self.noise_, 1e-12))
        L = (W * spread[:, None]).astype(np.float64)
        inner = L @ L.T + max(self.noise_, 1e-9) * np.eye(len(spread))
        posterior = np.linalg.solve(inner, L @ rows.T.astype(np.float64)).T * spread
        return pad_columns(posterior, latent(self.n_components))

    def inverse_transform(self, Z: Array) -> dict[str, Array]:
        scores, rebuilt = np.asarray(Z[:, : len(self.loadings_)], dtype=np.float32), {}
        for name, mean in self.means_.items():
            values = scores @ self._columns([name]) / np.float32(self.weights_[name]) + mean
            rebuilt[name] = values.astype(np.float32, copy=False)
        return rebuilt

    def _joined(self, X: Modalities, names: list[str]) -> Array:
        blocks: list[Any] = [
            (X[name].values - self.means_[name]) * np.float32(self.weights_[name]) for name in names
        ]
        return np.hstack(blocks)

    def _columns(self, names: list[str]) -> Array:
        """Loadings of some modalities, (rank, their features)."""
        ends = np.cumsum([0, *(len(mean) for mean in self.means_.values())])
        places = [
            np.arange(ends[i], ends[i + 1]) for i, name in enumerate(self.means_) if name in names
        ]
        columns: Array = self.loadings_[:, np.concatenate(places)]
        return columns
