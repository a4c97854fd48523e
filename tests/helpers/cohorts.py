"""Small cohorts of counts with a label, and files of every format that hold one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import anndata
import numpy as np
import pandas as pd
from scipy import sparse

from paired_files import tenx

CELLS, GENES = 60, 30
CLASSES = ("B cell", "NK cell", "T cell")


def cohort(seed: int = 0, cells: int = CELLS, genes: int = GENES) -> anndata.AnnData:
    """Counts of three cell types that differ: cells c0, c1, ... and genes GENE0, GENE1, ..."""
    rng = np.random.default_rng(seed)
    rates = rng.gamma(1.0, 2.0, (3, genes)) + 0.2
    kinds = np.arange(cells) % 3
    return anndata.AnnData(
        sparse.csr_matrix(rng.poisson(rates[kinds]).astype(np.float32)),
        pd.DataFrame(
            {"cell_type": [CLASSES[kind] for kind in kinds]}, index=[f"c{i}" for i in range(cells)]
        ),
        pd.DataFrame(index=[f"GENE{j}" for j in range(genes)]),
    )


def as_table(adata: anndata.AnnData) -> pd.DataFrame:
    """One cell a row: its label, then whole numbers."""
    counts = adata.X.toarray().astype(int)
    table = pd.DataFrame(counts, index=adata.obs_names, columns=adata.var_names)
    table.insert(0, "cell_type", adata.obs["cell_type"])
    return table


def _h5mu(adata: anndata.AnnData, path: Path) -> None:
    import mudata

    protein = adata[:, :5].copy()
    protein.var_names = [f"CD{j}" for j in range(5)]
    with mudata.set_options(pull_on_update=False):
        mudata.MuData({"rna": adata, "protein": protein}).write(path)


def _tenx(adata: anndata.AnnData, path: Path) -> None:
    kinds = ["Gene Expression"] * adata.n_vars
    path.write_bytes(tenx(list(adata.var_names), kinds, adata.X.toarray().astype(np.int32)))


def _text(separator: str) -> Callable[[anndata.AnnData, Path], None]:
    return lambda adata, path: as_table(adata).to_csv(path, sep=separator)


# By suffix: writes a cohort as a file of that format. 10x files have no labels.
WRITERS: dict[str, Callable[[anndata.AnnData, Path], object]] = {
    ".h5ad": lambda adata, path: adata.write_h5ad(path),
    ".h5mu": _h5mu,
    ".h5": _tenx,
    ".csv": _text(","),
    ".csv.gz": _text(","),
    ".tsv": _text("\t"),
    ".tsv.gz": _text("\t"),
    ".parquet": lambda adata, path: as_table(adata).to_parquet(path),
}
WITHOUT_LABEL = {".h5"}
