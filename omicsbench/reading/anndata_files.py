"""AnnData in files: .h5ad of every version, compressed ones, and zarr stores."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from omicsbench.errors import DataError
from omicsbench.owned.scratch import scratch
from omicsbench.reading.memory import require_memory, unpacked_size

if TYPE_CHECKING:
    from anndata import AnnData

BLOCK = 1 << 24  # bytes unpacked at a time


def read_h5ad(path: Path) -> AnnData:
    """An .h5ad file of anndata 0.5 or later, whole in memory.

    Raises DataError if it holds something else, or more than the memory.
    """
    import anndata
    import h5py

    with h5py.File(path, "r") as file:
        held = list(file)
    if "obs" not in held:
        formats = {"matrix": ".h5 or .loom", "mod": ".h5mu"}
        other = next((suffix for name, suffix in formats.items() if name in held), None)
        remedy = f"rename it to {other}" if other else "write it with anndata 0.5 or later"
        there = ", ".join(held[:8]) or "nothing"
        raise DataError(f"{path} holds no AnnData (it has {there}): {remedy}.")
    require_memory(path, unpacked_size(path))
    try:
        return anndata.read_h5ad(path)
    except MemoryError:
        raise
    except Exception:  # of a part that only its writer can read, such as an odd entry of uns
        return _needed(path)


def read_compressed(path: Path) -> AnnData:
    """An .h5ad file packed with gzip, unpacked beside other temporary files while it is read.

    Raises DataError where it would fill more than half of what is free on their disk.
    """
    with scratch("unpacked") as folder:
        whole = folder / "data.h5ad"
        limit = shutil.disk_usage(folder).free // 2
        with gzip.open(path, "rb") as packed, whole.open("wb") as out:
            while block := packed.read(BLOCK):
                if out.tell() + len(block) > limit:
                    raise DataError(
                        f"{path} unpacks to more than {limit / 1e9:.1f} GB, half of what is "
                        f"free in {folder.parent}: unpack it elsewhere and give the .h5ad file."
                    )
                out.write(block)
        return read_h5ad(whole)


def read_zarr(path: Path) -> AnnData:
    """A zarr store of one AnnData. Raises DataError if it holds something else, or without zarr."""
    import anndata

    held = {entry.name for entry in path.iterdir() if entry.is_dir()}
    if "obs" not in held or ("mod" in held and "X" not in held):
        inner = [path / name for name in ("mod/rna", "tables/table") if (path / name).is_dir()]
        there = ", ".join(sorted(held)[:8]) or "nothing"
        remedy = f"give {inner[0]}" if inner else "give the folder of one AnnData"
        raise DataError(f"{path} is no AnnData (it holds {there}): {remedy}.")
    try:
        return anndata.read_zarr(path)
    except ImportError as error:
        raise DataError(f"Reading {path} needs zarr: pip install zarr.") from error


def _needed(path: Path) -> AnnData:
    """What a run needs of an .h5ad file, where another part of it cannot be read."""
    import anndata
    import h5py
    from anndata.io import read_elem

    with h5py.File(path, "r") as file:
        layers, raw, base = file.get("layers", {}), file.get("raw"), file.get("uns/log1p/base")
        return anndata.AnnData(
            read_elem(file["X"]) if "X" in file else None,
            obs=read_elem(file["obs"]),
            var=read_elem(file["var"]),
            layers={name: read_elem(layers[name]) for name in layers},
            raw=None if raw is None else {p: read_elem(raw[p]) for p in ("X", "var")},
            uns={"log1p": {} if base is None else {"base": read_elem(base)}}
            if "uns/log1p" in file
            else {},
        )
