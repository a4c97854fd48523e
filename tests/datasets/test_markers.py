"""Cytometry and metabolites, on small files of the same layout."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from downloads import load
from stand_ins import refused, stand_in
from table_files import DAYS, LEVELS, MARKERS, days, gated, markers, plasma


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMICSBENCH_CACHE", str(tmp_path))


def test_gated_cells_of_three_samples_by_the_names_of_their_markers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("rdata")
    stand_in(monkeypatch, "hipc_tcells", gated())
    adata = load("hipc_tcells")
    assert list(adata.var_names) == list(MARKERS)
    measured = np.concatenate([markers(seed, n) for seed, n in enumerate((30, 20, 10))])
    np.testing.assert_allclose(adata.X, measured, rtol=1e-6)
    assert adata.obs["sample"].value_counts().to_dict() == {"1228": 30, "1369": 20, "FTV_1": 10}
    assert list(adata.obs["subset"][:30]) == [*LEVELS] * 3
    assert list(adata.obs["subset"][50:]) == [*LEVELS[::-1]], "codes are places in the list"


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"codes": "x\n1\n2\n"}, "FTV_1_clust.csv cannot be read"),
        ({"codes": "x\n" + "11\n" * 10}, "one subset, 1 to 10, a cell"),
        ({"codes": "x\n" + "CD4\n" * 10}, "FTV_1_clust.csv cannot be read"),
        ({"codes": "y\n" + "1\n" * 10}, "FTV_1_clust.csv cannot be read"),
        ({"values": "CCR7,CD4\n1,2\n"}, "FTV_1_values.csv cannot be read"),
        ({"values": ""}, "FTV_1_values.csv cannot be read"),
        ({"HIPC_Stanford_1228_1A": pd.DataFrame({"CD4": [1.0]})}, "does not tell CCR7"),
        ({"HIPC_Stanford_1369_1A_labels": pd.Categorical(["CD4 Naive"])}, "HIPC_Stanford.RData"),
    ],
)
def test_other_tables_of_gated_cells_are_refused(
    changed: dict[str, Any], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("rdata")
    stand_in(monkeypatch, "hipc_tcells", gated(**changed))
    assert says in refused("hipc_tcells")


def test_samples_of_people_days_and_times_are_fully_crossed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stand_in(monkeypatch, "cytof_two_days", days())
    adata = load("cytof_two_days")
    assert adata.shape == (sum(range(6, 14)), 25)
    first = np.random.default_rng(0).exponential(50, (6, 25)).round(2)
    np.testing.assert_allclose(adata.X[:6], first, rtol=1e-6)
    assert adata.X[:6].max() > 50, "not transformed"
    assert list(adata.obs["cd8"][:4]) == ["yes", "no", "no", "yes"]
    samples = adata.obs.groupby("sample", sort=False)[["person", "day", "time"]].first()
    assert list(samples.index) == DAYS
    assert samples.value_counts().eq(1).all()
    assert len(samples) == 8
    assert list(samples.iloc[5]) == ["2", "1", "3month"]


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({DAYS[0]: "1,2,3\n"}, "25 numbers a cell"),
        ({DAYS[0]: ("1," * 24 + "\n") * 6}, "25 numbers a cell"),
        ({DAYS[0]: "<html>gone</html>\n"}, "cannot be read"),
        ({DAYS[3]: ""}, f"{DAYS[3]}.csv cannot be read"),
        ({f"{DAYS[1]}_label": "0\n1\n"}, f"{DAYS[1]}_label.csv cannot be read"),
        ({f"{DAYS[0]}_label": "2\n" * 6}, "yes or no"),
    ],
)
def test_other_tables_of_two_days_are_refused(
    changed: dict[str, str], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(monkeypatch, "cytof_two_days", days(**changed))
    assert says in refused("cytof_two_days")


def test_metabolites_of_a_workbook_with_their_names(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("openpyxl")
    stand_in(monkeypatch, "mtbls90", plasma())
    adata = load("mtbls90")
    measured = np.random.default_rng(0).normal(12, 2, (24, 5)).round(4)
    np.testing.assert_allclose(adata.X, measured, rtol=1e-6)
    assert list(adata.var["label"]) == list("abcde")
    assert list(adata.obs["sex"][:2]) == ["Female", "Male"]
    assert adata.obs_names[3] == "subject_3"


@pytest.mark.parametrize(
    "sheets",
    [
        {"Peak": pd.DataFrame({"Name": ["M1", "M9"], "Label": ["a", "b"]})},
        {"Peak": pd.DataFrame({"Label": ["a"]})},
        {"Data": pd.DataFrame({"SampleID": ["a"], "Sex": ["Male"]})},
        {
            "Data": pd.DataFrame({"SampleID": ["a"], "Sex": ["Male"], "M1": [np.nan]}),
            "Peak": pd.DataFrame({"Name": ["M1"], "Label": ["a"]}),
        },
        {
            "Data": pd.DataFrame({"SampleID": ["a"], "Sex": ["Male"], "M1": ["much"]}),
            "Peak": pd.DataFrame({"Name": ["M1"], "Label": ["a"]}),
        },
    ],
)
def test_another_workbook_is_refused(
    sheets: dict[str, pd.DataFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("openpyxl")
    stand_in(monkeypatch, "mtbls90", plasma(sheets))
    assert "MTBLS90.xlsx cannot be read" in refused("mtbls90")


def test_a_file_that_is_no_workbook_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("openpyxl")
    for content in (b"", b"<html>gone</html>", plasma()["MTBLS90.xlsx"][:900]):
        stand_in(monkeypatch, "mtbls90", {"MTBLS90.xlsx": content})
        assert "MTBLS90.xlsx cannot be read" in refused("mtbls90")
