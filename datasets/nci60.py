"""64 cancer cell lines on microarrays, Ross et al. 2000. See data/README.md."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from omicsbench.plugin import dataset

if TYPE_CHECKING:
    from anndata import AnnData


@dataset(
    name="nci60",
    summary="Microarray log ratios of 64 cancer cell lines x 6,830 genes, 14 cancer types.",
    source="https://doi.org/10.1038/73432",
    licence="BSD (ISLP 0.6.0, which carries the data)",
    values="continuous",
    label="cancer_type",
    provenance="author",
    files=("nci60_expression.h5ad",),
)
def load() -> AnnData:
    """X: dense (64, 6830), log ratios. Five of the 14 types have one member."""
    import anndata

    return anndata.read_h5ad(Path(__file__).parent / "data" / "nci60_expression.h5ad")
