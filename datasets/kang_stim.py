"""RNA of 2,000 blood cells, half of them stimulated, Kang et al. 2018. Downloaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omicsbench.plugin import Remote, dataset

if TYPE_CHECKING:
    from anndata import AnnData

COUNTS = Remote(
    "https://raw.githubusercontent.com/immunogenomics/harmony/"
    "df19af23ae0639bd6ea2da63898f973f08c85862/data/pbmc_stim.RData",
    digest="sha256:d85a18ce8ec9dcb4ac86c8e195ed53ff893c5952a7d6bf70035a17856c9dc0ef",
)
MATRICES = {"control": "pbmc.ctrl", "stimulated": "pbmc.stim"}


@dataset(
    name="kang_stim",
    summary="RNA counts of 2,000 human blood cells, with and without interferon beta.",
    source="https://doi.org/10.1038/nbt.4042",
    licence="GPL-3 (R package harmony, which carries the data)",
    values="counts",
    groups=("condition",),
    batch="condition",
    needs=("rdata",),
    remote=(COUNTS,),
)
def load() -> AnnData:
    """X: CSR (2000, 9015), molecule counts. ``obs``: condition, control or stimulated.

    The carrier chose 1,000 cells of each condition. It gives no cell types, and not whose blood a
    cell is of, so there is no label; the condition is what a batch is here.
    """
    import anndata

    from omicsbench.datasets._paired import REPEATED, damaged
    from omicsbench.datasets._rdata import pick, read_r, sparse_matrix
    from omicsbench.plugin import fetch, note

    path = fetch(COUNTS)
    found = read_r(path)
    parts = {of: sparse_matrix(pick(found, path, name), path).T for of, name in MATRICES.items()}
    if list(parts["control"].var_names) != list(parts["stimulated"].var_names):
        raise damaged(path, "the genes of the two conditions are not the same")
    adata = anndata.concat(parts, label="condition")
    if not adata.obs_names.is_unique:
        raise damaged(path, REPEATED)
    adata.obs["condition"] = adata.obs["condition"].astype(str)
    note(
        adata,
        "The condition is biology as well as batch: cells answer to interferon, so mixing the two "
        "conditions is not simply good.",
    )
    return adata
