"""RNA and surface proteins of 500 blood cells (ECCITE-seq), Mimitou et al. 2019. Downloaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omicsbench.plugin import Remote, dataset

if TYPE_CHECKING:
    from anndata import AnnData

COUNTS = Remote(
    "https://raw.githubusercontent.com/bioc/CiteFuse/"
    "699f98c022b3488706cfa23b688ef8da9d12ade1/data/CITEseq_example.rda",
    digest="sha256:ff1063648dcef1220bfc0575dd107892e3d1af5017d441f2e5dcfb7dc7693ee6",
)
MATRICES = {"rna": "RNA", "protein": "ADT", "hashtag": "HTO"}
SPECIES = "hg19_"


@dataset(
    name="eccite_pbmc",
    summary="RNA and 49 surface proteins of 500 human blood cells (ECCITE-seq).",
    source="https://doi.org/10.1038/s41592-019-0392-0",
    licence="GPL-3 (R package CiteFuse, which carries the data); data: NCBI GEO, GSE126310",
    modalities={"rna": "counts", "protein": "proteins"},
    groups=("hashtag",),
    needs=("rdata",),
    remote=(COUNTS,),
)
def load() -> dict[str, AnnData]:
    """rna: CSR (500, 19521), molecule counts; protein: dense (500, 49), counts of antibodies.

    No labels are published. ``obs["hashtag"]`` is the one of four hashtags with the highest count
    in a cell, that is, the portion of the sample that was stained with it; what the portions
    were, the carrier does not say.
    """
    import numpy as np

    from omicsbench.datasets._paired import damaged, require_same_cells
    from omicsbench.datasets._rdata import pick, read_r, sparse_matrix
    from omicsbench.plugin import fetch, note

    path = fetch(COUNTS)
    found = pick(read_r(path), path, "CITEseq_example")
    rna, protein, tags = (
        sparse_matrix(pick(found, path, matrix), path).T for matrix in MATRICES.values()
    )
    for other in (protein, tags):
        if list(other.obs_names) != list(rna.obs_names):
            require_same_cells(rna.obs_names, other.obs_names, path)
            raise damaged(path, "its matrices hold the cells in different orders")
    rna.var_names = [name.removeprefix(SPECIES) for name in rna.var_names]
    rna.var_names_make_unique()
    protein.X = protein.X.toarray()
    highest = np.asarray(tags.X.argmax(axis=1)).ravel()
    for adata in (rna, protein):
        adata.obs["hashtag"] = [str(tags.var_names[tag]) for tag in highest]
    note(
        rna,
        "The carrier chose 500 cells of the control sample. Among the 49 antibodies are isotype "
        "controls (IgG1, IgG2a), which bind no protein of the cells.",
        "The hashtag was told by the highest count, also where two are high (doublets).",
    )
    return {"rna": rna, "protein": protein}
