"""Data sets of several modalities that come in files of R, on small ones of the same layouts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from downloads import load, module
from omicsbench.contract.checks import check_dataset
from omicsbench.registry.discover import discover
from paired_r_files import CELLS, SITES, WRITERS, eccite, methylome, scmt, tumours, wells
from r_files import Matrix, counts_of, dgc
from stand_ins import refused, stand_in

pytest.importorskip("rdata")


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMICSBENCH_CACHE", str(tmp_path))


@pytest.mark.parametrize("name", WRITERS)
def test_a_data_set_keeps_the_contract(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch, name, WRITERS[name]())
    assert [check for check in check_dataset(discover().dataset(name)) if check.problem] == []
    info, found = module(name).load.info, load(name)
    for remote in info.remote:
        assert remote.digest.startswith("sha256:")
        assert len(remote.url.split("/")[5]) == 40, "an address that a commit pins"
    first = next(iter(found.values()))
    assert first.uns["omicsbench_notes"]
    for adata in found.values():
        assert adata.X.dtype == np.float32
        assert isinstance(adata.X, np.ndarray) or adata.X.format == "csr"
        assert list(adata.obs_names) == list(first.obs_names)
    for column in (info.label, *info.groups):
        assert column is None or 1 < first.obs[column].nunique() < first.n_obs / 2


def test_genes_and_antibodies_with_the_highest_hashtag(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch, "eccite_pbmc", eccite())
    found = load("eccite_pbmc")
    np.testing.assert_array_equal(found["rna"].X.toarray(), counts_of(1, 10, 24).T)
    np.testing.assert_array_equal(found["protein"].X, counts_of(2, 5, 24).T)
    assert list(found["rna"].var_names[:2]) == ["GENE0", "GENE1"], "without the species"
    assert list(found["protein"].var_names[3:]) == ["IgG1", "IgG2a"]
    tags = np.array(["HTO28", "HTO29", "HTO30", "HTO44"])
    expected = tags[counts_of(3, 4, 24).argmax(axis=0)]
    assert (found["protein"].obs["hashtag"] == expected).all()


def test_tumours_of_which_all_three_were_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch, "tcga_breast", tumours())
    found = load("tcga_breast")
    assert {name: adata.shape for name, adata in found.items()} == {
        "mrna": (24, 8),
        "mirna": (24, 6),
        "protein": (24, 5),
    }
    first = np.random.default_rng(0).normal(5, 1, (24, 6))
    np.testing.assert_allclose(found["mirna"].X, first, rtol=1e-6)
    assert list(found["protein"].obs["subtype"][:4]) == ["Basal", "Her2", "LumA", "Basal"]


def test_a_site_that_is_not_covered_is_the_mean_of_its_cell(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stand_in(monkeypatch, "scmt_mesc", scmt())
    found = load("scmt_mesc")
    assert list(found["rna"].obs_names) == wells(2, 25), "cells that have both"
    assert not np.signbit(found["rna"].X).any()
    assert list(found["rna"].obs["culture"][:3]) == ["Serum", "Serum", "2i"]
    for seed, (name, p) in enumerate(zip(list(found)[1:], SITES.values(), strict=True)):
        rates = methylome(seed, p)[:, :23].T
        mean = np.nanmean(rates, axis=1, keepdims=True)
        expected = np.where(np.isnan(rates), mean, rates)
        np.testing.assert_allclose(found[name].X, expected, rtol=1e-6)
        missing = f"{np.isnan(rates).mean():.1%} of {name}"
        assert any(note.startswith(missing) for note in found["rna"].uns["omicsbench_notes"])


NO_RATES = Matrix(np.full((9, 26), np.nan), [f"s{j}" for j in range(9)], wells(2, 28))
OTHER_WELLS = Matrix(np.ones((9, 3)), [f"s{j}" for j in range(9)], wells(90, 93))
REVERSED = dgc(counts_of(2, 5, 24), list("abcde"), CELLS[::-1])
OTHERS = dgc(counts_of(2, 5, 24), list("abcde"), [f"x{i}" for i in range(24)])
FEWER = Matrix(np.ones((23, 5)), [f"A{i:03d}" for i in range(23)], list("abcde"))


@pytest.mark.parametrize(
    ("name", "files", "says"),
    [
        ("eccite_pbmc", eccite(HTO=None), "no sparse matrix"),
        ("eccite_pbmc", eccite(ADT=REVERSED), "different orders"),
        ("eccite_pbmc", eccite(ADT=OTHERS), "are not the same"),
        ("tcga_breast", tumours(protein=FEWER), "its tumours of protein are not those"),
        ("tcga_breast", tumours(subtype=["Basal"] * 23), "describes 23 of 24 cells"),
        ("scmt_mesc", scmt(**{"Met Enhancers": NO_RATES}), "no methylation at all"),
        ("scmt_mesc", scmt(**{"Met Enhancers": OTHER_WELLS}), "no cell has both"),
        ("scmt_mesc", scmt(**{"Met Promoters": 1.0}), "no matrix with names"),
        ("scmt_mesc", {"scMT_data.RData": tumours()["breast.TCGA.rda"]}, "holds no scMT_data"),
    ],
)
def test_another_layout_is_refused(
    name: str, files: Mapping[str, bytes], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(monkeypatch, name, files)
    sentence = refused(name)
    assert says in sentence
    assert next(iter(files)) in sentence


@pytest.mark.parametrize("name", WRITERS)
def test_a_cut_file_is_refused_by_name(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ((file, content),) = WRITERS[name]().items()
    stand_in(monkeypatch, name, {file: content[: len(content) // 2]})
    sentence = refused(name)
    assert "cannot be read" in sentence
    assert file in sentence
