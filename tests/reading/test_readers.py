"""Users' files of every format are read, and broken ones refused with one sentence."""

from __future__ import annotations

import gzip
import hashlib
import os
import sys
from pathlib import Path
from typing import Any

import anndata
import h5py
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from omicsbench.errors import DataError
from omicsbench.reading.formats import FORMATS, file_digest
from omicsbench.reading.notes import NOTES
from omicsbench.reading.own import OwnData
from omicsbench.reading.readers import read as read_own
from omicsbench.validation.check import check

RNG = np.random.default_rng(0)
CELLS, GENES = 30, 8
COUNTS = RNG.poisson(2, (CELLS, GENES)).astype(np.int32)
CELL_NAMES = [f"cell{i}" for i in range(CELLS)]
GENE_NAMES = [f"gene{j}" for j in range(GENES)]
TYPES = ["B", "T", "NK"] * 10


def read(path: Path | str, **options: Any) -> Any:
    return read_own(OwnData(Path(path), **options))


def refused(path: Path, **options: Any) -> str:
    with pytest.raises(DataError) as caught:
        read(path, **options)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert sentence.endswith(".")
    return sentence


def adata() -> anndata.AnnData:
    return anndata.AnnData(
        sparse.csr_matrix(COUNTS.astype(np.float32)),
        pd.DataFrame({"type": TYPES}, index=CELL_NAMES),
        pd.DataFrame(index=GENE_NAMES),
    )


def table() -> pd.DataFrame:
    return pd.DataFrame(COUNTS, index=CELL_NAMES, columns=GENE_NAMES)


def write_10x(group: h5py.Group, matrix: np.ndarray) -> None:
    """What both versions share: genes x cells by column, names as bytes."""
    stored = sparse.csc_matrix(matrix.T)
    group["data"] = stored.data.astype(np.int32)
    group["indices"] = stored.indices.astype(np.int64)
    group["indptr"] = stored.indptr.astype(np.int64)
    group["shape"] = np.array(stored.shape, dtype=np.int32)
    group["barcodes"] = np.array(CELL_NAMES, dtype="S20")


def write_v2(path: Path, genomes: tuple[str, ...] = ("mm10",)) -> Path:
    with h5py.File(path, "w") as file:
        for genome in genomes:
            group = file.create_group(genome)
            write_10x(group, COUNTS)
            group["genes"] = np.array([f"ENSMUSG{j}" for j in range(GENES)], dtype="S20")
            names = [*GENE_NAMES[:-1], GENE_NAMES[0]]  # symbols repeat in real files
            group["gene_names"] = np.array(names, dtype="S20")
    return path


def write_v3(path: Path, types: list[str]) -> Path:
    with h5py.File(path, "w") as file:
        group = file.create_group("matrix")
        write_10x(group, COUNTS)
        features = group.create_group("features")
        features["id"] = np.array([f"ENSG{j}" for j in range(GENES)], dtype="S20")
        features["name"] = np.array(GENE_NAMES, dtype="S20")
        features["feature_type"] = np.array(types, dtype="S20")
        features["genome"] = np.array(["GRCh38"] * GENES, dtype="S20")
    return path


def dense(found: anndata.AnnData) -> np.ndarray:
    return found.X.toarray() if sparse.issparse(found.X) else found.X


# Formats


def test_h5ad_is_read_with_label_and_layer(tmp_path: Path) -> None:
    given = adata()
    given.layers["log"] = given.X.log1p()
    given.layers["counts"] = given.X.copy()
    given.write_h5ad(tmp_path / "a.h5ad")
    found = read(tmp_path / "a.h5ad", label="type")
    np.testing.assert_array_equal(dense(found), COUNTS)
    assert list(found.obs["type"]) == TYPES
    logged = read(tmp_path / "a.h5ad", label="type", layer="log")
    np.testing.assert_allclose(dense(logged), np.log1p(COUNTS), rtol=1e-6)
    assert check(logged, "type").values == "log", "the layer asked for is the one used"
    assert "counts, log" in refused(tmp_path / "a.h5ad", layer="raw")


def test_raw_is_a_layer_where_there_is_one(tmp_path: Path) -> None:
    given = adata()
    given.raw = given
    given = given[:, 1:].copy()
    given.X = given.X.log1p()
    given.write_h5ad(tmp_path / "a.h5ad")
    found = read(tmp_path / "a.h5ad", label="type", layer="raw")
    np.testing.assert_array_equal(dense(found), COUNTS)
    assert found.n_vars == given.n_vars + 1, "with the features it had"
    assert check(found, "type").values == "counts"
    assert refused(tmp_path / "a.h5ad", layer="log").endswith("this file are raw.")
    given.layers["raw"] = given.X
    given.write_h5ad(tmp_path / "a.h5ad")
    assert read(tmp_path / "a.h5ad", layer="raw").n_vars == given.n_vars, "a layer of that name"


def test_10x_v2_is_read(tmp_path: Path) -> None:
    found = read(write_v2(tmp_path / "a.h5"))
    np.testing.assert_array_equal(dense(found), COUNTS)
    assert found.X.dtype == np.float32
    assert list(found.obs_names) == CELL_NAMES
    assert list(found.var["gene_ids"])[:2] == ["ENSMUSG0", "ENSMUSG1"]
    checked = check(found, None)
    assert checked.values == "counts"
    assert checked.notes == ("Gene names that occur again (1) were told apart by a number.",)


@pytest.mark.filterwarnings("ignore")
def test_10x_v2_agrees_with_scanpy(tmp_path: Path) -> None:
    import scanpy

    path = write_v2(tmp_path / "a.h5")
    expected = scanpy.read_10x_h5(path)
    np.testing.assert_array_equal(dense(read(path)), dense(expected))


def test_10x_v2_with_several_genomes_is_refused(tmp_path: Path) -> None:
    assert "(hg19, mm10)" in refused(write_v2(tmp_path / "a.h5", ("hg19", "mm10")))


def test_10x_v3_gives_gene_expression_only(tmp_path: Path) -> None:
    types = ["Gene Expression"] * 6 + ["Antibody Capture"] * 2
    found = read(write_v3(tmp_path / "a.h5", types))
    np.testing.assert_array_equal(dense(found), COUNTS[:, :6])
    assert list(found.var_names) == GENE_NAMES[:6]
    assert found.uns[NOTES] == ["Only gene expression is used, not Antibody Capture."]
    whole = read(write_v3(tmp_path / "b.h5", ["Gene Expression"] * GENES))
    assert NOTES not in whole.uns
    assert "only Peaks" in refused(write_v3(tmp_path / "c.h5", ["Peaks"] * GENES))


def test_other_h5_files_are_refused(tmp_path: Path) -> None:
    adata().write_h5ad(tmp_path / "a.h5")
    assert "is not a 10x file (it holds X, " in refused(tmp_path / "a.h5")
    path = write_v2(tmp_path / "b.h5")
    with h5py.File(path, "a") as file:
        file["mm10/indices"][0] = 99
    assert "damaged" in refused(path)


def write_h5mu(path: Path, *names: str) -> Path:
    mudata = pytest.importorskip("mudata")
    modalities = {name: adata() for name in names}
    for number, one in enumerate(modalities.values()):
        one.X = one.X * (number + 1)
        del one.obs["type"]
        one.var_names = [f"{gene}_{number}" for gene in GENE_NAMES]
    mdata = mudata.MuData(modalities)
    mdata.obs["diet"] = TYPES
    mdata.write(path)
    return path


@pytest.mark.filterwarnings("ignore")
def test_h5mu_gives_one_modality(tmp_path: Path) -> None:
    path = write_h5mu(tmp_path / "a.h5mu", "protein", "rna")
    np.testing.assert_array_equal(dense(read(path)), COUNTS * 2)
    found = read(path, label="diet", modality="protein")
    np.testing.assert_array_equal(dense(found), COUNTS)
    assert list(found.obs["diet"]) == TYPES
    assert "from protein, rna" in refused(path, modality="atac")
    path = write_h5mu(tmp_path / "b.h5mu", "lipids")
    np.testing.assert_array_equal(dense(read(path)), COUNTS)
    path = write_h5mu(tmp_path / "c.h5mu", "lipids", "genes")
    sentence = refused(path)
    assert "--modality NAME" in sentence
    assert "lipids, genes" in sentence


@pytest.mark.filterwarnings("ignore")
def test_h5mu_without_mudata_says_what_to_install(tmp_path: Path, monkeypatch: Any) -> None:
    path = write_h5mu(tmp_path / "a.h5mu", "rna")
    monkeypatch.setitem(sys.modules, "mudata", None)
    assert "omicsbench[multimodal]" in refused(path)


def test_modality_is_for_h5mu(tmp_path: Path) -> None:
    adata().write_h5ad(tmp_path / "a.h5ad")
    assert "--modality" in refused(tmp_path / "a.h5ad", modality="rna")


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.csv.gz", "a.TSV", "a.parquet"])
@pytest.mark.parametrize("named", [True, False])
def test_tables_are_read(tmp_path: Path, name: str, named: bool) -> None:
    given = table()
    given.insert(3, "type", TYPES)
    given.index.name = "cell" if named else None
    if name.endswith("parquet"):
        given.to_parquet(tmp_path / name)
    else:
        given.to_csv(tmp_path / name, sep="\t" if "tsv" in name.lower() else ",")
    found = read(tmp_path / name, label="type")
    np.testing.assert_array_equal(found.X, COUNTS)
    assert found.X.dtype == np.float32
    assert list(found.obs_names) == CELL_NAMES
    assert list(found.var_names) == GENE_NAMES
    assert list(found.obs["type"]) == TYPES
    assert NOTES not in found.uns
    assert check(found, "type").values == "counts"
    note = read(tmp_path / name).uns[NOTES]
    assert note == ["Columns of text are taken as annotations, not features: type."]


def test_a_table_of_numbers_only_has_numbered_cells(tmp_path: Path) -> None:
    given = table().assign(group=[0, 1] * 15)
    given.to_csv(tmp_path / "a.csv", index=False)
    found = read(tmp_path / "a.csv", label="group")
    assert list(found.obs_names[:2]) == ["0", "1"]
    assert list(found.var_names) == GENE_NAMES, "the label is no feature, though a number"
    given.to_parquet(tmp_path / "a.parquet", index=False)
    np.testing.assert_array_equal(read(tmp_path / "a.parquet", label="group").X, found.X)
    numbered = given.rename(columns={"group": "gene8"})
    numbered.to_csv(tmp_path / "b.csv", index=False)
    assert read(tmp_path / "b.csv").n_vars == GENES + 1
    assert list(read(tmp_path / "a.csv").obs["group"]) == [0, 1] * 15, "its name is no feature's"


def test_an_unnamed_first_column_of_numbers_names_the_cells(tmp_path: Path) -> None:
    table().set_axis(range(100, 130)).to_csv(tmp_path / "a.csv")
    found = read(tmp_path / "a.csv")
    assert found.shape == (CELLS, GENES)
    assert found.obs_names[0] == "100"


def test_a_table_written_by_r_lacks_the_first_name(tmp_path: Path) -> None:
    text = table().to_csv(sep="\t").removeprefix("\t")
    (tmp_path / "a.tsv").write_text(text)
    found = read(tmp_path / "a.tsv")
    assert list(found.obs_names) == CELL_NAMES
    assert list(found.var_names) == GENE_NAMES


def test_the_label_may_be_the_first_column(tmp_path: Path) -> None:
    given = table()
    given.insert(0, "type", TYPES)
    given.to_csv(tmp_path / "a.csv", index=False)
    assert list(read(tmp_path / "a.csv", label="type").obs["type"]) == TYPES
    sentence = refused(tmp_path / "a.csv")
    assert "(type) is taken as cell names" in sentence
    assert "--label" in sentence


def test_missing_values_of_a_table_are_left_to_the_check(tmp_path: Path) -> None:
    table().astype(float).mask(table() == COUNTS.max()).to_csv(tmp_path / "a.csv")
    with pytest.raises(DataError, match="NaN"):
        check(read(tmp_path / "a.csv"), None)


# Broken input


def test_a_missing_file_names_its_neighbours(tmp_path: Path) -> None:
    assert "no data file" in refused(tmp_path / "heart.csv")
    table().to_csv(tmp_path / "hearts.csv")
    (tmp_path / "notes.txt").write_text("")
    assert refused(tmp_path / "heart.csv").endswith("its folder has hearts.csv.")
    assert "neither does its folder" in refused(tmp_path / "no" / "heart.csv")


def test_folders_and_unknown_suffixes_are_refused(tmp_path: Path) -> None:
    assert "is a folder" in refused(tmp_path)
    (tmp_path / "a.nonsense").write_text("")
    sentence = refused(tmp_path / "a.nonsense")
    assert all(suffix in sentence for suffix in FORMATS)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_forbidden_file_is_refused(tmp_path: Path) -> None:
    table().to_csv(tmp_path / "a.csv")
    (tmp_path / "a.csv").chmod(0)
    assert "permission denied" in refused(tmp_path / "a.csv")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["a.h5ad", "a.h5", "a.h5mu", "a.parquet", "a.csv.gz"])
@pytest.mark.parametrize("share", [0, 0.5, 0.95])
def test_truncated_files_are_refused(tmp_path: Path, name: str, share: float) -> None:
    path = tmp_path / name
    match name:
        case "a.h5ad":
            adata().write_h5ad(path)
        case "a.h5":
            write_v2(path)
        case "a.h5mu":
            write_h5mu(path, "rna")
        case "a.parquet":
            table().to_parquet(path)
        case _:
            path.write_bytes(gzip.compress(table().to_csv().encode()))
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    sentence = refused(path)
    assert "damaged" in sentence or "is empty" in sentence


@pytest.mark.parametrize("name", ["a.h5ad", "a.h5", "a.parquet", "a.csv.gz", "a.h5mu"])
def test_files_of_another_format_are_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("this is text\n" * 100)
    refused(tmp_path / name)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is empty"),
        ("cell,g1,g2\n", "no cells"),
        ("cell g1\na\nb\n", "one field each"),
        ("cell,kind\na,x\nb,y\n", "no column of numbers"),
        ("cell,g1,g1\na,1,2\nb,3,4\n", "two columns 'g1'"),
        ("cell,g1,g2\na,1,2\nb,3,4,5\n", "cannot be read as comma-separated"),
        ("cell,g1,g2\na,1,2\na,3,4\n", "'a' occurs more than once"),
    ],
)
def test_broken_tables_are_refused(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "a.csv").write_text(text)
    assert says in refused(tmp_path / "a.csv")


def test_a_missing_label_names_those_there_are(tmp_path: Path) -> None:
    given = adata()
    given.obs["batch"] = "one"
    given.write_h5ad(tmp_path / "a.h5ad")
    assert "choose one of type, batch." in refused(tmp_path / "a.h5ad", label="types")


def test_file_digest_is_sha256(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc" * 100_000)
    assert file_digest(tmp_path / "a") == hashlib.sha256(b"abc" * 100_000).hexdigest()
