"""Cells with an embedding that was computed elsewhere, in which every cell can be told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anndata
import numpy as np
import pandas as pd
from scipy import sparse

from omicsbench.planning.suite import Suite, make_suite

CELLS, GENES, DIMENSIONS, EMPTY = 300, 30, 6, 4


def cells() -> anndata.AnnData:
    """Counts, sparse, one cell without any; ``.obsm["X_far"]`` begins with the cell's number."""
    rng = np.random.default_rng(0)
    kinds = np.arange(CELLS) % 3
    X = rng.poisson(0.3 + 2.0 * (np.arange(GENES) % 3 == kinds[:, None])).astype(np.float32)
    X *= rng.random(X.shape) < 0.6
    X[EMPTY] = 0
    Z = rng.normal(size=(CELLS, DIMENSIONS)) + 3 * np.eye(DIMENSIONS)[kinds]
    Z[:, 0] = np.arange(CELLS)
    names = [f"c{i}" for i in range(CELLS)]
    obs = pd.DataFrame({"kind": np.array(["a", "b", "c"])[kinds]}, index=names)
    made = anndata.AnnData(sparse.csr_matrix(X), obs=obs)
    made.obsm["X_far"] = Z.astype(np.float32)
    return made


def table(adata: anndata.AnnData) -> pd.DataFrame:
    """The embedding as a table by the names of cells, in another order."""
    made = pd.DataFrame(adata.obsm["X_far"], index=adata.obs_names)
    made.columns = [f"d{i}" for i in range(made.shape[1])]
    return made.sample(frac=1, random_state=1)


def written(folder: Path) -> Path:
    """The cells as a file, the table ``far.parquet`` beside it."""
    adata = cells()
    adata.write_h5ad(folder / "own.h5ad")
    table(adata).to_parquet(folder / "far.parquet")
    return folder / "own.h5ad"


def suite(*pipelines: str, **more: Any) -> Suite:
    settings: dict[str, Any] = {
        "name": "tiny",
        "pipelines": pipelines,
        "repeats": 1,
        "n_components": 2,
        "sizes": [50],
        "metrics": ["knn_probe_balanced_accuracy"],
        "threads": 1,
    }
    return make_suite(settings | more)
