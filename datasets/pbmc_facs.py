"""3,874 blood cells of ten populations that were sorted, Zheng et al. 2017. Downloaded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from omicsbench.plugin import Remote, dataset

if TYPE_CHECKING:
    from anndata import AnnData

LIST = Remote(
    "https://raw.githubusercontent.com/stephenslab/fastTopics/"
    "8406f5f4de379e7ff8b43ecfee93cca42a8e7a57/data/pbmc_facs.RData",
    digest="sha256:90ae0879b8c7ba4d456f9a0d1be964213b0dda6788a7b05b48d867b9f76f2946",
)
OBJECT = "pbmc_facs"
LABELS = ("celltype", "subpop")


@dataset(
    name="pbmc_facs",
    summary="Single-cell RNA counts of 3,874 blood cells of ten populations sorted by beads.",
    source="https://doi.org/10.1038/ncomms14049",
    licence="BSD-2-Clause (fastTopics, which carries the data); 10x Genomics' own not stated there",
    values="counts",
    label="celltype",
    provenance="sorted",
    needs=("rdata",),
    remote=(LIST,),
)
def load() -> AnnData:
    """X: CSR (3874, 16791), molecule counts. ``obs``: celltype, and the five coarser of subpop.

    A selection of about 94,000 sorted cells by the authors of the R package, those that they set
    aside as a test included. Genes are named by symbol, ``var["id"]`` is Ensembl's.
    """
    from omicsbench.plugin import fetch, note

    adata = _read(fetch(LIST))
    note(
        adata,
        "Each population was enriched by beads and measured in a run of its own: its cells are not "
        "pure, and what tells types apart may be what tells runs apart.",
        "All cells are of one donor: nothing is said of other people.",
    )
    return adata


def _read(path: Path) -> AnnData:
    import anndata

    from omicsbench.datasets._paired import damaged
    from omicsbench.datasets._rdata import frame, pick, read_r, sparse_matrix

    found = pick(read_r(path), path, OBJECT)
    genes = frame(found, path, ("ensembl", "symbol"), "genes")
    parts = []
    for counts, samples in (("counts", "samples"), ("counts_test", "samples_test")):
        part = sparse_matrix(pick(found, path, counts), path)
        about = frame(found, path, ("barcode", *LABELS), samples).astype(str)
        if [name.rpartition("-")[0] for name in part.obs_names] != list(about["barcode"]):
            raise damaged(path, f"{samples} is not of the cells of {counts}")
        if list(part.var_names) != list(genes["ensembl"]):
            raise damaged(path, f"genes are not those of {counts}")
        part.obs = about[list(LABELS)].set_axis(part.obs_names)
        parts.append(part)
    adata = anndata.concat(parts)
    adata.X = adata.X.tocsr()
    adata.var["id"] = list(adata.var_names)
    adata.var_names = [str(symbol) for symbol in genes["symbol"]]
    adata.var_names_make_unique()
    return adata
