"""Genotypes in PLINK's files, on small ones: read as they stand, or refused."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from downloads import load, module
from plink_files import PEOPLE, POPULATIONS, WRITERS, genotypes, hapmap, packed, thousand
from stand_ins import refused, stand_in


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMICSBENCH_CACHE", str(tmp_path))


@pytest.mark.parametrize("name", WRITERS)
def test_addresses_are_pinned_and_caveats_stated(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for remote in module(name).load.info.remote:
        assert remote.digest.startswith("sha256:")
        assert len(remote.url.split("/")[5]) == 40, "an address that a commit pins"
    stand_in(monkeypatch, name, WRITERS[name]())
    notes = " ".join(load(name).uns["omicsbench_notes"])
    assert "564 of these people" in notes


def test_a_missing_genotype_is_two_copies_of_the_major_allele(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stand_in(monkeypatch, "hapmap3", hapmap())
    adata, expected = load("hapmap3"), genotypes(missing=True)
    assert np.isnan(expected).any()
    np.testing.assert_array_equal(adata.X, np.nan_to_num(expected, nan=0.0))
    share = f"{np.isnan(expected).mean():.2%} of the genotypes are missing"
    assert adata.uns["omicsbench_notes"][0].startswith(share)


def test_people_and_snps_with_what_is_told_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch, "hapmap3", hapmap())
    adata = load("hapmap3")
    assert list(adata.obs_names[:2]) == ["NA00000", "NA00001"]
    assert list(adata.obs["population"]) == [POPULATIONS[i % 3] for i in range(PEOPLE)]
    assert list(adata.obs["region"][:3]) == ["AFR", "EUR", "EAS"]
    assert adata.var.loc["rs5"].to_dict() == {
        "chromosome": "2",
        "position": "5000",
        "counted": "A",
        "other": "G",
    }


def test_who_is_not_in_the_panel_has_no_label(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch, "g1k_phase1", thousand())
    adata = load("g1k_phase1")
    np.testing.assert_array_equal(adata.X, genotypes(missing=False))
    assert adata.obs["population"].isna().sum() == 4
    assert adata.obs["population"].isna()[:4].all()
    assert list(adata.obs["population"][4:7]) == ["CEU", "CHB", "ASW"]
    assert list(adata.obs["region"][4:7]) == ["EUR", "EAS", "AFR"]
    assert "4 of 42 people" in adata.uns["omicsbench_notes"][0]


BED = packed(genotypes(missing=True))


@pytest.mark.parametrize(
    ("name", "files", "says"),
    [
        ("hapmap3", hapmap(bed=BED[:-1]), "42 people and 9 SNPs"),
        ("hapmap3", hapmap(bed=BED + b"\0"), "42 people and 9 SNPs"),
        ("hapmap3", hapmap(bed=b"\x6c\x1b\x00" + BED[3:]), "SNP by SNP"),
        ("hapmap3", hapmap(bed=b""), "SNP by SNP"),
        ("hapmap3", hapmap(bim="1 rs0 0 5 A\n"), "line 1 does not hold 6 fields"),
        ("hapmap3", hapmap(bim=""), "does not hold 6 fields"),
        ("hapmap3", hapmap(fam="1 a 0 0 1 2\n1 a 0 0 1 2\n"), "more than once"),
        ("hapmap3", hapmap(fam=b"\xff\xfe"), "cannot be read"),
        ("hapmap3", hapmap(told=PEOPLE - 1), "everybody's population"),
        ("g1k_phase1", thousand(missing=True), "genotypes are missing"),
    ],
)
def test_other_files_are_refused_by_name(
    name: str, files: Mapping[str, bytes], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(monkeypatch, name, files)
    sentence = refused(name)
    assert says in sentence
    assert any(file in sentence for file in files)
