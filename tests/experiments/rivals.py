"""Prepare a million cells and take exact components, and load batches, beside other tools.

    python tests/experiments/rivals.py --cells 1300000 --crest A/bin/python --annbatch B/bin/python

``--crest`` names the Python of an environment with crest-sc, ``--annbatch`` that of one with
annbatch[zarrs] and torch (it asks for Python 3.12); a tool whose environment is not named is left
out. Each contender reads the same 10x file of simulated counts, alone in a process of its own with
the same number of threads: its code compiled and its libraries loaded beforehand on a few thousand
cells, the file in the system's cache. Leave the machine alone meanwhile.

``components``: raw counts from the file, library sizes evened, log1p, 50 components from an exact
solver and the coordinates of all cells. omicsbench also splits, writes its store and scales, so its
share of variance is of other values.
``batches``: dense float32 batches for training, shuffled, from what each keeps on disk.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

FEW, BATCH, SECONDS, COMPONENTS = 12_000, 1_024, 30.0, 50


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cells", type=int, default=1_300_000)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--crest", metavar="PYTHON")
    parser.add_argument("--annbatch", metavar="PYTHON")
    parser.add_argument("--folder", type=Path, help="for the file (8 GB and more at 1.3 million)")
    parser.add_argument("--side", choices=sorted(SIDES), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.side:
        SIDES[options.side](options.folder)
        return
    with tempfile.TemporaryDirectory(dir=options.folder) as made:
        folder = Path(made)
        for name, cells in (("few", FEW), ("all", options.cells)):
            write_10x(folder / f"{name}.h5", cells)
        pythons = {"crest": options.crest, "annbatch": options.annbatch}
        for side in SIDES:
            python = pythons.get(side.split()[0], sys.executable)
            for _ in range(options.repeats if python else 0):
                print(side, apart(python, side, folder, options.threads), flush=True)


def apart(python: str, side: str, folder: Path, threads: int) -> str:
    """What one contender says, in a process of its own with its threads bound."""
    libraries = ("OMP", "OPENBLAS", "MKL", "NUMBA", "RAYON")
    bound = {f"{library}_NUM_THREADS": str(threads) for library in libraries}
    command = [python, __file__, "--side", side, "--folder", str(folder)]
    with tempfile.TemporaryDirectory(dir=folder) as cache:
        bound |= {"POLARS_MAX_THREADS": str(threads), "OMICSBENCH_CACHE": cache}
        told = subprocess.run(command, env=os.environ | bound, capture_output=True, text=True)
    lines = (
        told.stdout.splitlines() or told.stderr.splitlines() or [f"ended with {told.returncode}"]
    )
    return lines[-1]


def write_10x(path: Path, cells: int) -> None:
    """simulated_atlas as 10x writes version 3, not compressed: reading it is not what is timed."""
    import h5py

    from omicsbench.inputs.source import registered
    from omicsbench.registry.discover import discover

    stream = registered(f"simulated_atlas(n={cells})", discover()).cells.stream
    with h5py.File(path, "w") as file:
        group = file.create_group("matrix")
        grown: dict[str, Any] = {
            name: group.create_dataset(name, (0,), dtype, maxshape=(None,), chunks=(1 << 18,))
            for name, dtype in (("data", "i4"), ("indices", "i8"))
        }
        pointers = [np.zeros(1, np.int64)]
        for block in stream.blocks():
            for name, values in grown.items():
                values.resize(len(values) + block.nnz, axis=0)
                values[len(values) - block.nnz :] = getattr(block, name)
            pointers.append(block.indptr[1:].astype(np.int64) + pointers[-1][-1])
        group["indptr"] = np.concatenate(pointers)
        group["shape"] = np.array(stream.shape[::-1], np.int32)
        group["barcodes"] = np.array([f"C{i}-1" for i in range(cells)], dtype="S")
        names = np.array(stream.features, dtype="S")
        for part in ("id", "name"):
            group[f"features/{part}"] = names
        group["features/feature_type"] = np.array([b"Gene Expression"] * len(names))
        group["features/genome"] = np.array([b""] * len(names))


def told(seconds: float, shares: Any) -> None:
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{seconds:.1f} s, peak {peak:.2f} GiB, share of variance {np.sum(shares):.4f}")


def atlas_of(path: Path) -> Any:
    """The file's cells as suites prepare a data set that streams."""
    from omicsbench.inputs.source import registered
    from omicsbench.prepare.prepared import prepare
    from omicsbench.registry.discover import discover

    plugin = path.with_suffix("") / "cells.py"
    plugin.parent.mkdir(exist_ok=True)
    plugin.write_text(
        "from pathlib import Path\n"
        "from omicsbench.plugin import dataset, open_10x\n\n"
        f"@dataset(name='{path.stem}_cells', summary='Simulated cells.', source='made up',\n"
        "         licence='none', values='counts', kind='simulated')\n"
        f"def load():\n    return open_10x(Path({str(path)!r}))\n"
    )
    source = registered(f"{path.stem}_cells", discover([plugin.parent]))
    return prepare(source, [0], seed=0, features=2_000, per_size=False)[0]


def scaled_parts(path: Path) -> dict[str, Any]:
    """Rows of each part of the split, scaled as those of training are."""
    from omicsbench.prepare.mapped_rows import ScaledRows
    from omicsbench.prepare.parts import NAMES
    from omicsbench.prepare.scaling import Scaler

    prepared = atlas_of(path)
    held = {name: prepared.matrices(name)[""].X for name in NAMES}
    every = {name: np.arange(X.shape[0]) for name, X in held.items()}
    scaler = Scaler.of(*ScaledRows(held["train"], every["train"], None).moments())
    return {name: ScaledRows(X, every[name], scaler) for name, X in held.items()}


def omicsbench_components(folder: Path) -> None:
    from omicsbench.methods.pca import Pca

    for name in ("few", "all"):
        start = time.perf_counter()
        parts = scaled_parts(folder / f"{name}.h5")
        pca = Pca(COMPONENTS, solver="gram").fit(parts["train"])
        for X in parts.values():
            pca.transform(X)
    told(time.perf_counter() - start, pca.pca_.explained_variance_ratio_)


def scanpy_components(folder: Path) -> None:
    import scanpy as sc

    for name in ("few", "all"):
        start = time.perf_counter()
        cells = sc.read_10x_h5(folder / f"{name}.h5")
        sc.pp.normalize_total(cells, target_sum=1e4)
        sc.pp.log1p(cells)
        sc.pp.pca(cells, n_comps=COMPONENTS)
    told(time.perf_counter() - start, cells.uns["pca"]["variance_ratio"])


def crest_components(folder: Path) -> None:
    import crest

    for name in ("few", "all"):
        start = time.perf_counter()
        cells = crest.read_10x_h5(folder / f"{name}.h5")
        crest.pp.normalize_total(cells)
        crest.pp.log1p(cells)
        crest.tl.pca(cells, n_comps=COMPONENTS)
    told(time.perf_counter() - start, cells.uns["pca"]["variance_ratio"])


def rate(batches: Iterator[int]) -> None:
    """Cells a second, after ten batches that do not count."""
    for _ in range(10):
        next(batches)
    start, cells = time.perf_counter(), 0
    for rows in batches:
        cells += rows
        if time.perf_counter() - start > SECONDS:
            break
    print(f"{cells / (time.perf_counter() - start):,.0f} cells/s in batches of {BATCH:,}")


def omicsbench_batches(folder: Path) -> None:
    from omicsbench.methods import _torch, _training

    X = scaled_parts(folder / "all.h5")["train"]
    rows, order = np.arange(len(X)), np.random.default_rng(0)
    drawn = _training._batches(rows, len(rows) // BATCH, order)
    rate(len(_torch._tensor(X, batch, "cpu")) for batch in drawn)


def annbatch_batches(folder: Path) -> None:
    """Log values, as the other side has them, in a shuffled store of annbatch's own."""
    import anndata
    import h5py
    import zarr
    from annbatch import DatasetCollection, Loader
    from scipy import sparse

    zarr.config.set({"codec_pipeline.path": "zarrs.ZarrsCodecPipeline"})
    with h5py.File(folder / "all.h5") as file:
        parts = [file["matrix"][name][:] for name in ("data", "indices", "indptr")]
        features, cells = file["matrix/shape"][:]
    X = sparse.csr_matrix(
        (parts[0].astype(np.float32), parts[1].astype(np.int32), parts[2]), (cells, features)
    )
    X.data *= np.repeat(1e4 / np.asarray(X.sum(1)).ravel(), np.diff(X.indptr)).astype(np.float32)
    np.log1p(X.data, out=X.data)
    anndata.AnnData(X).write_h5ad(folder / "log.h5ad")
    del X, parts
    collection = DatasetCollection(folder / "collection.zarr")
    collection.add_adatas(adata_paths=[folder / "log.h5ad"], shuffle=True)
    loader = Loader(batch_size=BATCH, chunk_size=32, preload_nchunks=32 * BATCH // 32, to="torch")
    loader.use_collection(collection)

    def batches() -> Iterator[int]:
        while True:
            for batch in loader:
                yield len(batch["X"].to_dense())

    rate(batches())


SIDES = {
    "omicsbench components": omicsbench_components,
    "crest components": crest_components,
    "scanpy components": scanpy_components,
    "omicsbench batches": omicsbench_batches,
    "annbatch batches": annbatch_batches,
}

if __name__ == "__main__":
    main()
