"""What cells hold, as a checksum: the identity of data that are no file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from anndata import AnnData

    from omicsbench.reading.own import OwnData

BLOCK = 4_096  # rows


def cells_digest(adata: AnnData, own: OwnData) -> str:
    """sha256 of what a run takes from cells that were read, 64 hex digits.

    That is the matrix, the counts beside it, names, label and unit, and the base of logarithms.
    Equal cells give the same, in whatever order a sparse matrix stores its entries.
    """
    found = hashlib.sha256()
    for part in _parts(adata, own.columns):
        found.update(len(part).to_bytes(8, "little"))
        found.update(part)
    return found.hexdigest()


def _parts(adata: AnnData, columns: Sequence[str]) -> Iterator[bytes]:
    yield _text([list(adata.obs_names), list(adata.var_names)])
    for column in columns:
        yield _text([[type(value).__name__, str(value)] for value in adata.obs[column]])
    yield _text(adata.uns.get("log1p"))
    for matrix in (adata.X, adata.layers.get("counts")):
        if matrix is not None:
            yield from _rows(matrix)


def _rows(matrix: Any) -> Iterator[bytes]:
    """The matrix by blocks of rows; zeros that a sparse one stores are as if they were not."""
    from scipy import sparse

    yield _text(list(matrix.shape))
    for start in range(0, matrix.shape[0], BLOCK):
        block = matrix[start : start + BLOCK]
        if not sparse.issparse(block):
            yield np.ascontiguousarray(block, dtype=np.float64).tobytes()
            continue
        block = sparse.csr_matrix(block, dtype=np.float64, copy=True)
        block.sum_duplicates()
        block.eliminate_zeros()
        yield block.indptr.astype(np.int64).tobytes()
        yield block.indices.astype(np.int64).tobytes()
        yield block.data.tobytes()


def _text(value: Any) -> bytes:
    return json.dumps(value, default=str).encode()
