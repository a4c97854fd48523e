"""Metabolites in the blood of 968 people aged 70, MetaboLights MTBLS90. Downloaded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from omicsbench.plugin import Remote, dataset

if TYPE_CHECKING:
    from anndata import AnnData

BOOK = Remote(
    "https://raw.githubusercontent.com/CIMCB/MetabComparisonBinaryML/"
    "3b3cc4ec6837fc6b6c01ad97df3eca1c76d17c6f/notebooks/data/MTBLS90.xlsx",
    digest="sha256:61c87e373944eec8e4598b496b72db983be898620854a2a47f9790a8c186501e",
)


@dataset(
    name="mtbls90",
    summary="189 metabolites in the plasma of 968 people aged 70, by sex (mass spectrometry).",
    source="https://doi.org/10.1007/s11306-019-1612-4",
    licence="none stated by the carrier; MetaboLights' own not stated there",
    values="continuous",
    label="sex",
    provenance="author",
    needs=("openpyxl",),
    remote=(BOOK,),
)
def load() -> AnnData:
    """X: dense (968, 189), logarithms of peak areas, none missing. ``var["label"]`` names them.

    ``obs["sex"]``: Female or Male. Mendez et al. 2019 compare eight classifiers on the same table.
    """
    from omicsbench.plugin import fetch, note

    adata = _read(fetch(BOOK))
    note(
        adata,
        "All people are aged 70 and of one city (Uppsala): nothing is said of others.",
        "The carrier gives logarithms without gaps: how gaps were filled is not told.",
    )
    return adata


def _read(path: Path) -> AnnData:
    """Sheet ``Data`` holds samples in rows, ``Peak`` the names of the metabolites."""
    import warnings
    import zipfile

    import anndata
    import numpy as np
    import pandas as pd

    from omicsbench.datasets._paired import damaged

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that openpyxl keeps no extensions of Excel
            sheets = pd.read_excel(path, sheet_name=["Data", "Peak"])
        data, peaks = sheets["Data"], sheets["Peak"]
        names = peaks["Name"].astype(str).tolist()
        X = data[names].to_numpy(np.float32)
        obs = pd.DataFrame({"sex": data["Sex"].astype(str).tolist()})
        var = pd.DataFrame({"label": peaks["Label"].astype(str).tolist()}, index=names)
        people = data["SampleID"].astype(str).tolist()
    except (OSError, zipfile.BadZipFile, LookupError, TypeError, ValueError) as error:
        raise damaged(path, str(error)) from error
    if not np.isfinite(X).all():
        raise damaged(path, "a value is missing")
    return anndata.AnnData(X=X, obs=obs.set_axis(people), var=var)
