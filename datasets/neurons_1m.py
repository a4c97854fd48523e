"""1.3 million cells of the embryonic mouse brain, 10x Genomics 2017. Downloaded: 4 GB."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from omicsbench.plugin import DataError, Remote, dataset

if TYPE_CHECKING:
    import pandas as pd

    from omicsbench.plugin import CellStream

FOLDER = "https://cf.10xgenomics.com/samples/cell-exp/1.3.0/1M_neurons"
COUNTS = Remote(
    f"{FOLDER}/1M_neurons_filtered_gene_bc_matrices_h5.h5",
    digest="md5:f97b8c67e57a534816b9b2bccf31476b",
    note="the checksum is the SourceVersion that Bioconductor's TENxBrainData states for this "
    "address; that it is an md5 is a guess from its 32 digits",
)
ANALYSIS = Remote(f"{FOLDER}/1M_neurons_analysis.tar.gz")
CLUSTERS = "clustering/graphclust/clusters.csv"


@dataset(
    name="neurons_1m",
    summary="Single-cell RNA counts of 1,306,127 mouse brain cells x 27,998 genes, 10x's clusters.",
    source="https://www.10xgenomics.com/datasets/1-3-million-brain-cells-from-e-18-mice-2-standard-1-3-0",
    licence="CC BY 4.0 (10x Genomics)",
    values="counts",
    label="cluster",
    provenance="computed",
    remote=(COUNTS, ANALYSIS),
)
def load() -> CellStream:
    """Raw UMI counts, a block of cells at a time; there are more than 2^31 of them.

    The labels are the graph clusters that 10x published with the data: computed from a PCA of the
    same counts, so they favour PCA. No annotation by anybody's judgement is part of the data.
    """
    from omicsbench.plugin import fetch

    return _join(fetch(COUNTS), fetch(ANALYSIS))


def _join(counts: Path, analysis: Path) -> CellStream:
    """The cells with their clusters, matched by barcode; -1 for a cell in no cluster."""
    import numpy as np
    import pandas as pd

    from omicsbench.plugin import NO_LABEL, inspect_10x

    found = inspect_10x(counts)
    clusters = _clusters(analysis)
    if not clusters.index.is_unique:
        raise DataError(f"{analysis} has two clusters for one barcode: fetch it again.")
    names = sorted(clusters.unique(), key=lambda name: (len(name), name))  # 2 before 10

    def labels() -> Any:
        place = clusters.index.get_indexer(found.barcodes())
        if (place < 0).all():
            raise DataError(f"No barcode of {counts} is in {analysis}: they are of other samples.")
        codes = np.asarray(pd.Categorical(clusters, categories=names).codes)
        return np.where(place < 0, NO_LABEL, codes[place])

    return found.stream(labels, tuple(names))


def _clusters(analysis: Path) -> pd.Series:
    """Cluster of each barcode, from the archive of 10x's analysis. Unpacks nothing to disk."""
    import tarfile

    import pandas as pd

    try:
        with tarfile.open(analysis) as archive:
            for member in archive:
                stream = archive.extractfile(member) if member.name.endswith(CLUSTERS) else None
                if stream is not None:
                    return pd.read_csv(stream, dtype=str).set_index("Barcode")["Cluster"]
    except (tarfile.TarError, OSError, EOFError, KeyError, ValueError) as error:
        raise DataError(
            f"{analysis} cannot be read ({error}): delete it and fetch it again."
        ) from error
    raise DataError(f"{analysis} holds no {CLUSTERS}: delete it and fetch it again.")
