"""mRNA, miRNA and proteins of 150 breast tumours, TCGA 2012. Downloaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omicsbench.plugin import Remote, dataset

if TYPE_CHECKING:
    from anndata import AnnData

TABLES = Remote(
    "https://raw.githubusercontent.com/mixOmicsTeam/mixOmics/"
    "d732983ad52fdd7fb2496a7ca8ac1bec501a63ab/data/breast.TCGA.rda",
    digest="sha256:0812db063ceee018470b59249a27289e8231909b9ec858c9b3e8fc9ead67af48",
)
MODALITIES = ("mrna", "mirna", "protein")


@dataset(
    name="tcga_breast",
    summary="mRNA, miRNA and proteins of 150 breast tumours of three subtypes (TCGA).",
    source="https://doi.org/10.1038/nature11412",
    licence="GPL-2 or later (R package mixOmics, which carries the data); TCGA level 3 is public",
    modalities=dict.fromkeys(MODALITIES, "continuous"),
    label="subtype",
    provenance="computed",
    needs=("rdata",),
    remote=(TABLES,),
)
def load() -> dict[str, AnnData]:
    """mrna (150, 200), mirna (150, 184), protein (150, 142): dense, as the carrier normalised them.

    ``obs["subtype"]``: Basal, Her2 or LumA. The file's other 70 tumours, without proteins, are
    left out.
    """
    from omicsbench.datasets._paired import damaged
    from omicsbench.datasets._rdata import dense_matrix, pick, read_r, texts
    from omicsbench.plugin import fetch, note

    path = fetch(TABLES)
    found = pick(read_r(path), path, "breast.TCGA", "data.train")
    loaded = {name: dense_matrix(pick(found, path, name), path) for name in MODALITIES}
    first = loaded["mrna"]
    subtype = texts(pick(found, path, "subtype"), first.n_obs, path)
    for name, adata in loaded.items():
        if list(adata.obs_names) != list(first.obs_names):
            raise damaged(path, f"its tumours of {name} are not those of mrna")
        adata.var_names_make_unique()
        adata.obs["subtype"] = subtype
    note(
        first,
        "The subtype (PAM50) is computed from mRNA, so mRNA is favoured where it is predicted.",
        "Genes, miRNAs and proteins were chosen by the carrier over all tumours, test ones "
        "included; the 70 tumours without proteins are left out.",
    )
    return loaded
