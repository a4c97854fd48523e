"""RNA and open chromatin of about 12,000 human blood cells, 10x Genomics 2020. Downloaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omicsbench.plugin import Remote, dataset

if TYPE_CHECKING:
    from anndata import AnnData

COUNTS = Remote(
    "https://cf.10xgenomics.com/samples/cell-arc/1.0.0/pbmc_granulocyte_sorted_10k/"
    "pbmc_granulocyte_sorted_10k_filtered_feature_bc_matrix.h5",
    digest="md5:920b16bf1e63b6610bf74bf9040ed386",
    note="the md5 is the one that the muon project's list of data sets states for this address",
)


@dataset(
    name="pbmc_multiome_10k",
    summary="RNA and open chromatin of about 12,000 human blood cells (Multiome), one donor.",
    source="https://support.10xgenomics.com/single-cell-multiome-atac-gex/datasets/1.0.0/pbmc_granulocyte_sorted_10k",
    licence="CC BY 4.0 (10x Genomics)",
    modalities={"rna": "counts", "atac": "binary"},
    remote=(COUNTS,),
)
def load() -> dict[str, AnnData]:
    """rna: CSR, molecule counts; atac: CSR, 1 where a peak has a cut, else 0. No labels published.

    A cell has two copies of a place of the genome, so counts above 0 say little more than that it
    is open: they are set to 1. Granulocytes were removed by sorting before the measurement.
    """
    from omicsbench.datasets._paired import read_10x
    from omicsbench.plugin import fetch

    path = fetch(COUNTS)
    rna, atac = read_10x(path, "Gene Expression"), read_10x(path, "Peaks")
    atac.X = (atac.X > 0).astype("float32")
    return {"rna": rna, "atac": atac}
