"""10x folders: matrix.mtx with barcodes and features, of every version, packed or not."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.io import mmwrite

from omicsbench.errors import DataError
from omicsbench.reading.decisions import decisions_of
from omicsbench.reading.formats import content_digest, format_of
from omicsbench.reading.modalities import read_modalities
from omicsbench.reading.notes import notes_of
from omicsbench.reading.own import OwnData
from omicsbench.reading.readers import read
from omicsbench.validation.check import check

N, P = 30, 9
COUNTS = np.random.default_rng(0).poisson(2, (N, P))
BARCODES = [f"{'ACGT' * 4}{i}-1" for i in range(N)]
GENES = [(f"ENSG{i:011d}", f"GENE{i}") for i in range(P)]
GEX = "Gene Expression"


def write(
    folder: Path,
    version: int = 3,
    packed: bool = True,
    prefix: str = "",
    kinds: list[str] | None = None,
    turned: bool = False,
) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    kinds = kinds or [GEX] * P
    lines = [
        "\t".join([*gene, kind] if version == 3 else gene)
        for gene, kind in zip(GENES, kinds, strict=True)
    ]
    features = "features.tsv" if version == 3 else "genes.tsv"
    put(folder / f"{prefix}{features}", lines, packed)
    put(folder / f"{prefix}barcodes.tsv", BARCODES, packed)
    matrix = folder / f"{prefix}matrix.mtx"
    mmwrite(matrix, sparse.coo_matrix(COUNTS if turned else COUNTS.T))
    if packed:
        matrix.with_name(f"{matrix.name}.gz").write_bytes(gzip.compress(matrix.read_bytes()))
        matrix.unlink()
    return folder


def put(path: Path, lines: list[str], packed: bool = False) -> None:
    path.parent.mkdir(exist_ok=True)
    text = "".join(f"{line}\n" for line in lines).encode()
    if packed:
        path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(text))
    else:
        path.write_bytes(text)


def refused(path: Path, **options: Any) -> str:
    with pytest.raises(DataError) as caught:
        read(OwnData(path, **options))
    sentence = str(caught.value)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    return sentence


@given(
    version=st.sampled_from([2, 3]),
    packed=st.booleans(),
    turned=st.booleans(),
    prefix=st.sampled_from(["", "GSM3587923_", "pbmc.", "GSM1_AML-1_"]),
)
@settings(max_examples=25, deadline=None)
def test_folders_of_every_version_are_read(
    tmp_path_factory: pytest.TempPathFactory, version: int, packed: bool, turned: bool, prefix: str
) -> None:
    folder = write(tmp_path_factory.mktemp("m"), version, packed, prefix, turned=turned)
    found = read(OwnData(folder))
    np.testing.assert_array_equal(found.X.toarray(), COUNTS)
    assert found.X.dtype == np.float32
    assert list(found.obs_names) == BARCODES
    assert list(found.var_names) == [symbol for _, symbol in GENES]
    assert list(found.var["gene_ids"]) == [identifier for identifier, _ in GENES]
    assert check(found, None).values == "counts"
    assert len(notes_of(found)) == turned
    assert decisions_of(found)[0].decided == "10x matrix folder"


@pytest.mark.filterwarnings("ignore")
def test_scanpy_reads_the_same(tmp_path: Path) -> None:
    import scanpy

    expected = scanpy.read_10x_mtx(write(tmp_path))
    found = read(OwnData(tmp_path))
    np.testing.assert_array_equal(found.X.toarray(), expected.X.toarray())
    assert list(found.var_names) == list(expected.var_names)
    assert list(found.obs_names) == list(expected.obs_names)


def test_kinds_of_features_are_chosen(tmp_path: Path) -> None:
    write(tmp_path / "a", kinds=[GEX] * 6 + ["Antibody Capture"] * 3)
    found = read(OwnData(tmp_path / "a"))
    np.testing.assert_array_equal(found.X.toarray(), COUNTS[:, :6])
    assert notes_of(found) == ["Only gene expression is used, not Antibody Capture."]
    found = read(OwnData(tmp_path / "a", feature_type="Antibody Capture"))
    np.testing.assert_array_equal(found.X.toarray(), COUNTS[:, 6:])
    both = read_modalities(OwnData(tmp_path / "a"))
    assert {name: adata.n_vars for name, adata in both.items()} == {"rna": 6, "protein": 3}
    write(tmp_path / "b", kinds=["Antibody Capture"] * P)
    assert "choose with --feature-type 'Antibody Capture'" in refused(tmp_path / "b")


def test_two_genomes_are_asked_about(tmp_path: Path) -> None:
    write(tmp_path, version=2, packed=False)
    put(
        tmp_path / "genes.tsv",
        [f"{g}_{i}\t{g}_{s}" for g, (i, s) in zip(GENOMES, GENES, strict=True)],
    )
    assert "(hg19, mm10)" in refused(tmp_path)
    found = read(OwnData(tmp_path, genome="mm10"))
    np.testing.assert_array_equal(found.X.toarray(), COUNTS[:, 4:])


GENOMES = ["hg19"] * 4 + ["mm10"] * (P - 4)


def test_one_of_several_samples_is_named_by_its_matrix(tmp_path: Path) -> None:
    write(tmp_path, prefix="GSM1_")
    assert read(OwnData(tmp_path)).shape == (N, P)
    write(tmp_path, prefix="GSM2_", version=2, packed=False)
    assert "several matrices (GSM1_matrix.mtx.gz, GSM2_matrix.mtx)" in refused(tmp_path)
    for name in ("GSM1_matrix.mtx.gz", "GSM2_matrix.mtx"):
        assert format_of(tmp_path / name) == ".mtx"
        np.testing.assert_array_equal(read(OwnData(tmp_path / name)).X.toarray(), COUNTS)


def test_matrices_of_other_tools(tmp_path: Path) -> None:
    """bustools names all three alike, cells in rows; STARsolo has one pair of names for several."""
    for kind, lines in (("barcodes", BARCODES), ("genes", [symbol for _, symbol in GENES])):
        put(tmp_path / "a" / f"cells_x_genes.{kind}.txt", lines)
        put(tmp_path / "b" / f"{kind}.tsv", lines)
    mmwrite(tmp_path / "a" / "cells_x_genes.mtx", sparse.coo_matrix(COUNTS))
    for name in ("spliced.mtx", "unspliced.mtx"):
        mmwrite(tmp_path / "b" / name, sparse.coo_matrix(COUNTS.T))
    for path in (tmp_path / "a", tmp_path / "b" / "spliced.mtx"):
        found = read(OwnData(path))
        np.testing.assert_array_equal(found.X.toarray(), COUNTS)
        assert list(found.var_names) == [symbol for _, symbol in GENES]


def test_tables_with_headers_and_repeated_symbols(tmp_path: Path) -> None:
    write(tmp_path, version=2, packed=False)
    lines = [f"{identifier}\tSAME" for identifier, _ in GENES]
    put(tmp_path / "genes.tsv", ["gene_id\tgene_name", *lines])
    put(tmp_path / "barcodes.tsv", ["barcode", *BARCODES])
    found = read(OwnData(tmp_path))
    assert found.shape == (N, P)
    assert list(found.var_names[:3]) == ["SAME", "SAME-1", "SAME-2"]
    assert notes_of(found) == [
        f"Gene names that occur again ({P - 1}) were told apart by a number."
    ]


ODD: dict[str, list[str]] = {
    "a header and empty symbols": ["id\tname", "a\t", *(f"g{i}\ts{i}" for i in range(1, P))],
    "a symbol is missing": ["a\ta", "s1", *(f"g{i}\ts{i}" for i in range(2, P))],
    "empty lines at the end": ["a", *(f"s{i}" for i in range(1, P)), "", ""],
    "quoted": ['"a"', *(f'"s{i}"' for i in range(1, P))],
    "Windows": ["a\r", *(f"s{i}\r" for i in range(1, P))],
    "NA is a name": ["a\ta\tNA", *(f"g{i}\ts{i}\tNA" for i in range(1, P))],
}


@pytest.mark.parametrize("kind", ODD)
def test_odd_tables_of_features(tmp_path: Path, kind: str) -> None:
    folder = write(tmp_path, version=2, packed=False)
    put(folder / "genes.tsv", ODD[kind])
    found = read(OwnData(folder))
    assert list(found.var_names) == ["a", *(f"s{i}" for i in range(1, P))]
    assert found.n_obs == N


def test_names_in_latin_letters_and_complex_numbers(tmp_path: Path) -> None:
    folder = write(tmp_path, version=2, packed=False)
    (folder / "genes.tsv").write_bytes("".join(f"gén{i}\n" for i in range(P)).encode("latin-1"))
    assert read(OwnData(folder)).var_names[1] == "gén1"
    mmwrite(folder / "matrix.mtx", sparse.coo_matrix(COUNTS.T * 1j))
    assert "give real numbers" in refused(folder)


def test_the_identity_is_that_of_all_three_files(tmp_path: Path) -> None:
    folder = write(tmp_path / "a", packed=False)
    before = content_digest(folder, ".mtx")
    (folder / "notes.txt").write_text("beside it")
    assert content_digest(folder, ".mtx") == before
    assert content_digest(write(tmp_path / "b", packed=False), ".mtx") == before
    put(folder / "barcodes.tsv", [*BARCODES[:-1], "another"])
    assert content_digest(folder, ".mtx") != before


def test_what_is_missing_or_contradicts_itself_is_named(tmp_path: Path) -> None:
    folder = write(tmp_path / "a", packed=False)
    (folder / "barcodes.tsv").unlink()
    assert "has no barcodes.tsv" in refused(folder)
    assert "has no barcodes.tsv" in refused(folder / "matrix.mtx")
    put(folder / "barcodes.tsv", BARCODES[:-2])
    assert "barcodes.tsv has 28 lines, but the matrix has 30" in refused(folder)
    put(folder / "barcodes.tsv", BARCODES)
    put(folder / "features.tsv", [])
    assert "features.tsv is empty" in refused(folder)
    folder = write(tmp_path / "b", packed=False)
    (folder / "matrix.mtx").write_text("no matrix\n")
    assert "cannot be read as 10x matrix folder" in refused(folder)
    folder = write(tmp_path / "c")
    whole = (folder / "matrix.mtx.gz").read_bytes()
    (folder / "matrix.mtx.gz").write_bytes(whole[: len(whole) // 2])
    assert "damaged" in refused(folder)
    inner = write(tmp_path / "outs" / "filtered_feature_bc_matrix")
    assert f"it holds {inner.name}" in refused(inner.parent)
