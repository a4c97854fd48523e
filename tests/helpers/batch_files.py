"""Small files in the layouts of real data of several batches, by name of the file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from r_files import Matrix, counts_of, dgc, written

Files = Mapping[str, bytes]
GENES = [f"GENE{j}" for j in range(12)]
CELLS = 30


def stem(**changed: Any) -> Files:
    """40 samples, cell types and studies as factors."""
    values = np.random.default_rng(0).uniform(size=(40, 12))
    held = {
        "gene": Matrix(values, [f"sample{i}" for i in range(40)], GENES),
        "study": pd.Categorical([str(1 + i % 4) for i in range(40)]),
        "celltype": pd.Categorical([("hESC", "hiPSC", "Fibroblast")[i % 3] for i in range(40)]),
    }
    return {"stemcells.rda": written(stemcells=held | changed)}


def kang(**changed: Any) -> Files:
    """Two matrices, genes x cells."""
    cells = {"ctrl": "ACC{}-1", "stim": "GTT{}-1"}
    held = {
        f"pbmc.{part}": dgc(
            counts_of(len(name), 12, CELLS), GENES, [name.format(i) for i in range(CELLS)]
        )
        for part, name in cells.items()
    }
    return {"pbmc_stim.RData": written(**(held | changed))}


def symphony(**changed: Any) -> Files:
    """Logarithms, genes x cells, and a data frame about the cells."""
    cells = [f"run{i % 3}_AC{i}" for i in range(CELLS)]
    counts = counts_of(0, 12, CELLS)
    values = np.log1p(counts / counts.sum(axis=0) * 1e4)
    held = {
        "cell_id": cells,
        "donor": [("3pv1", "3pv2", "5p")[i % 3] for i in range(CELLS)],
        "nUMI": counts.sum(axis=0).astype(np.int32),
        "cell_type": [("T_CD4", "T_CD8", "B")[i % 3] for i in range(CELLS)],
        "cell_type_broad": [("T", "T", "B")[i % 3] for i in range(CELLS)],
    }
    return {
        "pbmcs_exprs_small.rda": written(pbmcs_exprs_small=dgc(values, GENES, cells)),
        "pbmcs_meta_small.rda": written(pbmcs_meta_small=pd.DataFrame(held | changed)),
    }


def lines(**changed: Any) -> Files:
    """Two data frames, about the cells and of their components."""
    scores = np.random.default_rng(0).normal(size=(CELLS, 4)) * 0.01
    held = {
        "cell_id": [f"half_{i}" for i in range(CELLS)],
        "dataset": [("half", "jurkat", "t293")[i % 3] for i in range(CELLS)],
        "cell_type": [("jurkat", "jurkat", "t293")[i % 3] for i in range(CELLS)],
    }
    frames = {
        "meta_data": pd.DataFrame(held | changed),
        "scaled_pcs": pd.DataFrame(scores, columns=["X1", "X2", "X3", "X4"]),
    }
    return {"cell_lines.rda": written(cell_lines=frames)}


WRITERS: dict[str, Callable[[], Files]] = {
    "stemcells": cache(stem),
    "kang_stim": cache(kang),
    "symphony_pbmc": cache(symphony),
    "cell_lines": cache(lines),
}
