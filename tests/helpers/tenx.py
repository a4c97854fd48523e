"""Files as 10x Genomics writes them, of any size."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import h5py
import numpy as np
from scipy import sparse


def write_10x(
    path: Path,
    cells: int,
    genes: int,
    version: int = 2,
    types: Sequence[str] = (),
    genomes: Sequence[str] = (),
    block: int = 50_000,
    seed: int = 0,
) -> Path:
    """Write a 10x file a block of cells at a time: three groups of cells.

    Cell i is of group i % 3, its barcode is i in 16 digits with "-1".

    ``types`` are the kinds of features of version 3, by default gene expression; in version 2
    the last gene has the name of the first. ``genomes`` are those of the features of version 3.
    """
    rng = np.random.default_rng(seed)
    rates = rng.gamma(0.5, 1.0, (3, genes))
    names = np.array([f"gene{j}" for j in range(genes)], dtype="S20")
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        group = file.create_group("matrix" if version == 3 else "mm10")
        ids = np.array([f"ENSMUSG{j}" for j in range(genes)], dtype="S20")
        if version == 3:
            group["features/id"], group["features/name"] = ids, names
            kinds = types or ["Gene Expression"] * genes
            group["features/feature_type"] = np.array(kinds, dtype="S20")
            if genomes:
                group["features/genome"] = np.array(genomes, dtype="S20")
        else:
            names[-1] = names[0]
            group["genes"], group["gene_names"] = ids, names
        group["shape"] = np.array([genes, cells], dtype=np.int32)
        barcodes = group.create_dataset("barcodes", (cells,), "S18")
        data, indices = (
            group.create_dataset(name, (0,), kind, maxshape=(None,), chunks=(1 << 16,))
            for name, kind in (("data", np.int32), ("indices", np.int64))
        )
        pointers = [np.zeros(1, dtype=np.int64)]
        for start in range(0, cells, block):
            numbers = np.arange(start, min(start + block, cells))
            counts = sparse.csr_matrix(rng.poisson(rates[numbers % 3]))
            stored = len(data)
            for part, values in ((data, counts.data), (indices, counts.indices)):
                part.resize((stored + counts.nnz,))
                part[stored:] = values
            pointers.append(stored + counts.indptr[1:].astype(np.int64))
            barcodes[numbers[0] : numbers[-1] + 1] = [b"%016d-1" % i for i in numbers]
        group["indptr"] = np.concatenate(pointers)
    return path
