"""Latent semantic indexing: which features a cell shows, the rare ones weighing more."""

from __future__ import annotations

from typing import Any

import numpy as np

from omicsbench.methods._common import Array, latent, pad_columns
from omicsbench.plugin import Choice, method


@method(
    name="lsi",
    family="simple",
    summary="TF-IDF of the presence of features, then a truncated SVD: made for open peaks.",
    source="https://doi.org/10.1016/j.cell.2018.06.052",
    accepts_sparse=True,
    nonnegative=True,
    needs=("sklearn",),
    space={"drop_first": Choice([True, False])},
)
class Lsi:
    """Presence is what is above 0, so that peaks and counts can be taken as values, scaled or not.

    The share that a feature has of what a cell shows (TF) times the logarithm of 1 + training
    cells over those that show it (IDF), and an exact SVD of that, not centred.

    Parameters
    ----------
    drop_first : leave out the first axis, which follows how much a cell shows in all.
    """

    def __init__(
        self, n_components: int | None = None, drop_first: bool = True, random_state: int = 0
    ) -> None:
        self.n_components = n_components
        self.drop_first = drop_first
        self.random_state = random_state

    def fit(self, X: Any) -> Lsi:
        from sklearn.decomposition import TruncatedSVD

        present = _present(X)
        shown = np.asarray(present.sum(axis=0)).ravel()
        self.idf_ = np.log1p(present.shape[0] / np.maximum(shown, 1)).astype(np.float32)
        first = int(self.drop_first)
        # ARPACK gives up to min(n, p) - 1 axes.
        rank = min(latent(self.n_components) + first, min(present.shape) - 1)
        svd = TruncatedSVD(rank, algorithm="arpack", random_state=self.random_state)
        svd.fit(self._weighted(present))
        self.axes_ = svd.components_[first:].astype(np.float32)
        self.fit_info_ = {"components": len(self.axes_)}
        return self

    def transform(self, X: Any) -> Array:
        scores = self._weighted(_present(X)) @ self.axes_.T
        return pad_columns(np.asarray(scores), latent(self.n_components))

    def _weighted(self, present: Any) -> Any:
        """TF-IDF (m, p) CSR; a cell that shows nothing has none."""
        from scipy import sparse

        shown = np.maximum(np.asarray(present.sum(axis=1)).ravel(), 1)
        return sparse.diags_array(np.float32(1e4) / shown) @ present @ sparse.diags_array(self.idf_)


def _present(X: Any) -> Any:
    """1 where something is above 0, (m, p) CSR float32."""
    from scipy import sparse

    return (sparse.csr_array(X) > 0).astype(np.float32)
