"""Small files of R that hold several modalities, by name of the file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from r_files import Environment, Matrix, Slots, counts_of, dgc, written

Files = Mapping[str, bytes]
CELLS = [f"AC{i}" for i in range(24)]
SITES = {"Met Enhancers": 9, "Met CpG Islands": 7, "Met Promoters": 6}


def eccite(**changed: Any) -> Files:
    """Three matrices, features x cells."""
    held = {
        "RNA": dgc(counts_of(1, 10, 24), [f"hg19_GENE{j}" for j in range(10)], CELLS),
        "ADT": dgc(counts_of(2, 5, 24), ["CD3", "CD19", "CD4", "IgG1", "IgG2a"], CELLS),
        "HTO": dgc(counts_of(3, 4, 24), ["HTO28", "HTO29", "HTO30", "HTO44"], CELLS),
    }
    return {"CITEseq_example.rda": written(CITEseq_example=held | changed)}


def tumours(**changed: Any) -> Files:
    """Three matrices and a factor; those of the test set without proteins."""
    rng = np.random.default_rng(0)
    names = [f"A{i:03d}" for i in range(24)]
    held = {
        part: Matrix(rng.normal(5, 1, (24, p)), names, [f"{part}{j}" for j in range(p)])
        for part, p in (("mirna", 6), ("mrna", 8), ("protein", 5))
    }
    subtypes = pd.Categorical([("Basal", "Her2", "LumA")[i % 3] for i in range(24)])
    train = {**held, "subtype": subtypes} | changed
    return {"breast.TCGA.rda": written(**{"breast.TCGA": {"data.train": train, "data.test": {}}})}


def methylome(seed: int, sites: int, cells: int = 26) -> np.ndarray:
    """Sites x cells: 0, 1, or NaN at three of four places; one site of a cell at least is 1."""
    rng = np.random.default_rng(seed)
    rates = rng.integers(0, 2, (sites, cells)).astype(float)
    covered = rng.random((sites, cells)) < 0.25
    one = np.arange(cells) % sites, np.arange(cells)
    covered[one], rates[one] = True, 1
    return np.where(covered, rates, np.nan)


def wells(first: int, last: int) -> list[str]:
    return [f"W{i:02d}" for i in range(first, last)]


def scmt(**changed: Any) -> Files:
    """A MultiAssayExperiment of 28 cells: RNA of the first 25, methylation of the last 26."""
    rna = np.random.default_rng(0).gamma(2.0, 2.0, (8, 25))
    rna[0, :5] = -0.0
    matrices = {"RNA expression": Matrix(rna, [f"Gene{j}" for j in range(8)], wells(0, 25))}
    for seed, (name, p) in enumerate(SITES.items()):
        places = [f"chr{seed + 1}_{100 + j}" for j in range(p)]
        matrices[name] = Matrix(methylome(seed, p), places, wells(2, 28))
    assays = {
        name: Slots({"assayData": Environment({"exprs": matrix}), "class": "ExpressionSet"})
        for name, matrix in (matrices | changed).items()
    }
    columns = {"culture": np.array([("Serum", "2i")[i % 4 == 0] for i in range(28)])}
    about = {"rownames": np.array(wells(0, 28)), "listData": columns, "class": "DataFrame"}
    held = {
        "ExperimentList": Slots({"listData": assays, "class": "ExperimentList"}),
        "colData": Slots(about),
        "class": "MultiAssayExperiment",
    }
    return {"scMT_data.RData": written(scMT_data=Slots(held))}


WRITERS: dict[str, Callable[[], Files]] = {
    "eccite_pbmc": cache(eccite),
    "tcga_breast": cache(tumours),
    "scmt_mesc": cache(scmt),
}
