"""The command `embed`, and what an embedding says of how it was made."""

from __future__ import annotations

from pathlib import Path

import anndata
import numpy as np
import pandas as pd
import pytest

import omicsbench
from command import inside
from omicsbench._version import __version__

PARAMS = {
    "pipeline": "pca(3)",
    "n_components": 50,
    "features": 20,
    "values": "counts",
    "seed": 0,
    "omicsbench": __version__,
}


@pytest.fixture(scope="module")
def cells() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    rate = rng.gamma(1.0, 2.0, (3, 30))[np.arange(60) % 3]
    made = pd.DataFrame(rng.poisson(rate), columns=[f"g{i}" for i in range(30)])
    return made.set_axis([f"c{i}" for i in range(60)])


def test_an_embedding_tells_how_it_was_made_and_scanpy_plots_it(cells: pd.DataFrame) -> None:
    sc = pytest.importorskip("scanpy")
    adata = anndata.AnnData(cells.astype(np.float32))
    adata.obs["kind"] = pd.Categorical([f"k{i % 3}" for i in range(60)])
    omicsbench.embed(adata, "pca(3)", features=20)
    assert adata.uns["pca"] == {"params": PARAMS}
    axes = sc.pl.embedding(adata, basis="X_pca", color="kind", show=False)
    shown = np.asarray(axes.collections[0].get_offsets())
    assert len(shown) == 60
    assert np.allclose(np.sort(shown[:, 0]), np.sort(adata.obsm["X_pca"][:, 0]))


def test_a_data_frame_is_taken_where_an_anndata_is(cells: pd.DataFrame) -> None:
    own = omicsbench.embed(cells, "pca(3)", features=20)
    adata = omicsbench.embed(anndata.AnnData(cells.astype(np.float32)), "pca(3)", features=20)
    assert np.array_equal(own.obsm["X_pca"], adata.obsm["X_pca"])
    assert list(own.obs_names) == list(cells.index)
    labelled = cells.assign(kind=[f"k{i % 3}" for i in range(60)])
    assert omicsbench.inspect(labelled, label="kind").refused == ""


def test_the_command_writes_what_python_gives(cells: pd.DataFrame, tmp_path: Path) -> None:
    cells.to_csv(tmp_path / "cells.csv")
    done = inside(
        *("embed", tmp_path / "cells.csv", "pca(3)", "-o", tmp_path / "out" / "a.h5ad"),
        *("--features", "20", "--values", "counts", "--key", "X_mine"),
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "obsm['X_mine'], 60 cells x 3" in done.stdout
    assert "basis='mine'" in done.stdout
    read = anndata.read_h5ad(tmp_path / "out" / "a.h5ad")
    own = omicsbench.embed(cells, "pca(3)", features=20, values="counts")
    assert np.allclose(read.obsm["X_mine"], own.obsm["X_pca"])
    assert dict(read.uns["mine"]["params"]) == PARAMS


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["gone.csv", "pca", "-o", "a.h5ad"], "gone.csv"),
        (["cells.csv", "pca", "-o", "a.csv"], "name an .h5ad file"),
        (["cells.csv", "pcca", "-o", "a.h5ad"], "did you mean pca"),
        (["cells.csv", "pca", "-o", "a.h5ad", "--values", "count"], "--values 'count' is none of"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    cells: pd.DataFrame, tmp_path: Path, words: list[str], said: str
) -> None:
    cells.to_csv(tmp_path / "cells.csv")
    done = inside("embed", *words, cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["cells.csv"]
