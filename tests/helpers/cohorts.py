"""Small cohorts of counts with a label, and files of every format that hold one."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable
from pathlib import Path

import anndata
import h5py
import numpy as np
import pandas as pd
from scipy import sparse
from scipy.io import mmwrite

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


def _mtx(ending: str) -> Callable[[anndata.AnnData, Path], None]:
    """A folder as Cell Ranger 3 writes it, each file with this ending."""

    def write(adata: anndata.AnnData, path: Path) -> None:
        path.mkdir()
        held = io.BytesIO()
        mmwrite(held, sparse.coo_matrix(adata.X.T.astype(np.int32)))
        genes = "".join(
            f"ENSG{j:011d}\t{g}\tGene Expression\n" for j, g in enumerate(adata.var_names)
        )
        files = {
            "matrix.mtx": held.getvalue(),
            "features.tsv": genes.encode(),
            "barcodes.tsv": "\n".join([*adata.obs_names, ""]).encode(),
        }
        for name, content in files.items():
            (path / f"{name}{ending}").write_bytes(gzip.compress(content) if ending else content)

    return write


def _loom(adata: anndata.AnnData, path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["matrix"] = adata.X.toarray().T
        file["row_attrs/Gene"] = np.array(adata.var_names, dtype="S")
        file["col_attrs/CellID"] = np.array(adata.obs_names, dtype="S")
        file["col_attrs/cell_type"] = np.array(adata.obs["cell_type"], dtype="S")
        file.create_group("layers")


def _gct(adata: anndata.AnnData, path: Path) -> None:
    """Genes in rows, as GenePattern writes it; without labels."""
    table = as_table(adata).drop(columns="cell_type").T
    table.insert(0, "Description", "na")
    text = f"#1.2\n{adata.n_vars}\t{adata.n_obs}\n" + table.to_csv(sep="\t", index_label="Name")
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())


def _compressed(adata: anndata.AnnData, path: Path) -> None:
    adata.write_h5ad(path.with_suffix(""))
    path.write_bytes(gzip.compress(path.with_suffix("").read_bytes()))


def _text(separator: str) -> Callable[[anndata.AnnData, Path], None]:
    return lambda adata, path: as_table(adata).to_csv(path, sep=separator)


# By suffix: writes a cohort as a file of that format, or a folder.
WRITERS: dict[str, Callable[[anndata.AnnData, Path], object]] = {
    ".h5ad": lambda adata, path: adata.write_h5ad(path),
    ".h5ad.gz": _compressed,
    ".zarr": lambda adata, path: adata.write_zarr(path),
    ".h5mu": _h5mu,
    ".h5": _tenx,
    ".mtx": _mtx(""),
    ".mtx.gz": _mtx(".gz"),
    ".loom": _loom,
    ".csv": _text(","),
    ".csv.gz": _text(","),
    ".tsv": _text("\t"),
    ".tsv.gz": _text("\t"),
    ".txt": _text("\t"),
    ".txt.gz": _text("\t"),
    ".gct": _gct,
    ".gct.gz": _gct,
    ".parquet": lambda adata, path: as_table(adata).to_parquet(path),
}
WITHOUT_LABEL = {".h5", ".mtx", ".mtx.gz", ".gct", ".gct.gz"}
