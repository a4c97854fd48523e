"""Methods that use batches, and write down what they were given."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from omicsbench.plugin import method

Codes = Any


def _note(what: str, X: Any, batch: Codes, y: Codes = ()) -> None:
    np.savez(Path(os.environ["GIVEN"]) / f"{what}-{len(X)}.npz", X=X, batch=batch, y=y)


@method(
    name="centring",
    family="simple",
    summary="The first features, minus their means in each batch.",
    source="https://example.org",
    uses=("batch",),
)
class Centring:
    """A batch that was not trained on is centred by all training rows."""

    def __init__(self, n_components: int | None = None) -> None:
        self.n_components = n_components

    def fit(self, X: Any, batch: Codes) -> Centring:
        _note("fit", X, batch)
        self.means_ = {int(code): X[batch == code].mean(axis=0) for code in np.unique(batch)}
        self.mean_ = X.mean(axis=0)
        return self

    def transform(self, X: Any, batch: Codes) -> Any:
        _note("transform", X, batch)
        means = np.stack([self.means_.get(int(code), self.mean_) for code in batch])
        return (X - means)[:, : self.n_components].astype(np.float32)


@method(
    name="half_known",
    family="simple",
    task="predict",
    summary="Shares of the classes; it counts the rows without a label.",
    source="https://example.org",
    uses=("batch", "labels"),
)
class HalfKnown:
    """The shares of the classes among the rows that have one."""

    def __init__(self, draws: int = 2) -> None:
        self.draws = draws

    def fit(self, X: Any, y: Codes, batch: Codes) -> HalfKnown:
        _note("learn", X, batch, y)
        self.classes_, sizes = np.unique(y[y >= 0], return_counts=True)
        self.shares_ = sizes / sizes.sum()
        return self

    def predict_proba(self, X: Any, batch: Codes) -> Any:
        return np.tile(self.shares_, (len(batch), 1))
