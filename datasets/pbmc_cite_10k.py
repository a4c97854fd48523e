"""RNA and surface proteins of 6,855 human blood cells, as filtered for totalVI. Downloaded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from omicsbench.plugin import Remote, dataset

if TYPE_CHECKING:
    from anndata import AnnData

TABLE = Remote("https://exampledata.scverse.org/scvi-tools/pbmc_10k_protein_v3.h5ad")


@dataset(
    name="pbmc_cite_10k",
    summary="RNA and 14 surface proteins of 6,855 human blood cells (CITE-seq), one donor.",
    source="https://doi.org/10.1038/s41592-020-01050-x",
    licence="CC BY 4.0 (10x Genomics, who measured it); none stated by the carrier (scverse)",
    modalities={"rna": "counts", "protein": "proteins"},
    remote=(TABLE,),
)
def load() -> dict[str, AnnData]:
    """rna: CSR, molecule counts; protein: dense, counts of antibodies. No labels are published.

    10x's file of 10,000 cells, from which the authors of totalVI left out doublets and outliers,
    genes of few cells, and the isotype controls.
    """
    from omicsbench.plugin import fetch

    return _read(fetch(TABLE))


def _read(path: Path) -> dict[str, AnnData]:
    """Counts in X; antibodies in obsm, as a table or as an array named in uns."""
    import anndata
    import numpy as np
    import pandas as pd
    from scipy import sparse

    from omicsbench.datasets._paired import damaged

    try:
        stored = anndata.read_h5ad(path)
        counts = stored.obsm["protein_expression"]
        if not isinstance(counts, pd.DataFrame):
            names = np.asarray(stored.uns["protein_names"]).astype(str)
            counts = pd.DataFrame(np.asarray(counts), index=stored.obs_names, columns=names)
        rna = sparse.csr_matrix(stored.X, dtype=np.float32)
        antibodies = counts.to_numpy(dtype=np.float32)
    except (OSError, LookupError, AttributeError, TypeError, ValueError) as error:
        raise damaged(
            path, f"counts in X and obsm['protein_expression'] expected; {error}"
        ) from error
    for where, values in (("X", rna.data), ("obsm['protein_expression']", antibodies)):
        if not (values.size and (values >= 0).all() and (values == np.floor(values)).all()):
            raise damaged(path, f"{where} holds other values than counts")
    if not stored.obs_names.is_unique:
        raise damaged(path, "some cells have the same name")
    obs = pd.DataFrame(index=stored.obs_names)
    found = {
        "rna": anndata.AnnData(rna, obs=obs, var=pd.DataFrame(index=stored.var_names)),
        "protein": anndata.AnnData(
            antibodies, obs=obs.copy(), var=pd.DataFrame(index=counts.columns.astype(str))
        ),
    }
    for adata in found.values():
        adata.var_names_make_unique()
    return found
