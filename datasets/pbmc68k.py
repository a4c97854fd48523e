"""700 blood cells of Zheng et al. 2017, read from scanpy's own wheel: no download."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from omicsbench.plugin import dataset

if TYPE_CHECKING:
    from anndata import AnnData


# The labels are neither the authors' judgement nor sorted cells: each cell got the name of
# the purified population its expression correlates with best. Hence "computed".
@dataset(
    name="pbmc68k",
    summary="Single-cell RNA of 700 human blood cells x 765 genes, 10 types by reference matching.",
    source="https://doi.org/10.1038/ncomms14049",
    licence="BSD-3-Clause (scanpy, which carries the file)",
    values="log",
    label="bulk_labels",
    provenance="computed",
    needs=("scanpy",),
)
def load() -> AnnData:
    """X: CSR (700, 765), log1p of normalised counts (scanpy's ``raw.X``; its X is scaled)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the file is in an old AnnData format, and says so
        import scanpy

        stored = scanpy.datasets.pbmc68k_reduced()
        adata: AnnData = stored.raw.to_adata()
    adata.obs = stored.obs[["bulk_labels"]].copy()
    for mapping in (adata.uns, adata.obsm, adata.obsp):
        mapping.clear()
    return adata
