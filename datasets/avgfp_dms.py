"""Fluorescence of 54,024 mutants of a protein, Sarkisyan et al. 2016. Downloaded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from omicsbench.plugin import Remote, dataset

if TYPE_CHECKING:
    from anndata import AnnData

TABLE = Remote(
    "https://raw.githubusercontent.com/gitter-lab/nn4dms/"
    "434e354828f306cbb6796033ef1169cbe5207350/data/avgfp/avgfp.tsv",
    digest="sha256:7a7f299bafedfe6d41e2a0aae45da3064620d3a4f32eb865c22291d86393786d",
)
COLUMNS = ("variant", "num_mutations", "score")
BRIGHT = 2.5  # between the two modes of the score


@dataset(
    name="avgfp_dms",
    summary="Measured fluorescence of 54,024 mutants of a green fluorescent protein (avGFP).",
    source="https://doi.org/10.1038/nature17995",
    licence="MIT (nn4dms, which carries the data)",
    values="mutations",
    label="bright",
    provenance="sorted",
    target="score",
    scale=False,
    remote=(TABLE,),
)
def load() -> AnnData:
    """X: CSR (54024, 1879), 1 where a variant has a mutation, such as S65T, else 0.

    ``obs["score"]`` is the logarithm of the fluorescence, measured by sorting cells and reading
    their sequences; ``obs["bright"]`` is yes where it is above 2.5, else no.
    ``obs["num_mutations"]``: 1 to 15. In the order in which the carrier lists the variants.
    """
    from omicsbench.plugin import fetch, note

    adata = _read(fetch(TABLE))
    note(
        adata,
        f"bright is a score above {BRIGHT}: a cut between its two modes, not the authors'.",
        "Mutations of a test variant occur in training variants too: nothing is said of "
        "positions that were never mutated.",
    )
    return adata


def _read(path: Path) -> AnnData:
    import anndata
    import numpy as np
    import pandas as pd
    from scipy import sparse

    from omicsbench.datasets._paired import damaged

    try:
        table = pd.read_csv(path, sep="\t", dtype={"variant": str})
        lacking = set(COLUMNS) - set(table.columns)
        if lacking:
            raise ValueError(f"it has no column {', '.join(sorted(lacking))}")
        score = table["score"].to_numpy(np.float64)
        number = table["num_mutations"].to_numpy(np.int64)
    except (OSError, ValueError) as error:
        raise damaged(path, str(error)) from error
    each = table["variant"].fillna("").str.split(",").explode()
    parsed = each.str.extract(r"^([A-Z])(\d+)([A-Z*])$")
    counted = each.groupby(level=0).size()
    if parsed.isna().any(axis=None) or (counted.to_numpy() != number).any():
        raise damaged(path, "a variant is not a list of its mutations")
    if table["variant"].duplicated().any():
        raise damaged(path, "a variant stands there more than once")
    if not np.isfinite(score).all():
        raise damaged(path, "a variant has no score")
    places = parsed.assign(name=each, at=parsed[1].astype(int)).drop_duplicates("name")
    names = pd.Index(places.sort_values(["at", "name"])["name"])
    cells, features = each.index.to_numpy(), names.get_indexer(each)
    shape = (len(table), len(names))
    mutated = sparse.csr_matrix((np.ones(len(each), np.float32), (cells, features)), shape=shape)
    obs = {
        "score": score,
        "bright": np.where(score > BRIGHT, "yes", "no"),
        "num_mutations": number,
    }
    return anndata.AnnData(
        X=mutated,
        obs=pd.DataFrame(obs, index=table["variant"].tolist()),
        var=pd.DataFrame(index=names.tolist()),
    )
