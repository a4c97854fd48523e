"""Expression of 400 genes in human stem cells of four studies, Rohart et al. 2017. Downloaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omicsbench.plugin import Remote, dataset

if TYPE_CHECKING:
    from anndata import AnnData

TABLE = Remote(
    "https://raw.githubusercontent.com/mixOmicsTeam/mixOmics/"
    "d732983ad52fdd7fb2496a7ca8ac1bec501a63ab/data/stemcells.rda",
    digest="sha256:f87a3386eece74dd48c9b4a3ffe5e1830ff119b11bb2d2aa05e424d4fa6376b3",
)


@dataset(
    name="stemcells",
    summary="400 genes in 125 samples of human stem cells and fibroblasts, of four studies.",
    source="https://doi.org/10.1186/s12859-017-1553-8",
    licence="GPL-2 or later (R package mixOmics, which carries the data)",
    values="continuous",
    label="cell_type",
    provenance="author",
    unit="study",
    batch="study",
    needs=("rdata",),
    remote=(TABLE,),
)
def load() -> AnnData:
    """X: dense (125, 400), from 0 to 1. ``obs``: cell_type (Fibroblast, hESC, hiPSC), study 1 to 4.

    The genes are a random choice by the carrier out of all that were measured.
    """
    from omicsbench.datasets._rdata import dense_matrix, pick, read_r, texts
    from omicsbench.plugin import fetch, note

    path = fetch(TABLE)
    found = pick(read_r(path), path, "stemcells")
    adata = dense_matrix(pick(found, path, "gene"), path)
    for column, name in (("cell_type", "celltype"), ("study", "study")):
        adata.obs[column] = texts(pick(found, path, name), adata.n_obs, path)
    note(
        adata,
        "The four studies hold the cell types in unlike shares: what removes the study may remove "
        "some of the type.",
        "Expression was scaled to 0 to 1 by the carrier, who does not state how.",
    )
    return adata
