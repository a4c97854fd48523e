"""What methods against batch effects share: batches known from training, and new ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from omicsbench.methods._common import Array


def rows_of(batch: Array) -> Iterator[tuple[int, Array]]:
    """Each code and the numbers of its rows, by ascending code."""
    for code in np.unique(batch):
        yield int(code), np.flatnonzero(batch == code)


class CorrectedPca:
    """Exact principal components of values from which the batches were removed.

    A class of it corrects the training rows in ``_learn``, which also keeps what unseen rows
    take, and those of one batch in ``_corrected``.
    """

    n_components: int | None
    fit_info_: dict[str, Any]

    def _learn(self, X: Array, batch: Array) -> Array:
        raise NotImplementedError

    def _corrected(self, X: Array, code: int) -> Array:
        raise NotImplementedError

    def fit(self, X: Array, batch: Array) -> Any:
        from omicsbench.methods.pca import Pca

        self.pca_ = Pca(self.n_components).fit(self._learn(X, batch))
        self.fit_info_ = {"batches": len(np.unique(batch)), **self.pca_.fit_info_}
        return self

    def transform(self, X: Array, batch: Array) -> Array:
        corrected = np.empty_like(X)
        for code, rows in rows_of(batch):
            corrected[rows] = self._corrected(X[rows], code)
        return self.pca_.transform(corrected)
