"""Several genomes or kinds of features in one file: chosen, or asked for, in every format alike."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import anndata
import h5py
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from omicsbench.errors import DataError
from omicsbench.reading.decisions import decisions_of
from omicsbench.reading.modalities import read_modalities
from omicsbench.reading.notes import notes_of
from omicsbench.reading.own import OwnData
from omicsbench.reading.readers import read
from tenx import write_10x

N, P = 40, 12
GEX, ADT = "Gene Expression", "Antibody Capture"
MIXED = ["hg19"] * 7 + ["mm10"] * 5
KINDS = [GEX] * 8 + [ADT] * 4


def dense(adata: anndata.AnnData) -> Any:
    return adata.X.toarray() if sparse.issparse(adata.X) else adata.X


def whole(path: Path) -> Any:
    """(cells, features) of a file of version 3, read in the plainest way."""
    with h5py.File(path) as file:
        group = file["matrix"]
        parts = (group["data"][:], group["indices"][:], group["indptr"][:])
        return sparse.csc_matrix(parts, shape=group["shape"][:]).toarray().T


def refused(path: Path, **options: Any) -> str:
    with pytest.raises(DataError) as caught:
        read(OwnData(path, **options))
    sentence = str(caught.value)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    return sentence


def two_groups(path: Path) -> Path:
    """Version 2 with a group for each genome, as Cell Ranger 2 writes mixtures."""
    write_10x(path, N, P)
    with h5py.File(path, "a") as file:
        file.copy("mm10", "hg19")
        del file["hg19/data"]
        file["hg19/data"] = file["mm10/data"][:] + 1
    return path


def as_h5ad(path: Path) -> Path:
    """What scanpy makes of a file of version 3 and writes."""
    with h5py.File(path) as file:
        features = {
            name: file["matrix/features"][part].asstr()[:]
            for name, part in (("feature_types", "feature_type"), ("genome", "genome"))
            if part in file["matrix/features"]
        }
        names = file["matrix/features/name"].asstr()[:]
        barcodes = file["matrix/barcodes"].asstr()[:]
    made = anndata.AnnData(
        sparse.csr_matrix(whole(path).astype(np.float32)),
        obs=pd.DataFrame(index=barcodes),
        var=pd.DataFrame(features, index=names),
    )
    made.write_h5ad(path.with_suffix(".h5ad"))
    return path.with_suffix(".h5ad")


@pytest.mark.parametrize("version", ["v2", "v3", "h5ad"])
def test_two_genomes_are_asked_about_alike(tmp_path: Path, version: str) -> None:
    if version == "v2":
        path = two_groups(tmp_path / "a.h5")
    else:
        path = write_10x(tmp_path / "a.h5", N, P, 3, genomes=MIXED)
        path = as_h5ad(path) if version == "h5ad" else path
    sentence = refused(path)
    assert "several genomes (hg19, mm10)" in sentence
    assert "--genome" in sentence
    assert "known: hg19, mm10." in refused(path, genome="mm9")
    found = read(OwnData(path, genome="mm10"))
    assert found.shape == (N, P if version == "v2" else 5)
    assert notes_of(found)[0] == "Only genes of mm10 are used, not of hg19."
    assert any(decision.option == "--genome" for decision in decisions_of(found))
    other = read(OwnData(path, genome="HG19"))
    assert (dense(found).sum() != dense(other).sum()).all()


def test_the_genome_before_every_name_tells_as_well(tmp_path: Path) -> None:
    """As in tables of mixtures, and in files whose `genome` column was lost."""
    names = [f"{genome}_GENE{i}" for i, genome in enumerate(MIXED)]
    counts = np.random.default_rng(0).poisson(3, (N, P))
    table = pd.DataFrame(counts, index=[f"c{i}" for i in range(N)], columns=names)
    table.to_csv(tmp_path / "a.csv")
    assert "(hg19, mm10)" in refused(tmp_path / "a.csv")
    found = read(OwnData(tmp_path / "a.csv", genome="hg19"))
    assert list(found.var_names) == names[:7]
    assert "names no genome: leave --genome out" in refused(
        write_10x(tmp_path / "b.h5", N, P, 3), genome="mm10"
    )
    one = write_10x(tmp_path / "c.h5", N, P, 3, genomes=["mm10"] * P)
    assert read(OwnData(one, genome="mm10")).shape == read(OwnData(one)).shape == (N, P)


@pytest.mark.parametrize("form", ["h5", "h5ad"])
def test_kinds_are_chosen_alike(tmp_path: Path, form: str) -> None:
    path = write_10x(tmp_path / "a.h5", N, P, 3, KINDS, ["mm10"] * 8 + [""] * 4)
    expected = whole(path)
    path = as_h5ad(path) if form == "h5ad" else path
    genes = read(OwnData(path))
    np.testing.assert_array_equal(dense(genes), expected[:, :8])
    assert notes_of(genes) == [f"Only gene expression is used, not {ADT}."]
    proteins = read(OwnData(path, feature_type="antibody capture"))
    np.testing.assert_array_equal(dense(proteins), expected[:, 8:])
    assert notes_of(proteins) == [f"Only {ADT} is used, not {GEX}."]
    left = [d for d in decisions_of(proteins) if d.about == "left out"]
    assert [d.decided for d in left] == [GEX]
    sentence = refused(path, feature_type="Peaks")
    assert f"has no Peaks, only {ADT}, {GEX}" in sentence
    assert "--feature-type" in sentence


def test_a_10x_file_without_expression_is_asked_about(tmp_path: Path) -> None:
    path = write_10x(tmp_path / "a.h5", N, P, 3, [ADT] * P)
    assert "choose with --feature-type 'Antibody Capture'" in refused(path)
    assert read(OwnData(path, feature_type=ADT)).shape == (N, P)
    assert read(OwnData(as_h5ad(path))).shape == (N, P), "an AnnData of one kind says which"


def test_other_names_of_expression_and_other_columns(tmp_path: Path) -> None:
    path = as_h5ad(write_10x(tmp_path / "a.h5", N, P, 3))
    made = anndata.read_h5ad(path)
    made.var["feature_types"] = ["GEX"] * 8 + ["ADT"] * 4
    made.write_h5ad(path)
    assert read(OwnData(path)).n_vars == 8
    made.var["feature_types"] = ["protein_coding"] * 8 + ["lncRNA"] * 4
    made.write_h5ad(path)
    assert read(OwnData(path)).n_vars == P, "sorts of genes, not kinds of measurements"
    assert "leave --feature-type out" in refused(path, feature_type="lncRNA")


def test_the_options_are_refused_where_they_choose_nothing(tmp_path: Path) -> None:
    counts = np.random.default_rng(0).poisson(3, (N, P))
    pd.DataFrame(counts, columns=[f"g{j}" for j in range(P)]).to_csv(tmp_path / "a.csv")
    assert "leave --genome out" in refused(tmp_path / "a.csv", genome="mm10")
    assert "leave --feature-type out" in refused(tmp_path / "a.csv", feature_type=GEX)
    assert "--modality is for .h5mu" in refused(tmp_path / "a.csv", modality="rna")


def test_all_modalities_of_one_genome(tmp_path: Path) -> None:
    genomes = ["hg19"] * 4 + ["mm10"] * 4 + [""] * 4
    path = write_10x(tmp_path / "a.h5", N, P, 3, KINDS, genomes)
    with pytest.raises(DataError, match=r"\(hg19, mm10\)"):
        read_modalities(OwnData(path))
    found = read_modalities(OwnData(path, genome="mm10"))
    assert {name: adata.n_vars for name, adata in found.items()} == {"rna": 4, "protein": 4}
    for option, value in (("feature_type", GEX), ("layer", "counts"), ("transpose", True)):
        with pytest.raises(DataError, match=f"--{option.replace('_', '-')} is of one matrix"):
            read_modalities(OwnData(path, genome="mm10", **{option: value}))


@given(
    kinds=st.lists(st.sampled_from([GEX, ADT, "Peaks"]), min_size=P, max_size=P),
    genomes=st.lists(st.sampled_from(["hg19", "mm10"]), min_size=P, max_size=P),
    kind=st.none() | st.sampled_from([GEX, ADT, "Peaks"]),
    genome=st.none() | st.sampled_from(["hg19", "mm10"]),
)
@settings(max_examples=40, deadline=None)
def test_what_is_read_is_what_was_chosen(
    tmp_path_factory: pytest.TempPathFactory,
    kinds: list[str],
    genomes: list[str],
    kind: str | None,
    genome: str | None,
) -> None:
    folder = tmp_path_factory.mktemp("kinds")
    path = write_10x(folder / "a.h5", N, P, 3, kinds, genomes)
    of_kind = [a == (kind or GEX) for a in kinds]
    there = {g for g, kept in zip(genomes, of_kind, strict=True) if kept}
    keep = [k and genome in (None, g) for k, g in zip(of_kind, genomes, strict=True)]
    for one in (path, as_h5ad(path)):
        own = OwnData(one, feature_type=kind, genome=genome)
        single = one.suffix == ".h5ad" and kind is None and len(set(kinds)) == 1
        if single:  # nothing to choose
            continue
        if not any(of_kind) or (genome is None and len(there) > 1) or not any(keep):
            with pytest.raises(DataError, match=r"--feature-type|genome"):
                read(own)
        else:
            found = read(own)
            np.testing.assert_array_equal(dense(found), whole(path)[:, keep])
    shutil.rmtree(folder)
