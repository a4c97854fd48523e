"""20,000 of the 1.3 million mouse brain cells, 10x Genomics 2017. Downloaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omicsbench.plugin import Remote, dataset

if TYPE_CHECKING:
    from omicsbench.plugin import CellStream

COUNTS = Remote(
    "https://cf.10xgenomics.com/samples/cell-exp/1.3.0/1M_neurons/1M_neurons_neuron20k.h5",
    digest="md5:7696db0199a30a36f857e86a1ad1da8d",
    note="the checksum is the SourceVersion that Bioconductor's TENxBrainData states for this "
    "address; that it is an md5 is a guess from its 32 digits",
)


@dataset(
    name="neurons_20k",
    summary="Single-cell RNA counts of 20,000 mouse brain cells, a sample of the 1.3 million.",
    source="https://www.10xgenomics.com/datasets/1-3-million-brain-cells-from-e-18-mice-2-standard-1-3-0",
    licence="CC BY 4.0 (10x Genomics)",
    values="counts",
    remote=(COUNTS,),
)
def load() -> CellStream:
    """Raw UMI counts, a block of cells at a time. No labels are published for this file."""
    from omicsbench.plugin import fetch, open_10x

    return open_10x(fetch(COUNTS))
