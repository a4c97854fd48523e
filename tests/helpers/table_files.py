"""Small files in the layouts of cytometry and of metabolites, by name of the file."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

Files = Mapping[str, bytes]
LEVELS = (
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
MARKERS = ("CCR7", "CD4", "CD45RA", "CD3", "HLADR", "CD38", "CD8")


def markers(seed: int, cells: int) -> pd.DataFrame:
    values = np.random.default_rng(seed).normal(2000, 500, (cells, 7)).round(3)
    return pd.DataFrame(values, columns=list(MARKERS))


def gated(codes: str | None = None, values: str | None = None, **changed: Any) -> Files:
    """Samples of 30 and 20 cells with names of subsets; one of 10 in CSV, with codes of them."""
    from r_files import written

    held: dict[str, Any] = {}
    for seed, (name, cells) in enumerate((("1228", 30), ("1369", 20))):
        subsets = pd.Categorical([LEVELS[i % 10] for i in range(cells)], list(LEVELS))
        held[f"HIPC_Stanford_{name}_1A"] = markers(seed, cells)
        held[f"HIPC_Stanford_{name}_1A_labels"] = subsets
    third = markers(2, 10)[list(MARKERS[::-1])].set_axis(range(1, 11))
    coded = pd.DataFrame({"x": range(10, 0, -1)}, index=range(1, 11))
    return {
        "HIPC_Stanford.RData": written(**(held | changed)),
        "FTV_1_values.csv": (third.to_csv() if values is None else values).encode(),
        "FTV_1_clust.csv": (coded.to_csv() if codes is None else codes).encode(),
    }


DAYS = [f"Person{p}Day{d}_{t}" for p in "12" for d in "12" for t in ("baseline", "3month")]


def days(**changed: str) -> Files:
    """Eight samples of 6 to 13 cells; ``changed`` texts of files, by name without ``.csv``."""
    files = {}
    for i, name in enumerate(DAYS):
        values = np.random.default_rng(i).exponential(50, (6 + i, 25)).round(2)
        told = pd.DataFrame([j % 3 == 0 for j in range(6 + i)]).astype(int)
        files[name] = pd.DataFrame(values).to_csv(header=False, index=False)
        files[f"{name}_label"] = told.to_csv(header=False, index=False)
    return {f"{name}.csv": text.encode() for name, text in (files | changed).items()}


def plasma(sheets: Mapping[str, pd.DataFrame] | None = None) -> Files:
    """A workbook of 24 people and 5 metabolites; ``sheets`` in place of its own, by name."""
    values = np.random.default_rng(0).normal(12, 2, (24, 5)).round(4)
    data = pd.DataFrame(values, columns=[f"M{j + 1}" for j in range(5)])
    data.insert(0, "SampleID", [f"subject_{i}" for i in range(24)])
    data.insert(1, "Sex", ["Female", "Male"] * 12)
    names = [f"M{j + 1}" for j in range(5)]
    peaks = pd.DataFrame({"Idx": range(1, 6), "Name": names, "Label": list("abcde")})
    held = io.BytesIO()
    with pd.ExcelWriter(held, engine="openpyxl") as book:
        for name, sheet in ({"Data": data, "Peak": peaks} | dict(sheets or {})).items():
            sheet.to_excel(book, sheet_name=name, index=False)
    return {"MTBLS90.xlsx": held.getvalue()}


WRITERS: dict[str, Callable[[], Files]] = {
    "hipc_tcells": cache(gated),
    "cytof_two_days": cache(days),
    "mtbls90": cache(plasma),
}
