"""Real data of beyond a thousand samples, on small files of the same layout."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import idx_files
import real_files
import table_files
from downloads import load, module
from r_files import counts_of, dgc
from real_files import GENES, TYPES, facs, lines_of, mutants, soy
from stand_ins import refused, stand_in

WRITERS = idx_files.WRITERS | real_files.WRITERS | table_files.WRITERS
OTHERS = [f"x{i}-1-b" for i in range(45)]


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMICSBENCH_CACHE", str(tmp_path))


@pytest.mark.parametrize("name", WRITERS)
def test_addresses_are_pinned_and_caveats_stated(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = module(name).load.info
    for library in info.needs:
        pytest.importorskip(library)
    for remote in info.remote:
        assert remote.digest.startswith("sha256:")
        assert len(remote.url.split("/")[5]) == 40, "an address that a commit pins"
    stand_in(monkeypatch, name, WRITERS[name]())
    adata = load(name)
    assert adata.uns["omicsbench_notes"]
    for column in (info.unit, *info.groups, info.batch, info.target):
        assert column is None or adata.obs[column].nunique() > 1
    if info.target:
        assert np.isfinite(adata.obs[info.target].to_numpy(float)).all()


def test_sorted_cells_of_both_tables_with_their_populations(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("rdata")
    stand_in(monkeypatch, "pbmc_facs", facs())
    adata = load("pbmc_facs")
    assert adata.shape == (57, 30)
    np.testing.assert_array_equal(adata.X[:45].toarray(), counts_of(45, 45, 30))
    np.testing.assert_array_equal(adata.X[45:].toarray(), counts_of(12, 12, 30))
    assert list(adata.var_names[:3]) == ["A", "A-1", "0"]
    assert list(adata.var["id"]) == GENES
    assert adata.obs_names[45] == "AC0005-1-cd19"
    assert list(adata.obs["celltype"][43:47]) == ["CD34+", "CD56+ NK", "CD19+ B", "CD34+"]
    assert [TYPES[kind] for kind in adata.obs["celltype"]] == list(adata.obs["subpop"])


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"counts_test": None}, "holds no counts_test"),
        ({"samples": None}, "holds no samples"),
        ({"samples": pd.DataFrame({"barcode": ["a"]})}, "does not tell barcode, celltype, subpop"),
        ({"counts": dgc(counts_of(0, 45, 30), OTHERS, GENES)}, "not of the cells"),
        ({"genes": pd.DataFrame({"ensembl": ["E"], "symbol": ["A"]})}, "genes are not those"),
        ({"counts": 1.0}, "no sparse matrix"),
    ],
)
def test_another_list_of_r_is_refused(
    changed: dict[str, Any], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("rdata")
    stand_in(monkeypatch, "pbmc_facs", facs(**changed))
    sentence = refused("pbmc_facs")
    assert says in sentence
    assert "pbmc_facs.RData" in sentence


def test_mutations_are_columns_in_the_order_of_their_positions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stand_in(monkeypatch, "avgfp_dms", mutants())
    adata = load("avgfp_dms")
    assert adata.shape == (60, 12)
    assert list(adata.var_names[:4]) == ["A3H", "C10I", "D17K", "E24L"]
    for row, name in zip(adata.X.toarray(), adata.obs_names, strict=True):
        assert set(adata.var_names[row == 1]) == set(name.split(","))
        assert set(row) <= {0, 1}
    assert ((adata.obs["score"] > 2.5) == (adata.obs["bright"] == "yes")).all()
    assert (adata.obs["num_mutations"] == adata.X.toarray().sum(axis=1)).all()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "cannot be read"),
        ("<html>gone</html>", "no column"),
        ("variant\tnum_mutations\nA1C\t1\n", "no column score"),
        ("variant\tnum_mutations\tscore\nA1C\t1\tbright\n", "bright"),
        ("variant\tnum_mutations\tscore\nA1C\t1\t\n", "has no score"),
        ("variant\tnum_mutations\tscore\nA1C,G2\t2\t1.5\n", "list of its mutations"),
        ("variant\tnum_mutations\tscore\nA1C,G2A\t3\t1.5\n", "list of its mutations"),
        ("variant\tnum_mutations\tscore\nA1C\t1\t2.5\nA1C\t1\t1.5\n", "more than once"),
    ],
)
def test_another_table_of_variants_is_refused(
    text: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(monkeypatch, "avgfp_dms", {"avgfp.tsv": text.encode()})
    sentence = refused("avgfp_dms")
    assert says in sentence
    assert "avgfp.tsv" in sentence


@pytest.mark.parametrize("trait", ["yield", "oil"])
def test_traits_are_deviations_from_the_mean_of_the_environment(
    trait: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("rdata")
    stand_in(monkeypatch, "soynam", soy())
    adata = load("soynam", trait=trait)
    assert adata.shape == (45, 20)
    assert list(adata.obs_names) == lines_of(45)
    np.testing.assert_allclose(adata.obs["trait"], 3.0 * (np.arange(45) - 22))
    assert list(adata.obs["family"][:4]) == ["2", "3", "4", "2"]
    first = np.random.default_rng(0).integers(0, 3, (50, 20))
    np.testing.assert_array_equal(adata.X, first[:45])
    assert "5 of 50 lines left out" in " ".join(adata.uns["omicsbench_notes"])


def test_a_plot_without_the_trait_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("rdata")
    size = np.r_[np.full(45, np.nan), np.arange(45.0)]
    size[50] = np.nan
    stand_in(monkeypatch, "soynam", soy(size=size))
    adata = load("soynam", trait="size")
    kept = np.delete(np.arange(45), 5)
    assert list(adata.obs_names) == [lines_of(45)[i] for i in kept]
    np.testing.assert_allclose(adata.obs["trait"], kept - kept.mean())


@pytest.mark.parametrize(
    ("files", "trait", "says"),
    [
        ({}, "colour", "no trait 'colour': use one of yield"),
        ({"genotypes": np.full((50, 20), 0.5)}, "yield", "none of 0, 1 and 2"),
        ({"genotypes": np.full((50, 20), np.nan)}, "yield", "none of 0, 1 and 2"),
        ({"family": range(90)}, "yield", "two families"),
        ({"strain": [f"x{i}" for i in range(90)]}, "yield", "no line in common"),
    ],
)
def test_other_genotypes_or_plots_are_refused(
    files: dict[str, Any], trait: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("rdata")
    stand_in(monkeypatch, "soynam", soy(**files))
    assert says in refused("soynam", trait=trait)
