"""Cells read a block of rows at a time: of a data set too large to hold, and of counts."""

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
        cell once, in order; at most ``BLOCK_ROWS`` rows each. A thread of its own asks for a block
        while the one before is in use, so each has arrays of its own.
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


class Counts:
    """Counts of some cells as a method that reads counts is given them: dense, read by blocks.

    ``X[rows]`` are the counts (m, p) float32 of some cells, by slice, row numbers or a mask; they
    are whole numbers. Only those are ever in memory.

    Attributes
    ----------
    shape : (cells, selected features).
    totals : (n,) float32, counts of each cell over all measured features, above 0.
    """

    dtype = np.dtype(np.float32)

    def __init__(
        self,
        read: Callable[[NDArray[np.int64]], NDArray[np.float32]],
        totals: NDArray[np.float32],
        features: int,
        places: NDArray[np.int64] | None = None,
    ) -> None:
        """``read`` gives the counts of cells by their places; ``places`` (n,) are those of these.

        ``totals`` (n,) are of these cells, in their order. By default all places from 0 on.
        """
        self._read = read
        self._places = np.arange(totals.size) if places is None else places
        self.totals = totals
        self.shape = (totals.size, features)

    @classmethod
    def held(cls, counts: NDArray[Any], totals: NDArray[Any] | None = None) -> Counts:
        """Of counts (n, p) in memory; ``totals`` (n,) by default those of these features."""
        dense = np.asarray(counts, dtype=np.float32)
        every = dense.sum(axis=1) if totals is None else np.asarray(totals, dtype=np.float32)
        return cls(lambda places: dense[places], every, dense.shape[1])

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: slice | NDArray[Any]) -> NDArray[np.float32]:
        return self._read(self._places[rows])

    def some(self, rows: slice | NDArray[Any]) -> Counts:
        """Some of the cells; nothing is read yet."""
        return Counts(self._read, self.totals[rows], self.shape[1], self._places[rows])

    def blocks(self, rows: int = BLOCK_ROWS) -> Iterator[tuple[slice, NDArray[np.float32]]]:
        """All cells in order, ``rows`` at a time: which they are, and their counts."""
        for start in range(0, len(self), rows):
            here = slice(start, min(start + rows, len(self)))
            yield here, self[here]

    def toarray(self) -> NDArray[np.float32]:
        """All counts in memory, dense."""
        return self[:]

    def tocsr(self) -> Any:
        """All counts in memory, compressed: (n, p) CSR float32."""
        from scipy import sparse

        parts = [sparse.csr_matrix(block) for _, block in self.blocks()]
        return sparse.vstack(parts, format="csr") if parts else sparse.csr_matrix(self.shape)
