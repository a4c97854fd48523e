"""Microbes of several people and studies, on small files of the same layout."""

from __future__ import annotations

import bz2
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from downloads import load
from real_files import GUTS, SITES, body, guts
from stand_ins import refused, stand_in


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMICSBENCH_CACHE", str(tmp_path))


def test_samples_of_a_biom_file_with_what_the_table_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch, "hmp_v35", body())
    adata = load("hmp_v35")
    counts = np.random.default_rng(0).poisson(2.0, (48, 8)) + 1
    np.testing.assert_array_equal(adata.X.toarray(), counts)
    assert list(adata.var_names[:2]) == ["03", "13"]
    assert adata.var["taxonomy"].iloc[1] == "k__Bacteria; p__1"
    assert list(adata.obs["site"]) == [SITES[i % 3] for i in range(48)], "matched by name"
    assert list(adata.obs["subject"][:3]) == ["subject0", "subject1", "subject2"]
    assert list(adata.obs["centre"][:2]) == ["A", "B"]


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"samples": ""}, "HMPv35_100nt.txt cannot be read"),
        ({"samples": "#SampleID\tsex\nSRS000.SRX0\tmale\n"}, "no column HMPbodysubsite"),
        ({"samples": body()["HMPv35_100nt.txt"].decode().replace("SRS001", "SRS888")}, "1 of the"),
        ({"samples": body()["HMPv35_100nt.txt"].decode().replace("SRS999", "SRS001")}, "twice"),
        ({"sample/matrix/indices": np.full(384, 99)}, "even1k.biom cannot be read"),
        ({"sample/ids": np.array(["a"], dtype=object)}, "even1k.biom cannot be read"),
        ({"sample/ids": np.arange(48)}, "even1k.biom cannot be read"),
    ],
)
def test_another_layout_of_counts_or_samples_is_refused(
    changed: dict[str, Any], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(monkeypatch, "hmp_v35", body(**changed))
    assert says in refused("hmp_v35")


def test_a_file_that_is_no_hdf5_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch, "hmp_v35", {**body(), "HMPv35_100nt_even1k.biom": b'{"id": "json"}'})
    assert "even1k.biom cannot be read" in refused("hmp_v35")


def test_each_person_is_of_one_study_and_what_is_between_is_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stand_in(monkeypatch, "metaml", guts())
    adata = load("metaml")
    assert adata.shape == (34, 4)
    assert list(adata.var_names) == ["G_0", "G_1", "G_2", "G_3"], "species alone"
    assert adata.obs.groupby("subject")["study"].nunique().max() == 1
    kept = [i for i, (study, *_) in enumerate(GUTS[:39]) if study == "A" or i >= 25]
    assert list(adata.obs_names) == [f"{GUTS[i][0]}.s{i}" for i in kept]
    assert list(adata.obs["stated"]) == [GUTS[i][3] for i in kept]
    sick = adata.obs["stated"].isin(["obesity", "t2d"])
    assert ((adata.obs["disease"] == "yes") == sick).all()
    percent = np.random.default_rng(0).dirichlet(np.ones(4), len(GUTS)) * 100
    np.testing.assert_allclose(adata.X.toarray(), percent[kept], atol=1e-4)
    notes = " ".join(adata.uns["omicsbench_notes"])
    assert "2 samples of stool left out" in notes
    assert "5 samples left out: of people" in notes


@pytest.mark.parametrize(
    ("files", "says"),
    [
        (guts(drop=["disease"]), "no row disease"),
        (guts(drop=[f"k__Bacteria|g__G|s__G_{j}" for j in range(4)]), "no row of a species"),
        (guts(text="<html>gone</html>"), "it has no row"),
        ({"abundance.txt.bz2": b"no archive"}, "cannot be read"),
        ({"abundance.txt.bz2": guts()["abundance.txt.bz2"][:-60]}, "cannot be read"),
    ],
)
def test_another_table_of_clades_is_refused(
    files: dict[str, bytes], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(monkeypatch, "metaml", files)
    sentence = refused("metaml")
    assert says in sentence
    assert "abundance.txt.bz2" in sentence


@pytest.mark.parametrize("row", [3, 9, slice(9, None)])
def test_a_row_of_another_length_is_refused(row: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = np.array(bz2.decompress(guts()["abundance.txt.bz2"]).decode().splitlines(), object)
    lines[row] += "\t1"
    stand_in(monkeypatch, "metaml", guts(text="\n".join(lines) + "\n"))
    assert "cannot be read" in refused("metaml")
