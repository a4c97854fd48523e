"""3,005 cells of the mouse cortex and hippocampus, Zeisel et al. 2015. Downloaded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from omicsbench.plugin import DataError, Remote, dataset

if TYPE_CHECKING:
    from anndata import AnnData

TABLE = Remote(
    "https://storage.googleapis.com/linnarsson-lab-www-blobs/blobs/cortex/"
    "expression_mRNA_17-Aug-2014.txt"
)


@dataset(
    name="zeisel",
    summary="Single-cell RNA counts of 3,005 mouse cortex and hippocampus cells, 7 types.",
    source="https://doi.org/10.1126/science.aaa1934",
    licence="not stated by the carrier (Linnarsson lab)",
    values="counts",
    label="level1class",
    provenance="author",
    remote=(TABLE,),
)
def load() -> AnnData:
    """X: CSR, molecule counts. ``obs``: level1class and level2class, as the authors named them.

    The authors named clusters of the same counts (BackSPIN), so their labels are not independent
    of expression.
    """
    from omicsbench.plugin import fetch

    return _read(fetch(TABLE))


def _read(path: Path) -> AnnData:
    """The authors' table: cells in columns, tab-separated, the first two columns are names.

    Ten rows describe the cells (an empty first column, then ``tissue`` ... ``cell_id``,
    ``level1class``, ``level2class``); after an empty row each gene has one: its
    name, the number of its cluster, its counts.
    """
    import anndata
    import numpy as np
    import pandas as pd
    from scipy import sparse

    about: dict[str, list[str]] = {}
    genes: list[str] = []
    places, counts = [], []
    with path.open(encoding="utf-8", errors="replace") as lines:
        for number, line in enumerate(lines, 1):
            gene, name, rest = [*line.rstrip("\r\n").split("\t", 2), "", ""][:3]
            if not gene:
                if name:
                    about[name] = rest.split("\t")
                continue
            try:
                row = np.array(rest.split("\t"), dtype=np.float32)
            except ValueError:
                row = np.empty(0, np.float32)
            if not row.size or row.size != len(about.get("cell_id", ())):
                raise DataError(
                    f"Line {number} of {path} does not hold one count a cell: it is truncated or "
                    "of another layout; delete it and fetch it again."
                )
            places.append(np.flatnonzero(row).astype(np.int32))
            counts.append(row[places[-1]])
            genes.append(gene)
    cells, classes = len(about.get("cell_id", ())), ("level1class", "level2class")
    if not genes or any(len(about.get(name, ())) != cells for name in classes):
        raise DataError(f"{path} is not the table of cells and genes: delete it and fetch again.")
    ends = np.cumsum([0, *map(len, places)])
    by_gene = (np.concatenate(counts), np.concatenate(places), ends)
    adata = anndata.AnnData(
        X=sparse.csc_matrix(by_gene, shape=(cells, len(genes))).tocsr(),
        obs=pd.DataFrame({name: about[name] for name in classes}, index=about["cell_id"]),
        var=pd.DataFrame(index=genes),
    )
    adata.var_names_make_unique()
    return adata
