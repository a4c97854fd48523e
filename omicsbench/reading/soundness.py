"""Sparse matrices that contradict themselves: native code would read beyond their memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from omicsbench.errors import DataError

if TYPE_CHECKING:
    from anndata import AnnData


def require_sound(adata: AnnData, title: str) -> None:
    """Raise DataError if a sparse X, layer or raw names rows or columns that there are not."""
    held = {"X": adata.X} | {f"layer {name!r}": adata.layers[name] for name in adata.layers}
    if adata.raw is not None:
        held["raw"] = adata.raw.X
    for name, matrix in held.items():
        if problem := _contradiction(matrix):
            raise DataError(
                f"{title}: {name} contradicts itself ({problem}): it is damaged; copy, download or "
                "write it again."
            )


def _contradiction(matrix: Any) -> str | None:
    """What is wrong of a CSR or CSC matrix; None of a sound one, and of any other."""
    if getattr(matrix, "format", "") not in ("csr", "csc"):
        return None
    lines, places = matrix.shape if matrix.format == "csr" else matrix.shape[::-1]
    pointers, indices, stored = matrix.indptr, matrix.indices, matrix.data.size
    if pointers.size != lines + 1 or pointers[0] != 0 or (pointers[1:] < pointers[:-1]).any():
        return "indptr is out of order"
    if not pointers[-1] <= min(indices.size, stored):
        return f"indptr ends at {pointers[-1]:,}, with {min(indices.size, stored):,} values"
    if indices.size and not 0 <= indices.min() <= indices.max() < places:
        return f"indices from {indices.min():,} to {indices.max():,} of {places:,}"
    return None
