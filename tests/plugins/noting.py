"""A method that writes down the rows that it was given."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from omicsbench.plugin import method


@method(
    name="noting",
    family="simple",
    summary="The first columns of its input, of which it keeps a copy on disk.",
    source="https://example.org",
)
class Noting:
    """Whatever it is given lies in the folder ``GIVEN`` afterwards."""

    def __init__(self, n_components: int | None = None) -> None:
        self.n_components = n_components

    def fit(self, X: Any) -> Noting:
        self._note("fit", X)
        return self

    def transform(self, X: Any) -> Any:
        self._note("transform", X)
        return np.array(X[:, : self.n_components])

    def _note(self, what: str, X: Any) -> None:
        np.save(Path(os.environ["GIVEN"]) / f"{what}-{len(X)}.npy", X)
