"""Canonical correlation of two or more modalities: what they agree on, and nothing else."""

from __future__ import annotations

import numpy as np

from omicsbench.methods._common import Array, latent, pad_columns
from omicsbench.methods._modalities import cells, centred, given, means
from omicsbench.methods.pca import Pca
from omicsbench.plugin import Modalities, Whole, method

LARGEST = 0.999  # squared loading: variates that agree wholly would weigh infinitely


@method(
    name="cca",
    family="simple",
    task="integrate",
    summary="Generalised canonical correlation (MAXVAR) of each modality's principal components.",
    source="https://doi.org/10.1093/biomet/58.3.433",
    invertible=True,
    partial=True,
    needs=("sklearn",),
    space={"reduce_to": Whole(10, 200, log=True)},
)
class Cca:
    """Canonical variates of each modality, and from them the factor that they share.

    Each modality is reduced by PCA and whitened; the variates come of the singular vectors of
    the whitened modalities side by side. Each is read as a noisy sight of a factor with unit
    variance (probabilistic CCA): it is multiplied by its loading on it, the root of the canonical
    correlation for two modalities, and with several modalities the result is the factor's
    posterior mean, for two of them proportional to the mean of their variates. There are no more
    dimensions than the modalities agree on; the rest are zero.

    Parameters
    ----------
    reduce_to : principal components kept of each modality, at most. All modalities together
        keep no more of them than half the cells: with as many as cells, any training cells
        correlate perfectly.
    shrinkage : share from 0 to 1 of the mean variance in the variances by which a modality is
        whitened (a ridge). None: as Ledoit and Wolf estimate it
        (https://doi.org/10.1016/S0047-259X(03)00096-4), tending to 0 as n grows.
    """

    def __init__(
        self,
        n_components: int | None = None,
        reduce_to: int = 50,
        shrinkage: float | None = None,
    ) -> None:
        self.n_components = n_components
        self.reduce_to = reduce_to
        self.shrinkage = shrinkage

    def fit(self, X: Modalities) -> Cca:
        if self.reduce_to < 1 or not 0 <= (self.shrinkage or 0) <= 1:
            raise ValueError(
                f"reduce_to={self.reduce_to}, shrinkage={self.shrinkage}: give 1 component or "
                "more, and None or a share from 0 to 1"
            )
        n, self.means_ = cells(X), means(X)
        kept = max(min(self.reduce_to, (n - 1) // (2 * len(X))), 1)
        pcas = {name: Pca(kept).fit(modality.values).pca_ for name, modality in X.items()}
        deviations = {}
        whitened = []
        for name, pca in pcas.items():
            scores = pca.transform(X[name].values)
            deviations[name] = self._deviations(scores)
            whitened.append(scores / deviations[name])
        _, singular, right = np.linalg.svd(np.concatenate(whitened, axis=1), full_matrices=False)
        # One plus the mean correlation among the variates, from 1 (none) to their number.
        agreement = singular.astype(np.float64) ** 2 / (n - 1)
        shared = min(int((agreement > 1 + 1e-6).sum()), latent(self.n_components))
        agreement = np.minimum(agreement[:shared], len(X))
        squared = (1 - 1 / agreement) * len(X) / (len(X) - 1) * agreement
        ends = np.cumsum([block.shape[1] for block in whitened])[:-1]
        self.readers_, self.loadings_, self.squared_ = {}, {}, {}
        for name, directions in zip(X, np.split(right[:shared].T, ends), strict=True):
            lengths = np.linalg.norm(directions, axis=0)
            unit = directions / np.maximum(lengths, 1e-12)
            self.squared_[name] = np.minimum(lengths**2 * squared, LARGEST)
            pca = pcas[name]
            self.readers_[name] = pca.components_.T @ (unit / deviations[name][:, None])
            covariance = (pca.explained_variance_ / deviations[name])[:, None] * unit
            self.loadings_[name] = pca.components_.T @ covariance * np.sqrt(self.squared_[name])
        self.fit_info_ = {
            "components": shared,
            "reduced_to": [block.shape[1] for block in whitened],
            "mean_correlations": [round(float(rho), 4) for rho in (agreement - 1) / (len(X) - 1)],
        }
        return self

    def _deviations(self, scores: Array) -> Array:
        """Standard deviations by which to whiten, pulled towards their mean square."""
        from sklearn.covariance import ledoit_wolf_shrinkage

        share = self.shrinkage
        if share is None:
            share = float(ledoit_wolf_shrinkage(scores, assume_centered=True))
        variances = scores.var(axis=0, ddof=1, dtype=np.float64)
        shrunk: Array = (1 - share) * variances + share * variances.mean()
        # A direction without variance tells nothing, and must not be blown up.
        return np.sqrt(np.maximum(shrunk, 1e-6 * (variances.max() or 1.0)))

    def transform(self, X: Modalities) -> Array:
        precision, evidence = 1.0, 0.0
        for name in given(X, self.means_):
            squared = self.squared_[name]
            variates = centred(X[name], self.means_[name]) @ self.readers_[name]
            evidence = evidence + variates * (np.sqrt(squared) / (1 - squared))
            precision = precision + squared / (1 - squared)
        return pad_columns(evidence / precision, latent(self.n_components))

    def inverse_transform(self, Z: Array) -> dict[str, Array]:
        """What the factor lets expect of each modality: its own part cannot be known from Z."""
        return {
            name: np.asarray(Z[:, : W.shape[1]] @ W.T + self.means_[name], dtype=np.float32)
            for name, W in self.loadings_.items()
        }
