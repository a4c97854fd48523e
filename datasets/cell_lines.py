"""20 principal components of two cell lines in three runs, Korsunsky et al. 2019. Downloaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omicsbench.plugin import Remote, dataset

if TYPE_CHECKING:
    from anndata import AnnData

TABLES = Remote(
    "https://raw.githubusercontent.com/immunogenomics/harmony/"
    "df19af23ae0639bd6ea2da63898f973f08c85862/data/cell_lines.rda",
    digest="sha256:15452546366b588da963746c1b6257acbd4e19d4c7f63fd53b100448a01c673d",
)


@dataset(
    name="cell_lines",
    summary="20 principal components of 2,370 jurkat and 293T cells in three runs.",
    source="https://doi.org/10.1038/s41592-019-0619-0",
    licence="GPL-3 (R package harmony, which carries the data)",
    values="continuous",
    label="line",
    provenance="computed",
    groups=("run",),
    batch="run",
    scale=False,
    needs=("rdata",),
    remote=(TABLES,),
)
def load() -> AnnData:
    """X: dense (2370, 20), principal components. ``obs``: line (jurkat, t293), run.

    Runs are jurkat and t293, each of one line alone, and half, a mixture of the two: the example
    by which Harmony's authors explain it.
    """
    import anndata
    import numpy as np
    import pandas as pd

    from omicsbench.datasets._paired import REPEATED, damaged
    from omicsbench.datasets._rdata import pick, read_r, texts
    from omicsbench.plugin import fetch, note

    path = fetch(TABLES)
    found = pick(read_r(path), path, "cell_lines")
    cells, scores = pick(found, path, "meta_data"), pick(found, path, "scaled_pcs")
    names = texts(pick(cells, path, "cell_id"), len(scores), path)
    if len(set(names)) < len(names):
        raise damaged(path, REPEATED)
    columns = {"line": "cell_type", "run": "dataset"}
    obs = {own: texts(pick(cells, path, its), len(scores), path) for own, its in columns.items()}
    try:
        X = np.asarray(scores, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise damaged(path, str(error)) from error
    adata = anndata.AnnData(
        X,
        obs=pd.DataFrame(obs, index=names),
        var=pd.DataFrame(index=[f"PC{j + 1}" for j in range(X.shape[1])]),
    )
    note(
        adata,
        "A cell's line is known by experiment in the runs of one line; in the mixture it was "
        "assigned by Harmony's authors, and the carrier does not state how.",
        "Already reduced by PCA over all cells, test cells included: this says nothing of PCA "
        "against a network.",
    )
    return adata
