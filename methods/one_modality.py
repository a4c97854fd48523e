"""Principal components of one modality: what integration has to add to."""

from __future__ import annotations

from omicsbench.methods._common import Array
from omicsbench.methods._modalities import given
from omicsbench.methods.pca import Pca
from omicsbench.plugin import Modalities, method


@method(
    name="one_modality",
    family="simple",
    task="integrate",
    summary="Exact principal components of one modality alone: does integrating help at all?",
    source="https://doi.org/10.1080/14786440109462720",
    needs=("sklearn",),
)
class OneModality:
    """All others are ignored.

    Parameters
    ----------
    modality : which one, by name or by its place in the data set, 0 being the first.
    """

    def __init__(self, n_components: int | None = None, modality: int | str = 0) -> None:
        self.n_components = n_components
        self.modality = modality

    def fit(self, X: Modalities) -> OneModality:
        names = dict(enumerate(X))
        name = names.get(self.modality) if isinstance(self.modality, int) else self.modality
        if name not in X:
            raise ValueError(f"modality={self.modality!r}: the data set has {', '.join(X)}")
        self.modality_ = name
        self.names_ = tuple(X)
        self.pca_ = Pca(self.n_components).fit(X[name].values)
        self.fit_info_ = {**self.pca_.fit_info_, "modality": name}
        return self

    def transform(self, X: Modalities) -> Array:
        if self.modality_ not in given(X, self.names_):
            raise ValueError(f"modality {self.modality_!r} is missing: it is the one embedded")
        return self.pca_.transform(X[self.modality_].values)
