"""Raw counts of 2,000 immune cells, from the scMARK benchmark. See data/README.md."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from omicsbench.plugin import dataset

if TYPE_CHECKING:
    from anndata import AnnData


@dataset(
    name="scmark_immune",
    summary="Single-cell RNA counts of 2,000 human immune cells x 3,000 genes, 3 types.",
    source="https://doi.org/10.1101/2021.12.08.471773",
    licence="MIT (pyPLNmodels 1.0.10, which carries the subset)",
    values="counts",
    label="cell_type",
    provenance="author",
    files=("scmark_immune.h5ad",),
)
def load() -> AnnData:
    """X: CSR (2000, 3000), raw UMI counts."""
    import anndata

    return anndata.read_h5ad(Path(__file__).parent / "data" / "scmark_immune.h5ad")
