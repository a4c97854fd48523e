"""Embeddings computed elsewhere are found by the names of cells, or refused in one sentence."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anndata
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from embedded import CELLS, DIMENSIONS, EMPTY, cells, table, written
from omicsbench.errors import DataError
from omicsbench.inputs.embeddings import content_id, embedding_of
from omicsbench.inputs.source import Source, own, registered
from omicsbench.reading.own import OwnData
from omicsbench.registry.discover import discover
from omicsbench.registry.embeddings import NamedEmbedding

KEPT = [i for i in range(CELLS) if i != EMPTY]


def by_key(key: str = "X_far") -> NamedEmbedding:
    return NamedEmbedding(key, None, "unknown")


def by_path(path: Path) -> NamedEmbedding:
    return NamedEmbedding(None, str(path), "unknown")


def held(change: Callable[[anndata.AnnData], Any] = lambda adata: None) -> Source:
    adata = cells()
    change(adata)
    return own(OwnData(Path("adata"), held=adata, values="counts"))


def assert_own(Z: Any) -> None:
    assert Z.shape == (len(KEPT), DIMENSIONS)
    assert Z.dtype == np.float32
    np.testing.assert_array_equal(Z[:, 0], KEPT)


@pytest.mark.parametrize("form", ["own.h5ad", "own.h5ad.gz", "own.zarr"])
def test_every_kept_cell_has_its_row_of_obsm(tmp_path: Path, form: str) -> None:
    if form == "own.zarr":
        cells().write_zarr(tmp_path / form)
    elif form == "own.h5ad.gz":
        import gzip

        with gzip.open(tmp_path / form, "wb") as packed:
            packed.write(written(tmp_path).read_bytes())
    else:
        written(tmp_path)
    assert_own(embedding_of(own(OwnData(tmp_path / form)), by_key()))


def test_cells_may_lie_in_columns(tmp_path: Path) -> None:
    cells().T.copy().write_h5ad(tmp_path / "turned.h5ad")
    assert_own(embedding_of(own(OwnData(tmp_path / "turned.h5ad", transpose=True)), by_key()))


@pytest.mark.parametrize("form", ["array", "table", "sparse", "whole numbers"])
def test_obsm_of_python_is_whatever_holds_numbers(form: str) -> None:
    def change(adata: anndata.AnnData) -> None:
        Z = adata.obsm["X_far"]
        made: dict[str, Any] = {
            "array": Z.astype(np.float64),
            "table": pd.DataFrame(Z, index=adata.obs_names),
            "sparse": sparse.csr_matrix(Z),
            "whole numbers": Z.astype(int),
        }
        adata.obsm["X_far"] = made[form]

    assert_own(embedding_of(held(change), by_key()))


@pytest.mark.parametrize("named", ["index", "first column"])
def test_a_table_is_matched_by_names_in_any_order(tmp_path: Path, named: str) -> None:
    made = table(cells())
    made = pd.concat([made, made.iloc[:2].rename(index=str.upper)])  # of cells that are not here
    if named == "first column":
        made = made.rename_axis("cell").reset_index()
    made.to_parquet(tmp_path / "far.parquet")
    assert_own(embedding_of(held(), by_path(tmp_path / "far.parquet")))


def _without(made: pd.DataFrame) -> pd.DataFrame:
    return made.drop(index=["c7", "c9"])


def _twice(made: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([made, made.loc[["c7"]]])


def _holed(made: pd.DataFrame) -> pd.DataFrame:
    made.loc["c7", "d2"] = np.nan
    return made


def _too_large(made: pd.DataFrame) -> pd.DataFrame:
    return made.astype(float).mask(made.index.to_series() == "c7", 1e300)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_without, "lacks 2 cells of the 299 of adata, such as 'c7': give a row for every cell"),
        (_twice, "holds the cell name 'c7' 2 times: give one row"),
        (_holed, "holds NaN or infinite values for 1 cell, such as 'c7'"),
        (_too_large, "holds NaN or infinite values for 1 cell, such as 'c7'"),
        (lambda made: made.reset_index(drop=True), "does not name its cells: give their names"),
        (lambda made: made.iloc[:250].reset_index(drop=True), "does not name its cells"),
        (lambda made: made.assign(kind="a"), "column 'kind' holds no numbers"),
        (lambda made: made[[]], "holds names of cells and no dimension"),
        (lambda made: made.rename(index=lambda name: f"x{name}"), "lacks 299 cells of the 299"),
    ],
)
def test_a_table_of_other_cells_is_refused(
    tmp_path: Path, change: Callable[[pd.DataFrame], pd.DataFrame], message: str
) -> None:
    change(table(cells())).to_parquet(tmp_path / "far.parquet")
    with pytest.raises(DataError) as said:
        embedding_of(held(), by_path(tmp_path / "far.parquet"))
    assert message in str(said.value)
    assert "\n" not in str(said.value)


def test_a_file_that_is_no_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"There is no file .*far.parquet: name a parquet file"):
        embedding_of(held(), by_path(tmp_path / "far.parquet"))
    (tmp_path / "far.parquet").write_text("cell,d0\nc0,1\n")
    with pytest.raises(DataError, match=r"far.parquet cannot be read as Parquet"):
        embedding_of(held(), by_path(tmp_path / "far.parquet"))


def _nan(adata: anndata.AnnData) -> None:
    adata.obsm["X_far"][7, 2] = np.nan


def _nan_of_an_empty_cell(adata: anndata.AnnData) -> None:
    adata.obsm["X_far"][EMPTY] = np.nan


def test_an_entry_of_obsm_that_is_no_embedding_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"adata has no 'X_near' in .obsm; it has X_far"):
        embedding_of(held(), by_key("X_near"))
    with pytest.raises(DataError, match=r"adata holds no .obsm, and so no embedding 'X_far'"):
        embedding_of(held(lambda adata: adata.obsm.clear()), by_key())
    with pytest.raises(DataError, match=r"\.obsm\['X_far'\] of adata holds NaN .* 1 cell.*'c7'"):
        embedding_of(held(_nan), by_key())
    assert_own(embedding_of(held(_nan_of_an_empty_cell), by_key()))
    file = own(OwnData(written(tmp_path)))
    with pytest.raises(DataError, match=r"own.h5ad has no 'X_near' in .obsm; it has X_far"):
        embedding_of(file, by_key("X_near"))
    (tmp_path / "own.csv").write_text("cell,g0,g1\n" + "".join(f"c{i},1,2\n" for i in range(30)))
    with pytest.raises(DataError, match=r"own.csv holds no .obsm"):
        embedding_of(own(OwnData(tmp_path / "own.csv", values="counts")), by_key())
    text = held(lambda adata: adata.obsm.update(X_far=np.array([["a"]] * CELLS)))
    with pytest.raises(DataError, match=r"give numbers, cells in rows"):
        embedding_of(text, by_key())


def test_registered_data_are_asked_for_theirs() -> None:
    simulated = registered("linear_control(n=60)", discover())
    with pytest.raises(DataError, match=r"linear_control\(n=60\) .*obsm"):
        embedding_of(simulated, by_key())


def test_the_content_tells_one_embedding_from_another(tmp_path: Path) -> None:
    """Of data in memory and of tables; of a file all bytes are in the id of the data set."""
    assert content_id(own(OwnData(written(tmp_path))), by_key()) is None
    first = content_id(held(), by_key())
    assert first == content_id(held(), by_key())
    assert first != content_id(held(_nan), by_key())
    shutil.copy(tmp_path / "far.parquet", tmp_path / "same.parquet")
    (table(cells()) * 2).to_parquet(tmp_path / "other.parquet")
    ids = [
        content_id(held(), by_path(tmp_path / name))
        for name in ("far.parquet", "same.parquet", "other.parquet")
    ]
    assert ids[0] == ids[1] != ids[2]
