"""Features in rows are noticed in every format, and cells in rows are left in peace."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anndata
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from made_names import CELLS, FEATURES, UNTOLD
from omicsbench.errors import DataError
from omicsbench.reading.decisions import decisions_of
from omicsbench.reading.names import told_by
from omicsbench.reading.notes import notes_of
from omicsbench.reading.orientation import check_orientation
from omicsbench.reading.own import OwnData
from omicsbench.reading.readers import read

N, P = 40, 30


def cells(rows: list[str], columns: list[str], **annotations: Any) -> anndata.AnnData:
    counts = np.random.default_rng(0).poisson(3, (len(rows), len(columns))).astype(np.float32)
    return anndata.AnnData(
        sparse.csr_matrix(counts),
        obs=pd.DataFrame(annotations.get("obs", {}), index=rows),
        var=pd.DataFrame(annotations.get("var", {}), index=columns),
    )


def refused(adata: anndata.AnnData, turned: bool = False) -> str:
    with pytest.raises(DataError) as caught:
        check_orientation(adata, OwnData(Path("x.h5ad"), transpose=turned))
    sentence = str(caught.value)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert "--transpose" in sentence
    return sentence


def accepted(adata: anndata.AnnData, turned: bool = False) -> str:
    """What was decided, without a word to the user."""
    check_orientation(adata, OwnData(Path("x.h5ad"), transpose=turned))
    (decision,) = decisions_of(adata)
    assert decision.about == "orientation"
    assert decision.option == "--transpose"
    assert notes_of(adata) == []
    return decision.why


@pytest.mark.parametrize("kind", FEATURES)
def test_names_of_features_are_known(kind: str) -> None:
    told = told_by(FEATURES[kind](300))
    assert told is not None
    assert told.side == "feature"


@pytest.mark.parametrize("kind", CELLS)
def test_names_of_cells_are_known(kind: str) -> None:
    told = told_by(CELLS[kind](300))
    assert told is not None
    assert told.side == "cell"


@pytest.mark.parametrize("kind", UNTOLD)
def test_other_names_tell_nothing(kind: str) -> None:
    assert told_by(UNTOLD[kind](300)) is None


some_features = st.sampled_from([*FEATURES])
some_cells = st.sampled_from([*CELLS])
some_others = st.sampled_from([*UNTOLD])
sizes = st.tuples(st.integers(20, 90), st.integers(20, 90))


@given(feature=some_features, cell=some_cells | some_others, size=sizes)
@settings(max_examples=60, deadline=None)
def test_features_in_rows_are_refused(feature: str, cell: str, size: tuple[int, int]) -> None:
    n, p = size
    named = (CELLS | UNTOLD)[cell]
    sentence = refused(cells(FEATURES[feature](p), named(n)))
    assert FEATURES[feature](p)[0] in sentence or "symbols" in sentence
    assert "pass --transpose" in sentence


@given(feature=some_features | some_others, cell=some_cells, size=sizes)
@settings(max_examples=60, deadline=None)
def test_cells_in_columns_are_refused(feature: str, cell: str, size: tuple[int, int]) -> None:
    n, p = size
    refused(cells((FEATURES | UNTOLD)[feature](p), CELLS[cell](n)))


@given(feature=some_features | some_others, cell=some_cells | some_others, size=sizes)
@settings(max_examples=100, deadline=None)
def test_cells_in_rows_pass_without_a_word(feature: str, cell: str, size: tuple[int, int]) -> None:
    n, p = size
    adata = cells((CELLS | UNTOLD)[cell](n), (FEATURES | UNTOLD)[feature](p))
    why = accepted(adata)
    if feature in FEATURES:
        assert "column names are" in why


@pytest.mark.parametrize("kind", FEATURES)
def test_turning_what_lies_right_is_refused(kind: str) -> None:
    """After turning, features would lie in rows."""
    assert "has cells in rows as it is" in refused(cells(FEATURES[kind](P), CELLS["10x"](N)), True)
    assert "features in rows" not in accepted(cells(CELLS["10x"](N), FEATURES[kind](P)), True)


def test_genes_on_both_sides_tell_nothing() -> None:
    """Rows named by the gene that was switched off are cells; so are cells in a square of cells."""
    assert accepted(cells(FEATURES["symbols"](N), FEATURES["Ensembl"](P))) == (
        "no name tells otherwise"
    )
    accepted(cells(CELLS["10x"](N), CELLS["10x"](N)))


def test_annotations_tell_where_names_do_not() -> None:
    rows, columns = UNTOLD["numbers"](N), UNTOLD["c0"](P)
    genes = {"gene_name": [f"g{i % 7}" for i in range(N)], "chromosome": ["chr1"] * N}
    assert "'gene_name' annotates rows" in refused(cells(rows, columns, obs=genes))
    processed = {"obs": {"highly_variable": [True] * N}, "var": {"cell_type": ["B"] * P}}
    assert "'cell_type' annotates columns" in refused(cells(rows, columns, **processed))
    as_scanpy = {"obs": {"cell_type": ["B"] * N, "gene": ["TP53"] * N}, "var": {"n_cells": [3] * P}}
    accepted(cells(rows, columns, **as_scanpy))
    guides = {"obs": {"gene": ["TP53"] * N, "gene_id": ["ENSG00000141510"] * N}}
    accepted(cells(CELLS["10x"](N), FEATURES["Ensembl"](P), **guides))


def test_a_symbol_of_its_own_in_each_row_tells() -> None:
    obs = {"short": FEATURES["symbols"](N)}
    assert "'short' has gene symbols" in refused(
        cells(UNTOLD["numbers"](N), UNTOLD["V1"](P), obs=obs)
    )


def test_the_user_may_know_better(tmp_path: Path) -> None:
    """Wells of a screen, each named by the gene that is switched off in it, and their shapes."""
    screen = cells(FEATURES["symbols"](N), [f"Nuclei_Area_{i}b" for i in range(P)])
    assert "or --features-like '*'" in refused(screen)
    screen.to_df().to_csv(tmp_path / "a.csv")
    assert read(OwnData(tmp_path / "a.csv", features_like=("*",))).shape == (N, P)
    wells = cells(UNTOLD["wells"](N), UNTOLD["V1"](P), obs={"gene": FEATURES["symbols"](N)})
    assert "'gene' has gene symbols" in refused(wells)
    wells.to_df().join(wells.obs).to_csv(tmp_path / "b.csv")
    for options in ({"unit": "gene"}, {"label": "gene"}, {"features_like": ("V*",)}):
        found = read(OwnData(tmp_path / "b.csv", **options))
        assert found.shape == (N, P)
        assert not any("Rows are taken" in said for said in notes_of(found))


def test_what_points_both_ways_is_said() -> None:
    adata = cells(UNTOLD["numbers"](N), UNTOLD["c0"](P), obs={"symbol": ["x"] * N})
    check_orientation(adata, OwnData(Path("x.h5ad")))
    (said,) = notes_of(adata)
    assert "'symbol' annotates rows" in said
    assert "pass --transpose" in said
    adata = cells(FEATURES["Ensembl"](N), UNTOLD["c0"](P), obs={"cell_type": ["B"] * N})
    check_orientation(adata, OwnData(Path("x.h5ad")))
    (said,) = notes_of(adata)
    assert "Ensembl ids" in said
    assert "'cell_type' annotates rows" in said


def test_very_many_columns_without_telling_names_are_said() -> None:
    rows, columns = UNTOLD["c0"](30), UNTOLD["V1"](70_001)
    adata = anndata.AnnData(sparse.csr_matrix((30, 70_001), dtype=np.float32))
    adata.obs_names, adata.var_names = rows, columns
    check_orientation(adata, OwnData(Path("x.h5ad")))
    assert "there are 70,001 columns" in notes_of(adata)[0]
    adata.var_names = FEATURES["methylation"](70_001)
    del adata.uns["omicsbench_notes"], adata.uns["omicsbench_decisions"]
    accepted(adata)


# Files


def write(adata: anndata.AnnData, path: Path) -> Path:
    match path.suffix:
        case ".h5ad":
            adata.write_h5ad(path)
        case ".zarr":
            adata.write_zarr(path)
        case ".csv":
            adata.to_df().join(adata.obs).to_csv(path)
        case ".parquet":
            adata.to_df().join(adata.obs).to_parquet(path)
    return path


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["a.h5ad", "a.zarr", "a.csv", "a.parquet"])
def test_every_format_is_turned_when_asked(tmp_path: Path, name: str) -> None:
    right = cells(CELLS["10x"](N), FEATURES["Ensembl"](P))
    turned = write(right.T, tmp_path / name)
    with pytest.raises(DataError, match="pass --transpose"):
        read(OwnData(turned))
    found = read(OwnData(turned, transpose=True))
    assert found.shape == (N, P)
    assert list(found.obs_names) == list(right.obs_names)
    assert list(found.var_names) == list(right.var_names)
    X = found.X.toarray() if sparse.issparse(found.X) else found.X
    np.testing.assert_array_equal(X, right.X.toarray())
    whole = write(right, tmp_path / f"right{turned.suffix}")
    assert read(OwnData(whole)).shape == (N, P)
    with pytest.raises(DataError, match="with --transpose"):
        read(OwnData(whole, transpose=True))


def test_the_label_of_a_turned_file_is_in_var(tmp_path: Path) -> None:
    right = cells(UNTOLD["c0"](N), UNTOLD["V1"](P), obs={"kind": ["a", "b"] * (N // 2)})
    right.layers["log"] = right.X.log1p()
    right.T.write_h5ad(tmp_path / "a.h5ad")
    with pytest.raises(DataError, match=r"'kind' annotates the columns .* pass --transpose"):
        read(OwnData(tmp_path / "a.h5ad", label="kind"))
    found = read(OwnData(tmp_path / "a.h5ad", label="kind", transpose=True, layer="log"))
    assert list(found.obs["kind"]) == ["a", "b"] * (N // 2)
    np.testing.assert_allclose(found.X.toarray(), right.layers["log"].toarray())


def test_a_label_that_is_a_row_tells(tmp_path: Path) -> None:
    right = cells(UNTOLD["c0"](N), UNTOLD["V1"](P)).to_df().assign(stage=[1, 2] * (N // 2))
    right.T.to_csv(tmp_path / "a.csv")
    with pytest.raises(DataError, match=r"the label 'stage' is a row.* pass --transpose"):
        read(OwnData(tmp_path / "a.csv", label="stage"))
    assert list(read(OwnData(tmp_path / "a.csv", label="stage", transpose=True)).obs["stage"])


@pytest.mark.parametrize("label", ["kind", None])
def test_a_row_of_texts_tells(tmp_path: Path, label: str | None) -> None:
    right = cells(UNTOLD["c0"](N), UNTOLD["V1"](P)).to_df().assign(kind=["a", "b"] * (N // 2))
    right.T.to_csv(tmp_path / "a.csv")
    with pytest.raises(DataError, match=r"row.* 'kind'|'kind' is a row") as caught:
        read(OwnData(tmp_path / "a.csv", label=label))
    assert "pass --transpose" in str(caught.value)
    found = read(OwnData(tmp_path / "a.csv", label=label, transpose=True))
    assert list(found.obs["kind"]) == ["a", "b"] * (N // 2)
    odd = right.astype(object)
    odd.loc["c3", "V2"] = "n.d."  # a hole is none
    odd.to_csv(tmp_path / "b.csv")
    with pytest.raises(DataError, match=r"n\.d\.") as caught:
        read(OwnData(tmp_path / "b.csv", label="kind"))
    assert "--transpose" not in str(caught.value)


def test_10x_files_are_not_turned(tmp_path: Path) -> None:
    from tenx import write_10x

    path = write_10x(tmp_path / "a.h5", 30, 12, 3)
    with pytest.raises(DataError, match="leave --transpose out"):
        read(OwnData(path, transpose=True))
