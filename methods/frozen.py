"""An embedding that was computed elsewhere, as it is: of a foundation model, for instance."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from omicsbench.plugin import method


@method(
    name="frozen",
    family="deep",
    summary="Your own embedding, computed elsewhere: of scGPT, Geneformer, UCE...",
    source="https://doi.org/10.1186/s13059-025-03574-x",
    reads="embedding",
    control_if=(("contamination", "seen"),),
)
class Frozen:
    """Nothing is fitted: of every cell its row of the embedding is returned.

    Parameters
    ----------
    key : the entry of ``.obsm``.
    path : in its place, a parquet file of cells x dimensions, with the names of the cells as index
        or first column.
    family : of what computed it: ``deep``, ``simple`` or ``control``.
    contamination : whether that has seen these data: ``unknown``, ``seen`` or ``unseen``.
    """

    def __init__(
        self,
        key: str | None = None,
        path: str | None = None,
        family: str = "deep",
        contamination: str = "unknown",
    ) -> None:
        self.key = key
        self.path = path
        self.family = family
        self.contamination = contamination

    def fit(self, X: NDArray[np.float32]) -> Frozen:
        self.fit_info_ = {"dimensions": X.shape[1]}
        return self

    def transform(self, X: NDArray[np.float32]) -> NDArray[np.float32]:
        return X
