"""Cells read a block of rows at a time: what a data set gives that is too large to hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from anndata import AnnData

BLOCK_ROWS = 8_192
NO_LABEL = -1


@dataclass(frozen=True)
class CellStream:
    """Cells x features, read by blocks of rows, in the same order as often as asked.

    A data set's loader may return one in place of an ``AnnData``. Making it is cheap; the work
    lies in ``blocks`` and ``labels``, which are called when the cells are prepared.

    Attributes
    ----------
    shape : (cells, features).
    features : unique names of the features.
    blocks : gives a fresh iterator over CSR blocks (rows, features) that together hold every
        cell once, in order; at most ``BLOCK_ROWS`` rows each.
    labels : gives the code of every cell, (cells,) int, a place in ``label_names`` or -1
        where the label is missing; None without labels.
    label_names : the classes.
    obsm : gives what else is known of every cell, (cells, d) arrays by name, such as
        the true latent coordinates of a simulation.
    notes : sentences that the user should see.
    """

    shape: tuple[int, int]
    features: tuple[str, ...]
    blocks: Callable[[], Iterator[Any]]
    labels: Callable[[], NDArray[np.signedinteger[Any]]] | None = None
    label_names: tuple[str, ...] = ()
    obsm: Mapping[str, Callable[[], NDArray[np.float32]]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def to_adata(self, label: str = "label") -> AnnData:
        """All cells in memory, the labels in ``obs[label]``."""
        import anndata
        import pandas as pd
        from scipy import sparse

        obs = pd.DataFrame(index=[f"cell{i}" for i in range(self.shape[0])])
        if self.labels is not None:
            codes = np.asarray(self.labels())
            obs[label] = pd.Categorical.from_codes(codes, categories=pd.Index(self.label_names))
        return anndata.AnnData(
            X=sparse.vstack(list(self.blocks()), format="csr").astype(np.float32),
            obs=obs,
            var=pd.DataFrame(index=list(self.features)),
            obsm={name: np.asarray(read()) for name, read in self.obsm.items()},
        )
