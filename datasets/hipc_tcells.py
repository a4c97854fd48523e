"""87,234 T cells of three samples, gated by hand, HIPC Lyoplate panel. Downloaded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from omicsbench.plugin import Remote, dataset

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

STANFORD = Remote(
    "https://raw.githubusercontent.com/cran/CytOpT/"
    "7f37099a4561d84380af055cd6739d9545dd5aa4/data/HIPC_Stanford.RData",
    digest="sha256:fdf415e761c5e7d6f1ebbe30ba3fc2cdbac357ed2bb5bb096e3e5bc6a556c439",
)
_PYTHON = (
    "https://raw.githubusercontent.com/sistm/CytOpT-python/"
    "2986f398dfbf28e570562645177064f9568d29fc/tests/data/"
)
VALUES = Remote(
    _PYTHON + "FTV_1_values.csv",
    digest="sha256:541a69a5ac75e57dc91b1defad2df3e38cb5c0fb85e24ca422e6479d05a1b493",
)
CODES = Remote(
    _PYTHON + "FTV_1_clust.csv",
    digest="sha256:e02483ea70309d7ad9ea891bd6fe5f7856db68c23ba3f222f476392fd99fceb1",
)
MARKERS = ("CCR7", "CD4", "CD45RA", "CD3", "HLADR", "CD38", "CD8")
SAMPLES = {"HIPC_Stanford_1228_1A": "1228", "HIPC_Stanford_1369_1A": "1369"}
# What the codes 1 to 10 of the third sample stand for: the order of the others' levels.
SUBSETS = (
    "CD8 Effector",
    "CD8 Naive",
    "CD8 Central Memory",
    "CD8 Effector Memory",
    "CD8 Activated",
    "CD4 Effector",
    "CD4 Naive",
    "CD4 Central Memory",
    "CD4 Effector Memory",
    "CD4 Activated",
)


@dataset(
    name="hipc_tcells",
    summary="Seven surface markers of 87,234 T cells of three samples, gated by hand: 10 subsets.",
    source="https://doi.org/10.1038/nri3158",
    licence="GPL-2 or later (R package CytOpT) and MIT (CytOpT-python), which carry the data",
    values="continuous",
    label="subset",
    provenance="gated",
    unit="sample",
    needs=("rdata",),
    remote=(STANFORD, VALUES, CODES),
)
def load() -> AnnData:
    """X: dense (87234, 7), intensities of flow cytometry as the carriers publish them.

    ``obs``: subset, gated by hand at the centres; sample: 1228 and 1369 are patients of
    Stanford, of FTV_1 neither centre nor patient is told. FTV_1 has codes of subsets: their places
    in the list of the other two, as the medians of the markers confirm.
    """
    from omicsbench.plugin import fetch, note

    parts = _read_stanford(fetch(STANFORD))
    parts["FTV_1"] = _read_coded(fetch(VALUES), fetch(CODES))
    adata = _joined(parts)
    note(
        adata,
        "The gates are drawn in pairs of these very markers, so the subset of a cell follows from "
        "its seven values: trees and networks find such edges more easily than lines do.",
        "How the intensities were transformed is not told by the carriers.",
        "There are three samples: what holds for new samples rests on very few.",
    )
    return adata


def _joined(parts: dict[str, pd.DataFrame]) -> AnnData:
    """``parts`` : of each sample, the markers and ``subset`` of its cells."""
    import anndata
    import numpy as np
    import pandas as pd

    cells = pd.concat(
        part.set_axis([f"{sample}.{i}" for i in range(len(part))]).assign(sample=sample)
        for sample, part in parts.items()
    )
    return anndata.AnnData(
        X=cells[list(MARKERS)].to_numpy(np.float32),
        obs=cells[["subset", "sample"]].copy(),
        var=pd.DataFrame(index=list(MARKERS)),
    )


def _read_stanford(path: Path) -> dict[str, pd.DataFrame]:
    from omicsbench.datasets._rdata import frame, pick, read_r, texts

    found = read_r(path)
    parts = {}
    for name, sample in SAMPLES.items():
        part = frame(found, path, MARKERS, name).reset_index(drop=True)
        part["subset"] = texts(pick(found, path, f"{name}_labels"), len(part), path)
        parts[sample] = part
    return parts


def _read_coded(values: Path, codes: Path) -> pd.DataFrame:
    import pandas as pd

    from omicsbench.datasets._paired import damaged

    try:
        part = pd.read_csv(values, usecols=list(MARKERS), dtype=float)[list(MARKERS)]
    except (OSError, ValueError) as error:
        raise damaged(values, str(error)) from error
    try:
        code = pd.read_csv(codes, usecols=["x"], dtype=int)["x"]
    except (OSError, ValueError) as error:
        raise damaged(codes, str(error)) from error
    if len(code) != len(part) or not code.between(1, len(SUBSETS)).all():
        raise damaged(codes, "it does not hold one subset, 1 to 10, a cell")
    part["subset"] = [SUBSETS[place - 1] for place in code]
    return part
