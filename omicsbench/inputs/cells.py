"""The cells of a data set as they are prepared: held in memory, or read by blocks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from omicsbench.errors import DataError
from omicsbench.plugin import Values
from omicsbench.stream import BLOCK_ROWS, CellStream
from omicsbench.validation.account import DataAccount
from omicsbench.validation.check import Checked, checked_blocks
from omicsbench.validation.kinds import DENSE

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

LATENT = "latent"  # in .obsm of simulated cells: the coordinates from which they were made


@dataclass(frozen=True)
class Cells:
    """The cells of a data set: a dense ``matrix`` (n, p) float32, or a ``stream`` of CSR blocks.

    ``values`` is what they hold; ``label_names`` the classes; ``notes`` what the user should see;
    ``units`` and ``batches`` (n,) those of every cell of a ``matrix`` or a stream of one;
    ``account`` what is told of them all; ``names`` (n,) those of the cells, None of a stream;
    ``target`` (n,) a measured number of each, NaN where missing; ``latent`` (n, q) the coordinates
    from which each was simulated, None of others and of a stream, whose ``obsm`` holds them.
    """

    shape: tuple[int, int]
    values: Values
    matrix: NDArray[np.float32] | None
    stream: CellStream | None
    label_names: tuple[str, ...]
    notes: tuple[str, ...]
    labels: Callable[[], NDArray[np.signedinteger[Any]]] | None
    units: NDArray[np.int64] | None
    account: DataAccount
    batches: NDArray[np.int64] | None = None
    names: pd.Index[str] | None = None
    target: NDArray[np.float32] | None = None
    latent: NDArray[np.float32] | None = None

    @property
    def codes(self) -> NDArray[np.signedinteger[Any]] | None:
        """Label code of every cell, (n,), -1 where missing; None without labels."""
        return None if self.labels is None else self.labels()

    @classmethod
    def held(cls, checked: Checked) -> Cells:
        """Data that lie in memory; sparse ones are handed on by blocks all the same."""
        X, codes = checked.adata.X, checked.codes
        labels = None if codes is None or not checked.label_names else lambda: codes
        dense = isinstance(X, np.ndarray)
        stream = (
            None
            if dense
            else CellStream(
                shape=X.shape,
                features=(),
                blocks=lambda: (X[i : i + BLOCK_ROWS] for i in range(0, X.shape[0], BLOCK_ROWS)),
                labels=labels,
            )
        )
        return cls(
            shape=X.shape,
            values=checked.values,
            matrix=X if dense else None,
            stream=stream,
            label_names=checked.label_names,
            notes=checked.notes,
            labels=labels,
            units=checked.units,
            account=DataAccount.held(checked),
            batches=checked.batches,
            target=checked.target,
            names=checked.adata.obs_names,
        )

    def simulated(self, loaded: AnnData) -> Cells:
        """The same cells with their coordinates, as ``loaded`` has them, from which they came."""
        if LATENT not in loaded.obsm or self.names is None:
            return self
        rows = loaded.obs_names.get_indexer(self.names)
        return replace(self, latent=np.asarray(loaded.obsm[LATENT], dtype=np.float32)[rows])

    @classmethod
    def streamed(cls, stream: CellStream, values: Values, name: str) -> Cells:
        """Data read by blocks, each checked as it passes. Raises DataError for a dense kind."""
        if values in DENSE:
            raise DataError(
                f"Data set {name}: {values} become dense, so they are held in memory: return an "
                "AnnData."
            )
        checked = replace(stream, blocks=lambda: checked_blocks(stream, values, name))
        return cls(
            shape=stream.shape,
            values=values,
            matrix=None,
            stream=checked,
            label_names=stream.label_names,
            notes=stream.notes,
            labels=stream.labels if stream.label_names else None,
            units=None,
            account=DataAccount.streamed(stream, values),
        )
