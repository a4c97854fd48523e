"""Files that unpack to more than the memory are refused before they are read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from omicsbench.errors import DataError


def require_memory(path: Path, needed: int) -> None:
    """Raise DataError if ``needed`` bytes are more than the memory that is free.

    A system that hands out more memory than it has would end this process without a word.
    """
    import psutil

    free = psutil.virtual_memory().available
    if needed > free:
        raise DataError(
            f"{path} does not fit in memory: it unpacks to {needed / 1e9:.1f} GB, and "
            f"{free / 1e9:.1f} GB are free; give a file with fewer cells, or counts stored sparse."
        )


def unpacked_size(path: Path) -> int:
    """Bytes of all arrays of an HDF5 file once they are read."""
    import h5py

    sizes: dict[str, int] = {}

    def add(name: str, held: Any) -> None:
        if isinstance(held, h5py.Dataset):
            sizes[name] = (held.size or 0) * held.dtype.itemsize  # none of a dataset that is null

    with h5py.File(path, "r") as file:
        file.visititems(add)
    return sum(sizes.values())
