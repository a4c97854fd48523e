"""RNA and surface proteins of 5,247 human blood cells, 10x Genomics 2019. Downloaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omicsbench.plugin import Remote, dataset

if TYPE_CHECKING:
    from anndata import AnnData

COUNTS = Remote(
    "https://cf.10xgenomics.com/samples/cell-exp/3.0.2/5k_pbmc_protein_v3/"
    "5k_pbmc_protein_v3_filtered_feature_bc_matrix.h5",
    digest="md5:3366a47283177fe9af143d5819fad61f",
    note="the md5 is the one that the muon project's list of data sets states for this address",
)


@dataset(
    name="pbmc_cite_5k",
    summary="RNA and 29 surface proteins of about 5,200 human blood cells (CITE-seq), one donor.",
    source="https://support.10xgenomics.com/single-cell-gene-expression/datasets/3.0.2/5k_pbmc_protein_v3",
    licence="CC BY 4.0 (10x Genomics)",
    modalities={"rna": "counts", "protein": "proteins"},
    remote=(COUNTS,),
)
def load() -> dict[str, AnnData]:
    """rna: CSR, molecule counts; protein: dense, counts of antibodies. No labels are published.

    The file's three isotype controls (IgG1, IgG2a, IgG2b) are left out: they bind no protein of
    these cells and measure background alone.
    """
    from omicsbench.datasets._paired import damaged, read_10x
    from omicsbench.plugin import fetch

    path = fetch(COUNTS)
    rna, protein = read_10x(path, "Gene Expression"), read_10x(path, "Antibody Capture")
    protein = protein[:, [not name.startswith("IgG") for name in protein.var_names]].copy()
    if not protein.n_vars:
        raise damaged(path, "it has no antibodies but controls")
    protein.X = protein.X.toarray()
    return {"rna": rna, "protein": protein}
