"""RNA of 1,200 blood cells of three runs, Kang et al. 2021 (Symphony). Downloaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omicsbench.plugin import Remote, dataset

if TYPE_CHECKING:
    from anndata import AnnData

FOLDER = (
    "https://raw.githubusercontent.com/immunogenomics/symphony/"
    "bf7aaf9a2919f660d028f7ec3a775f040238a829/data/"
)
VALUES = Remote(
    f"{FOLDER}pbmcs_exprs_small.rda",
    digest="sha256:c64deb8a26e3d7c131196fc4829c62130070fdeff8a0a0a0806930014086c1de",
)
CELLS = Remote(
    f"{FOLDER}pbmcs_meta_small.rda",
    digest="sha256:5d0151004629ec2e7d05694109565b79b268b163d74e9bf378fc1ca238cf4dc3",
)


@dataset(
    name="symphony_pbmc",
    summary="RNA of 1,200 human blood cells, 1,767 genes, of three 10x runs, 9 cell types.",
    source="https://doi.org/10.1038/s41467-021-25957-x",
    licence="GPL-3 (R package symphony, which carries the data)",
    values="log",
    label="cell_type",
    provenance="computed",
    groups=("donor",),
    batch="donor",
    needs=("rdata",),
    remote=(VALUES, CELLS),
)
def load() -> AnnData:
    """X: CSR (1200, 1767), logarithms of 1 + counts per 10,000.

    ``obs``: cell_type (9, the rarest 3 cells), cell_type_broad, and donor, which names the run:
    3pv1 and 3pv2 (3' chemistry, versions 1 and 2) or 5p (5').
    """
    from omicsbench.datasets._paired import damaged
    from omicsbench.datasets._rdata import pick, read_r, sparse_matrix, texts
    from omicsbench.plugin import fetch, note

    path = fetch(VALUES)
    adata = sparse_matrix(pick(read_r(path), path, "pbmcs_exprs_small"), path).T
    path = fetch(CELLS)
    cells = pick(read_r(path), path, "pbmcs_meta_small")
    if texts(pick(cells, path, "cell_id"), adata.n_obs, path) != list(adata.obs_names):
        raise damaged(path, "its cells are not those of the expression")
    for column in ("cell_type", "cell_type_broad", "donor"):
        adata.obs[column] = texts(pick(cells, path, column), adata.n_obs, path)
    note(
        adata,
        "Cell types were assigned from expression by Symphony's authors, and genes were chosen by "
        "them over all cells, test cells included.",
        "Each run is of one chemistry and one sample, so what differs between them is both.",
    )
    return adata
