"""RNA and surface proteins of 8,617 cord blood cells, Stoeckius et al. 2017. Downloaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omicsbench.plugin import Remote, dataset

if TYPE_CHECKING:
    from anndata import AnnData

FOLDER = "https://ftp.ncbi.nlm.nih.gov/geo/series/GSE100nnn/GSE100866/suppl/"
RNA = Remote(f"{FOLDER}GSE100866_CBMC_8K_13AB_10X-RNA_umi.csv.gz")
ANTIBODIES = Remote(f"{FOLDER}GSE100866_CBMC_8K_13AB_10X-ADT_umi.csv.gz")
EXCLUDED = ("CCR5", "CCR7", "CD10")


@dataset(
    name="cbmc_cite",
    summary="RNA and 10 surface proteins of 8,617 cord blood cells (CITE-seq).",
    source="https://doi.org/10.1038/nmeth.4380",
    licence="not stated by the carrier (NCBI GEO, GSE100866)",
    modalities={"rna": "counts", "protein": "proteins"},
    remote=(RNA, ANTIBODIES),
)
def load() -> dict[str, AnnData]:
    """rna: CSR, molecule counts of human genes; protein: dense, counts of antibodies. No labels.

    About one cell in twenty is a mouse fibroblast, which the authors added as a control: they are
    kept, but mouse genes are not, so they are cells of few human counts. Three of the 13
    antibodies (CCR5, CCR7, CD10) are left out: the authors found that they stained too weakly.
    """
    from omicsbench.datasets._paired import read_table, require_same_cells
    from omicsbench.plugin import fetch

    paths = fetch(RNA), fetch(ANTIBODIES)
    rna = read_table(paths[0], ",", _human)
    protein = read_table(paths[1], ",", lambda name: None if name in EXCLUDED else name)
    require_same_cells(rna.obs_names, protein.obs_names, paths[1])
    protein = protein[rna.obs_names].copy()
    protein.X = protein.X.toarray()
    return {"rna": rna, "protein": protein}


def _human(name: str) -> str | None:
    species, _, gene = name.partition("_")
    return gene if species == "HUMAN" else None
