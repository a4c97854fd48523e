"""Methods that read counts, and write down what they were given."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from omicsbench.plugin import Counts, method


def _note(what: str, X: Counts, places: Any = ()) -> None:
    folder = Path(os.environ["GIVEN"])
    np.savez(folder / f"{what}-{len(X)}.npz", counts=X.toarray(), totals=X.totals, places=places)


@method(
    name="counting",
    family="simple",
    summary="Counts of the first features, of each cell's total.",
    source="https://example.org",
    reads="counts",
)
class Counting:
    """Shares of the first features."""

    def __init__(self, n_components: int | None = None, places: Any = None) -> None:
        self.n_components = n_components
        self.places = places

    def fit(self, X: Counts) -> Counting:
        _note("fit", X, self.places)
        return self

    def transform(self, X: Counts) -> Any:
        _note("transform", X)
        return (X[:][:, : self.n_components] / X.totals[:, None]).astype(np.float32)


@method(
    name="count_classes",
    family="simple",
    task="predict",
    summary="Classes by the totals of cells.",
    source="https://example.org",
    reads="counts",
    samples=True,
)
class CountClasses:
    """The class whose cells have the nearest mean total."""

    def __init__(self, draws: int = 2) -> None:
        self.draws = draws

    def fit(self, X: Counts, y: Any) -> CountClasses:
        _note("learn", X)
        self.classes_ = np.unique(y)
        self.means_ = np.array([X.totals[y == code].mean() for code in self.classes_])
        return self

    def predict_proba(self, X: Counts) -> Any:
        nearest = abs(X.totals[:, None] - self.means_).argmin(axis=1)
        return np.eye(len(self.classes_))[nearest]

    def sample_proba(self, X: Counts) -> Any:
        return np.stack([self.predict_proba(X)] * self.draws)
