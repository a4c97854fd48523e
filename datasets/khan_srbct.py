"""83 childhood tumours on microarrays, Khan et al. 2001. See data/README.md."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from omicsbench.plugin import dataset

if TYPE_CHECKING:
    from anndata import AnnData


@dataset(
    name="khan_srbct",
    summary="Microarray log ratios of 83 small round blue cell tumours x 2,308 genes, 4 diagnoses.",
    source="https://doi.org/10.1038/89044",
    licence="BSD (ISLP 0.6.0, which carries the data)",
    values="continuous",
    label="tumour",
    provenance="author",
    files=("khan_srbct.h5ad",),
)
def load() -> AnnData:
    """X: dense (83, 2308), log ratios."""
    import anndata

    return anndata.read_h5ad(Path(__file__).parent / "data" / "khan_srbct.h5ad")
