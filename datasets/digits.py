"""Handwritten digits: a control from outside omics, where every method has been tried."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omicsbench.plugin import dataset

if TYPE_CHECKING:
    from anndata import AnnData


@dataset(
    name="digits",
    summary="1,797 handwritten digits x 64 pixels, 10 digits: a positive control, not omics.",
    source="https://archive.ics.uci.edu/dataset/80/optical+recognition+of+handwritten+digits",
    licence="BSD-3-Clause (scikit-learn, which carries the data)",
    values="continuous",
    label="digit",
    provenance="author",
    scale=False,
    omics=False,
    needs=("sklearn",),
)
def load() -> AnnData:
    """X: dense (1797, 64), grey levels 0 to 16."""
    import anndata
    import pandas as pd
    from sklearn.datasets import load_digits

    digits = load_digits()
    names = [f"image{i}" for i in range(len(digits.target))]
    return anndata.AnnData(
        X=digits.data.astype("float32"),
        obs=pd.DataFrame({"digit": pd.Categorical(digits.target.astype(str))}, index=names),
        var=pd.DataFrame(index=digits.feature_names),
    )
