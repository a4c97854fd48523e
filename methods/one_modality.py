"""PCA of one modality alone: does integrating help at all?"""

from __future__ import annotations

from omicsbench.methods._common import Array, latent
from omicsbench.methods.pca import Pca
from omicsbench.plugin import Modalities, method


@method(
    name="one_modality",
    family="simple",
    task="integrate",
    summary="Principal components of one modality, as if the others had not been measured.",
    source="https://doi.org/10.1080/14786440109462720",
    needs=("sklearn",),
)
class OneModality:
    """Exact principal components of one modality; the others are not looked at.

    Parameters
    ----------
    modality : its place among them, from 0.
    """

    def __init__(self, n_components: int | None = None, modality: int = 0) -> None:
        self.n_components = n_components
        self.modality = modality

    def fit(self, X: Modalities) -> OneModality:
        if not 0 <= self.modality < len(X):
            raise ValueError(f"modality={self.modality}: there are {len(X)}, numbered from 0")
        self.name_ = list(X)[self.modality]
        self.pca_ = Pca(latent(self.n_components)).fit(X[self.name_].values)
        self.fit_info_ = {"modality": self.name_, **self.pca_.fit_info_}
        return self

    def transform(self, X: Modalities) -> Array:
        if self.name_ not in X:
            raise ValueError(f"modality {self.name_} is missing: it is the one embedded")
        return self.pca_.transform(X[self.name_].values)
