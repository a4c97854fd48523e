"""Prepared values and chosen genes are scanpy's, whatever the values were given as."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import anndata
import numpy as np
import pytest
from scipy import sparse

from omicsbench.inputs.source import own
from omicsbench.plugin import Values
from omicsbench.prepare.parts import NAMES
from omicsbench.prepare.prepared import prepare
from omicsbench.reading.own import OwnData

CELLS, GENES, CHOSEN = 300, 200, 40
pytestmark = pytest.mark.filterwarnings("ignore")


def counts() -> np.ndarray:
    rng = np.random.default_rng(5)
    profiles = rng.gamma(0.3, 1.0, (3, GENES)) * 8
    depths = rng.lognormal(0, 0.5, CELLS)
    X = rng.poisson(profiles[np.arange(CELLS) % 3] * depths[:, None]).astype(np.float64)
    X[:, 0] += 1
    return X


def scanpy_of(X: np.ndarray, total: float | None = 1e4, base: float | None = None) -> Any:
    """``normalize_total`` (None: not), ``log1p``, and which genes ``seurat`` chooses of all."""
    import scanpy as sc

    adata = anndata.AnnData(X.copy())
    if total is not None:
        sc.pp.normalize_total(adata, target_sum=total)
    sc.pp.log1p(adata, base=base)
    return adata


def prepared(X: Any, tmp_path: Path, values: Values | None, **more: Any) -> np.ndarray:
    """The prepared values of every gene of every cell, (n, p)."""
    anndata.AnnData(X, **more).write_h5ad(tmp_path / "a.h5ad")
    source = own(OwnData(tmp_path / "a.h5ad", values=values))
    made = prepare(source, [0], seed=0, features=GENES, per_size=False)[0]
    assert source.cells.values == made.facts.values
    found = np.zeros(made.contents.shape, dtype=np.float32)
    for name in NAMES:
        (part,) = made.matrices(name).values()
        rows = np.sort(getattr(made.split, name))
        found[rows] = part.X[:].toarray() if made.contents.sparse else part.X
    return found


RNG = np.random.default_rng(1)
FRACTIONAL = counts() * RNG.uniform(0.4, 1, (CELLS, GENES))
PER_CELL = counts() / counts().sum(axis=1, keepdims=True)


@pytest.mark.parametrize("made", [np.asarray, sparse.csr_matrix])
@pytest.mark.parametrize(
    ("given", "values", "expected"),
    [
        (counts(), None, scanpy_of(counts())),
        (FRACTIONAL, "fractional", scanpy_of(FRACTIONAL)),
        (PER_CELL * 1e4, None, scanpy_of(counts())),
        (PER_CELL * 1e6, None, scanpy_of(counts())),
        (PER_CELL * 700, "normalized", scanpy_of(PER_CELL * 700, None)),
        (PER_CELL[:, :90] * 1e4, "normalized", scanpy_of(PER_CELL[:, :90] * 1e4, None)),
        (scanpy_of(counts()).X, None, scanpy_of(counts())),
        (scanpy_of(counts(), base=2).X, None, scanpy_of(counts())),
        (scanpy_of(counts(), base=10).X, "log10", scanpy_of(counts())),
    ],
    ids=["counts", "fractional", "1e4", "million", "total", "few", "log", "log2", "log10"],
)
def test_values_are_scanpys(
    given: np.ndarray,
    values: Values | None,
    expected: Any,
    made: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OMICSBENCH_CACHE", str(tmp_path / "cache"))
    found = prepared(made(given.astype(np.float32)), tmp_path, values)
    wanted = expected.X[:, expected.X.std(axis=0) > 0]
    assert np.abs(found - wanted).max() < 1e-6 * wanted.max()


@pytest.mark.parametrize("base", [None, 2, 10, 3.0])
def test_genes_are_those_of_scanpys_seurat_flavour_in_every_base(base: float | None) -> None:
    import scanpy as sc

    from omicsbench.prepare.features import select_rows
    from omicsbench.prepare.normalise import normalize
    from omicsbench.validation.check import check

    adata = scanpy_of(counts(), base=base)
    adata.X = sparse.csr_matrix(adata.X.astype(np.float32))
    checked = check(adata, None)
    logged = normalize(checked.adata.X, checked.values)
    mine = select_rows(logged, checked.values, CHOSEN)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sc.pp.highly_variable_genes(adata, flavor="seurat", n_top_genes=CHOSEN)
    assert mine.tolist() == np.flatnonzero(adata.var.highly_variable).tolist()
    if base == 2:
        wrong = select_rows(checked.adata.X, "log", CHOSEN)
        assert wrong.tolist() != mine.tolist(), "the base matters"
